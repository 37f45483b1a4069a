"""Entries and exits become messages in the transaction that makes them: none is lost, none is told of what did not happen."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from segments.engine.writing import MembershipChange
from segments.models import Delivery, Endpoint, EndpointSegment

PEOPLE = 100  # of one message


def note(*, workspace_id: int, changes: Sequence[MembershipChange], **_: Any) -> None:
    """Receiver of `memberships_changed`."""
    wanted: dict[int, list[int]] = defaultdict(list)
    pairs = EndpointSegment.objects.filter(workspace_id=workspace_id, segment__in={change.segment_id for change in changes})
    for endpoint_id, segment_id in pairs.exclude(endpoint__state=Endpoint.State.PAUSED).values_list("endpoint", "segment"):
        wanted[segment_id].append(endpoint_id)
    if not wanted:
        return
    people: dict[tuple[int, bool, datetime], list[int]] = defaultdict(list)
    for change in changes:
        if change.segment_id in wanted:
            people[change.segment_id, change.entered, change.at].append(change.profile_id)
    Delivery.objects.bulk_create([
        Delivery(workspace_id=workspace_id, endpoint_id=endpoint_id, segment_id=segment_id, event="entered" if entered else "left",
                 profiles=profiles[start : start + PEOPLE], at=at, next_at=at)
        for (segment_id, entered, at), profiles in people.items()
        for endpoint_id in wanted[segment_id]
        for start in range(0, len(profiles), PEOPLE)
    ])  # fmt: skip
