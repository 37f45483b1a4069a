"""Numbers of the consent page: how many people decided what, per purpose."""

from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Q

from mops.lib import clock
from tracking.consent_models import Decision
from tracking.models import ConsentState, ConsentText, DoubleOptIn, Purpose
from workspaces.models import Workspace

UNKNOWN = """
SELECT told.purpose, count(DISTINCT told.subject) FROM (
    SELECT choice.subject, jsonb_object_keys(choice.said) AS purpose
    FROM (SELECT subject, said FROM tracking_bannerchoice WHERE workspace_id = %(workspace)s ORDER BY id DESC LIMIT 10000) AS choice
) AS told
WHERE NOT EXISTS (SELECT FROM tracking_purpose p WHERE p.workspace_id = %(workspace)s AND p.key = told.purpose)
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20
"""


class PurposeRow(NamedTuple):
    purpose: Purpose
    granted: int  # usable now
    refused: int  # denied or withdrawn
    expired: int
    unproven: int
    languages: list[str]  # that have a published text


def purpose_rows(workspace: Workspace) -> list[PurposeRow]:
    """Every purpose with its people, in the order the purposes were made. Two queries."""
    now = clock.now()
    usable = Q(decision=Decision.GRANTED, expires_at__gt=now)
    counts: dict[int, dict[str, Any]] = {
        row["purpose"]: dict(row)
        for row in ConsentState.objects.filter(workspace=workspace).values("purpose").annotate(
            granted=Count("pk", filter=usable),
            refused=Count("pk", filter=Q(decision__in=[Decision.DENIED, Decision.WITHDRAWN])),
            expired=Count("pk", filter=Q(decision=Decision.EXPIRED) | Q(decision=Decision.GRANTED, expires_at__lte=now)),
            unproven=Count("pk", filter=Q(decision=Decision.UNPROVEN)),
        )
    }  # fmt: skip
    languages: dict[int, list[str]] = {}
    for purpose_id, language in ConsentText.objects.filter(workspace=workspace, version=1).values_list("purpose", "language"):
        languages.setdefault(purpose_id, []).append(language)
    purposes = Purpose.objects.filter(workspace=workspace).order_by("pk")
    return [_row(purpose, counts.get(purpose.pk, {}), sorted(languages.get(purpose.pk, []))) for purpose in purposes]


def _row(purpose: Purpose, counts: dict[str, Any], languages: list[str]) -> PurposeRow:
    granted, refused, expired, unproven = (counts.get(name, 0) for name in ("granted", "refused", "expired", "unproven"))
    return PurposeRow(purpose, granted, refused, expired, unproven, languages)


def pending(workspace: Workspace) -> list[DoubleOptIn]:
    """Confirmation mails that wait for their button, newest first."""
    rows = DoubleOptIn.objects.filter(workspace=workspace, confirmed_at=None, revoked_at=None, expires_at__gt=clock.now())
    return list(rows.select_related("purpose").order_by("-requested_at")[:50])


def unknown_purposes(workspace: Workspace) -> list[tuple[str, int]]:
    """What banners asked about that is no purpose here, with how many browsers answered, of the newest 10,000."""
    with connection.cursor() as cursor:
        cursor.execute(UNKNOWN, {"workspace": workspace.pk})
        return [(key, browsers) for key, browsers in cursor.fetchall()]
