"""Events of profiles that were split find their person again. Rare: an undone merge, a device that proves to be shared."""

from collections.abc import Collection, Iterator

from tracking.blind_index import Indexer
from tracking.goals import days
from tracking.models import Event
from tracking.profiles import extract, store
from tracking.profiles.batch import Batch, Observation
from tracking.profiles.country import country_of
from workspaces.models import Workspace

CHUNK = 2_000
MOVE = """
UPDATE tracking_event e SET profile_id = t.profile FROM unnest(%s::bigint[], %s::bigint[]) AS t (id, profile)
WHERE e.id = t.id AND e.workspace_id = %s
"""


def reassign(workspace: Workspace, profiles: Collection[int]) -> int:
    """Give the events of these profiles, and of those merged into them, to whom they belong now. How many moved."""
    family = [row[0] for row in store.run(store.FAMILY, workspace.pk, list(profiles), list(profiles))]
    days.mark_of_profiles(workspace, family)
    events = Event.objects.filter(workspace=workspace, profile_id__in=family).order_by("id")
    return sum(_move(workspace, chunk) for chunk in _chunks(list(events.values_list("id", flat=True))))


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _move(workspace: Workspace, ids: list[int]) -> int:
    country = country_of(workspace.time_zone)
    events = list(Event.objects.filter(workspace=workspace, id__in=ids))
    told = [Observation(event.pk, event.occurred_at, extract.identities(event, country)) for event in events]
    batch = Batch(Indexer(workspace.pk), told)
    owners = {(row.kind, row.blind): row.profile_id for row in store.known(workspace.pk, batch.seen.keys())}
    moves = []
    for event in events:
        hub = batch.hubs.get(event.pk)
        if hub in owners and owners[hub] != event.profile_id:
            moves.append((event.pk, owners[hub]))
    if moves:
        store.run(MOVE, [event_id for event_id, _ in moves], [profile_id for _, profile_id in moves], workspace.pk)
    return len(moves)
