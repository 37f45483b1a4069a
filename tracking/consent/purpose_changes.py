"""Adding and changing purposes. None is ever deleted: statements rest on them and proofs name them."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from tracking import changes
from tracking.consent import ledger, locking
from tracking.models import Purpose
from workspaces import audit
from workspaces.models import User

# In the ledger's order, or two could wait for each other; and as deriving.months_after counts.
LASTING = """
WITH granted AS (
    SELECT id FROM tracking_consentstate WHERE workspace_id = %(workspace)s AND purpose_id = %(purpose)s AND decision = 'granted'
    ORDER BY purpose_id, subject FOR UPDATE
)
UPDATE tracking_consentstate s
SET expires_at = (s.since AT TIME ZONE 'UTC' + make_interval(months => %(months)s)) AT TIME ZONE 'UTC'
FROM granted WHERE s.id = granted.id RETURNING s.subject
"""


@transaction.atomic
def add(purpose: Purpose, *, by: User) -> Purpose:
    purpose.save(force_insert=True)
    audit.record(purpose.workspace, by, "consent.purpose_added", purpose.key, name=purpose.name, months=purpose.expiry_months)
    return purpose


def change(purpose: Purpose, values: Mapping[str, Any], *, by: User) -> None:
    """Another validity counts for every grant that still holds, from when it was given; those that ran out stay ended."""
    stored = Purpose.objects.get(pk=purpose.pk)
    changed = {name: value for name, value in values.items() if getattr(stored, name) != value}
    if "expiry_months" in changed:
        while ledger.expire_due(purpose.workspace):
            pass
    if changed:
        _write(stored, changed, by)


@transaction.atomic
def _write(stored: Purpose, changed: Mapping[str, Any], by: User) -> None:
    locking.links(stored.workspace_id, changing=True)  # nobody records a statement that lasts as long as before
    Purpose.objects.filter(pk=stored.pk).update(**changed)
    if months := changed.get("expiry_months"):
        locking.wait_at_turnstile([stored.pk])
        with connection.cursor() as cursor:
            cursor.execute(LASTING, {"workspace": stored.workspace_id, "purpose": stored.pk, "months": months})
            concerned = [(subject, stored.key) for (subject,) in cursor.fetchall()]
        changes.tell_of_subjects(stored.workspace_id, concerned)
    pairs = {name: {"before": getattr(stored, name), "after": value} for name, value in changed.items()}
    audit.record(stored.workspace, by, "consent.purpose_changed", stored.key, **pairs)
