"""An end to everything: how long each kind of data is kept, per workspace, and the nightly run that ends it.

Receipts, refusals and their places in the collector's books outlive their contents: rows go when the books are closed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mops.lib import clock
from mops.lib.period import month_start
from tracking import changes, partitions
from tracking.consent_models import Decision
from tracking.models import (
    AccessFile,
    BannerChoice,
    ConsentEvent,
    ConsentState,
    Conversion,
    DataSubjectRequest,
    DoubleOptIn,
    Event,
    EventKey,
    Identity,
    ImportFile,
    Order,
    Profile,
    RawBody,
    RefusedRow,
    Rejection,
    Release,
    RetentionRule,
    SubjectLink,
    Touchpoint,
)
from tracking.rights import erasure, outside, person, stripping
from tracking.rights.declaring import Kept
from workspaces import audit
from workspaces.models import AuditEvent, User, Workspace

BOOKS_CLOSED = timedelta(days=32)  # the collector's ledger counts the last 30 days from these rows
CHUNK = 5_000


class Timer(NamedTuple):
    """How long a kind of data is kept, in days, and what a workspace may choose."""

    label: object
    days: int
    least: int
    most: int


YEAR = 365
TIMERS: Mapping[Kept, Timer] = {
    Kept.BODIES: Timer(_("Requests as they came"), 30, 1, 90),
    Kept.REJECTIONS: Timer(_("Events that were not taken"), 30, 1, 90),
    Kept.EVENTS: Timer(_("Events, visits and click ids"), 425, 30, 3 * YEAR),
    Kept.PROFILES: Timer(_("Profiles nobody has seen any more"), 2 * YEAR, 30, 5 * YEAR),
    Kept.IMPORTS: Timer(_("Uploaded files and their refused lines"), 30, 1, 90),
    Kept.EXPORTS: Timer(_("Files made for people and members"), 7, 1, 30),
    Kept.OPT_INS: Timer(_("Confirmation mails nobody answered"), 7, 1, 30),
    Kept.PROOF: Timer(_("Proof of consent after its end"), 3 * YEAR, 3 * YEAR, 10 * YEAR),
    Kept.PHONE_PROOF: Timer(_("Proof of consent to calls after the last use"), 5 * YEAR + 1, 5 * YEAR + 1, 10 * YEAR),
    Kept.REQUESTS: Timer(_("Answered requests about rights"), 3 * YEAR, YEAR, 10 * YEAR),
    Kept.AUDIT: Timer(_("Audit log"), 3 * YEAR, 3 * YEAR, 10 * YEAR),
}


def days(workspace: Workspace) -> dict[Kept, int]:
    """What holds in this workspace: its own choice, else the default."""
    chosen = dict(RetentionRule.objects.filter(workspace=workspace).values_list("kind", "days"))
    return {kind: chosen.get(kind, timer.days) for kind, timer in TIMERS.items()}


@transaction.atomic
def choose(workspace: Workspace, user: User, wanted: Mapping[Kept, int]) -> dict[str, dict[str, int]]:
    """Keep other times from now on; returns and audits what changed. Raises ValueError beyond a timer's limits."""
    before = days(workspace)
    changed: dict[str, dict[str, int]] = {}
    for kind, number in wanted.items():
        if not TIMERS[kind].least <= number <= TIMERS[kind].most:
            raise ValueError(f"{kind}: {number} days")
        if number != before[kind]:
            RetentionRule.objects.update_or_create(workspace=workspace, kind=kind, defaults={"days": number, "changed_by": user})
            changed[str(kind)] = {"before": before[kind], "after": number}
    if changed:
        audit.record(workspace, user, "rights.retention_changed", target="", **changed)
    return changed


def apply(workspace: Workspace) -> dict[str, int]:
    """End what is older than the workspace keeps it. Returns rows by kind."""
    now = clock.now()
    ends = {kind: now - timedelta(days=number) for kind, number in days(workspace).items()}
    return {str(kind): step(workspace, ends[kind]) for kind, step in STEPS.items()}


def apply_to_installation() -> int:
    """Months of events nobody keeps any more, files without a workspace. Returns how many."""
    longest = max([TIMERS[Kept.EVENTS].days, *RetentionRule.objects.filter(kind=Kept.EVENTS).values_list("days", flat=True)])
    end = clock.now() - timedelta(days=longest)
    dropped = len(list(partitions.drop_before(month_start(end.date()))))
    return dropped + _old_files(clock.now())


def _old_files(now: datetime) -> int:
    most = now - timedelta(days=TIMERS[Kept.EXPORTS].days)
    old = [path for path in outside.written() if path.stat().st_mtime < most.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _bodies(workspace: Workspace, end: datetime) -> int:
    rows = RawBody.objects.filter(workspace=workspace, received_at__lt=end)
    emptied = rows.exclude(body=b"").update(body=b"", sha256=b"", state=RawBody.State.EMPTY)
    return emptied + rows.filter(received_at__lt=_closed()).delete()[0]


def _rejections(workspace: Workspace, end: datetime) -> int:
    rows = Rejection.objects.filter(workspace=workspace, received_at__lt=end)
    emptied = rows.exclude(payload=b"", detail="", message_id="").update(payload=b"", detail="", message_id="")
    return emptied + rows.filter(received_at__lt=_closed()).delete()[0]


def _closed() -> datetime:
    return clock.now() - BOOKS_CLOSED


def _events(workspace: Workspace, end: datetime) -> int:
    """Events with their keys, who visits and conversions were of, and what a click left on an order.

    A month's table goes when no workspace keeps it any more.
    """
    count = _clicks(workspace, end) + Touchpoint.objects.filter(workspace=workspace, at__lt=end).delete()[0]
    count += stripping.conversions(Conversion.objects.filter(workspace=workspace, occurred_at__lt=end))
    for since, until in partitions.months():
        if since >= end:
            break
        old = Event.objects.filter(workspace=workspace, received_at__gte=since, received_at__lt=min(until, end))
        while chunk := list(old.values_list("pk", "message_id", "profile_id")[:CHUNK]):
            with transaction.atomic():
                EventKey.objects.filter(workspace=workspace, message_id__in=[key for _pk, key, _profile in chunk]).delete()
                count += old.filter(pk__in=[pk for pk, _key, _profile in chunk]).delete()[0]
                changes.tell(workspace.pk, {(profile_id, changes.PERSON) for _pk, _key, profile_id in chunk if profile_id})
    return count + _sessions(workspace, end)


def _clicks(workspace: Workspace, end: datetime) -> int:
    """Click ids and referrers of orders are tracking data, no part of the books: the channel they led to stays, and the amounts."""
    old = Order.objects.filter(workspace=workspace, ordered_at__lt=end).exclude(gclid="", fbclid="", referrer="")
    return old.update(gclid="", fbclid="", referrer="")


def _sessions(workspace: Workspace, end: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tracking_session SET id = gen_random_uuid(), visitor = '', entry_page = '', acquisition = '{}'"
            " WHERE workspace_id = %s AND ended_at < %s AND visitor <> ''",
            [workspace.pk, end],
        )
        return int(cursor.rowcount)


def _profiles(workspace: Workspace, end: datetime) -> int:
    """Profiles that no event has touched since. Their consents live on in the ledger, by blind index."""
    old = list(Profile.objects.filter(workspace=workspace, last_seen__lt=end, merged_into=None)[:CHUNK])
    for profile in old:
        erasure.forget_profile(person.of_profile(profile))
    return len(old)


def _imports(workspace: Workspace, end: datetime) -> int:
    refused = RefusedRow.objects.filter(workspace=workspace, file__created_at__lt=end).delete()[0]
    free = Q(lease_until=None) | Q(lease_until__lt=clock.now())
    return refused + ImportFile.objects.filter(free, workspace=workspace, created_at__lt=end).delete()[0]


def _exports(workspace: Workspace, end: datetime) -> int:
    ended = Q(created_at__lt=end) | Q(expires_at__lt=clock.now())
    return AccessFile.objects.filter(ended, workspace=workspace).delete()[0]


def _opt_ins(workspace: Workspace, end: datetime) -> int:
    """Those nobody confirmed; a confirmed one stands in the proof of its consent, and goes as soon."""
    return DoubleOptIn.objects.filter(workspace=workspace, requested_at__lt=end, expires_at__lt=clock.now()).delete()[0]


def _proof(workspace: Workspace, end: datetime) -> int:
    return _forget_subjects(workspace, end, called=False) + _unasked_choices(workspace, end) + _links(workspace, end)


def _links(workspace: Workspace, end: datetime) -> int:
    """Old links between identifiers of which neither has a statement or a profile left."""
    used = [
        Exists(table.objects.filter(workspace=workspace, **{column: OuterRef(side)}))
        for side in ("first", "second")
        for table, column in ((ConsentEvent, "subject"), (Identity, "index"))
    ]
    return SubjectLink.objects.filter(*[~one for one in used], workspace=workspace, linked_at__lt=end).delete()[0]


def _unasked_choices(workspace: Workspace, end: datetime) -> int:
    """What banners told about purposes the workspace does not have: nothing in the ledger holds it."""
    known = ConsentState.objects.filter(workspace=workspace, subject=OuterRef("subject"))
    return BannerChoice.objects.filter(~Exists(known), workspace=workspace, noted_at__lt=end).delete()[0]


def _phone_proof(workspace: Workspace, end: datetime) -> int:
    return _forget_subjects(workspace, end, called=True)


def _forget_subjects(workspace: Workspace, end: datetime, *, called: bool) -> int:
    """People whose last word, last grant's end and last use all lie before `end`: the chain keeps its links, not whom they name.

    `called`: those who ever agreed to calls, by whatever identifier (§ 7a UWG); else all others.
    """
    calls = Count("pk", filter=Q(purpose__key="phone", decision=Decision.GRANTED))
    said = ConsentEvent.objects.filter(workspace=workspace).exclude(subject="").values("subject").annotate(calls=calls)
    said = said.filter(calls__gt=0) if called else said.filter(calls=0)
    quiet = set(said.annotate(last=Max("at")).filter(last__lt=_allowed(end)).values_list("subject", flat=True))
    states = ConsentState.objects.filter(workspace=workspace, subject__in=quiet, decision=Decision.GRANTED)
    quiet -= set(states.filter(Q(expires_at=None) | Q(expires_at__gte=end)).values_list("subject", flat=True))
    quiet -= set(Release.objects.filter(workspace=workspace, subject__in=quiet, at__gte=end).values_list("subject", flat=True))
    with transaction.atomic():
        ConsentState.objects.filter(workspace=workspace, subject__in=quiet).delete()
        BannerChoice.objects.filter(workspace=workspace, subject__in=quiet).delete()
        Release.objects.filter(workspace=workspace, subject__in=quiet).delete()
        return ConsentEvent.objects.filter(workspace=workspace, subject__in=quiet).update(subject="", proof={}, actor="")


def _requests(workspace: Workspace, end: datetime) -> int:
    return DataSubjectRequest.objects.filter(workspace=workspace, closed_at__lt=end).delete()[0]


def _audit(workspace: Workspace, end: datetime) -> int:
    return AuditEvent.objects.filter(workspace=workspace, at__lt=_allowed(end)).delete()[0]


def _allowed(end: datetime) -> datetime:
    """The database lets ledgers forget by its own clock only, whatever a moved clock says."""
    return min(end, timezone.now() - timedelta(days=3 * YEAR, hours=1))


STEPS: Mapping[Kept, Callable[[Workspace, datetime], int]] = {
    Kept.BODIES: _bodies,
    Kept.REJECTIONS: _rejections,
    Kept.EVENTS: _events,
    Kept.PROFILES: _profiles,
    Kept.IMPORTS: _imports,
    Kept.EXPORTS: _exports,
    Kept.OPT_INS: _opt_ins,
    Kept.PROOF: _proof,
    Kept.PHONE_PROOF: _phone_proof,
    Kept.REQUESTS: _requests,
    Kept.AUDIT: _audit,
}
