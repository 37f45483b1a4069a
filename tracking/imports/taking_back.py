"""Take the events of a file back, receipt by receipt: the books, visits, orders, conversions, people and counts of the plan
are then as if they had never come. All locks are taken first, in the sequence of ingest (tracking.ingest.run).
"""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet

from mops.lib.locks import lock_in_transaction
from tracking import changes, ledger
from tracking.goals import days
from tracking.imports import traces
from tracking.ingest import facts, run, sessions
from tracking.ingest.naming import key_of
from tracking.models import Event, EventKey, ImportFile, ImportReceipt, Order, RawBody, Refund, Rejection
from tracking.plan import uncounting
from tracking.profiles import forgetting
from tracking.profiles.resolution import LOCK
from workspaces.models import Workspace

KEYED = {"order": Order, "refund": Refund}


def take_back(file: ImportFile) -> bool:
    """Remove the events of one receipt, in the caller's transaction; False when none is left."""
    receipt = ImportReceipt.objects.filter(file=file).order_by("-pk").first()
    if receipt is None:
        return False
    # A person who was erased meanwhile has the hour only.
    hour = receipt.received_at.replace(minute=0, second=0, microsecond=0)
    found = Event.objects.filter(
        workspace=file.workspace, raw_id=receipt.raw_id, received_at__gte=hour, received_at__lte=receipt.received_at
    ).order_by("pk")
    _lock(file.workspace, found)
    events = list(found.select_related("source").select_for_update(of=("self",)))
    kept = _take_back(file.workspace, receipt, events)
    uncounting.uncount(file.workspace, [event for event in events if event.state == Event.State.STORED])
    receipt.delete()
    removed = sum(not event.is_erased for event in events)
    ImportFile.objects.filter(pk=file.pk).update(removed=F("removed") + removed, kept=F("kept") + kept)
    return True


def _lock(workspace: Workspace, found: QuerySet[Event]) -> None:
    """Waiting events first: ingest, which holds them, may be about to take any of the other locks."""
    len(found.filter(state=Event.State.PENDING).select_for_update(of=("self",)))
    lock_in_transaction(LOCK, workspace.pk)
    run.lock_visitors(list(found))
    lock_in_transaction("orders", workspace.pk)


def _take_back(workspace: Workspace, receipt: ImportReceipt, events: Sequence[Event]) -> int:
    """How many orders and refunds stay because somebody else changed them."""
    stored = [event for event in events if event.state == Event.State.STORED]
    sold = _Sold(workspace, stored)
    _delete(workspace, receipt, events)
    people = forgetting.forget(workspace, stored)
    zone = ZoneInfo(workspace.time_zone)
    sessions.recompute_days(_visited(stored, zone), {workspace.pk: zone})
    days.mark(workspace, sorted({sessions.day_of(event.occurred_at, zone) for event in stored}))
    days.mark_of_orders(workspace, sold.keys["order"])
    changes.tell(workspace.pk, [(profile_id, changes.PERSON) for profile_id in people])
    return sold.settle()


def _delete(workspace: Workspace, receipt: ImportReceipt, events: Sequence[Event]) -> None:
    refused = Rejection.objects.filter(workspace=workspace, raw_id=receipt.raw_id)
    keys = [*(event.message_id for event in events), *refused.filter(in_ingest=True).values_list("message_id", flat=True)]
    EventKey.objects.filter(workspace=workspace, message_id__in=keys).delete()
    Event.objects.filter(workspace=workspace, pk__in=[event.pk for event in events], received_at__lte=receipt.received_at).delete()
    refused.delete()
    body = RawBody.objects.filter(workspace=workspace, pk=receipt.raw_id)
    for source_id in body.values_list("source_id", flat=True):
        body.delete()
        ledger.recount(source_id, _utc_day(receipt))


def _utc_day(receipt: ImportReceipt) -> date:
    return receipt.received_at.date()  # the database gives instants in UTC


def _visited(events: Sequence[Event], zone: ZoneInfo) -> list[sessions.VisitorDay]:
    return sorted(
        {
            sessions.VisitorDay(event.workspace_id, event.visitor, sessions.day_of(event.occurred_at, zone))
            for event in events
            if event.session_id
        }
    )


class _Sold:
    """Orders and refunds that came out of events: what they said before and after the events went."""

    def __init__(self, workspace: Workspace, events: Sequence[Event]) -> None:
        self.workspace = workspace
        self.keys = {
            kind: sorted({key_of(kind, e.properties, e.message_id, by_browser=False) for e in events if e.kind == kind} - {""})
            for kind in KEYED
        }
        self.before = {kind: facts.told(workspace, kind, keys) for kind, keys in self.keys.items()}

    def settle(self) -> int:
        """Where another event tells of them, it decides now; else they go if they still are what the file said. How many stay."""
        return sum(self._settle(kind) for kind in KEYED)

    def _settle(self, kind: str) -> int:
        after = facts.told(self.workspace, kind, self.keys[kind])
        facts.store_again(self.workspace, kind, sorted(after))
        gone = {facts.stored_id(key): told for key, told in self.before[kind].items() if key not in after}
        there = traces.TRACED[kind].rows(self.workspace, gone.keys())
        own = [row for key, row in there.items() if facts.is_as_told(row, gone[key])]
        traces.remove(self.workspace, traces.TRACED[kind], own)
        return len(there) - len(own)
