"""A workspace with people who do things through the real ingest, and segments that watch them."""

from datetime import datetime, timedelta
from typing import Any

from segments.engine import building, changing, running
from segments.models import Membership, Segment
from tests.tracking.sending import a_source, send
from tracking.blind_index import Indexer
from tracking.ingest import run
from tracking.models import Identity, Profile
from tracking.profiles.batch import Observation, key_of
from tracking.profiles.extract import Kind, Said
from tracking.profiles.resolution import resolve
from workspaces.models import Workspace


def viewed(times: int = 1, days: int | None = 7, name: str = "Product Viewed") -> dict[str, Any]:
    window = {"days": days} if days else None
    event = {"kind": "event", "event": {"type": "track", "name": name}, "measure": "count"}
    return {"version": 1, "where": {**event, "operator": "gte", "value": times, "window": window}}


def of_segment(segment: Segment, member: bool = True) -> dict[str, Any]:
    return {"version": 1, "where": {"kind": "segment", "segment": segment.pk, "member": member}}


class Town:
    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.source, self.sent = workspace, a_source(workspace), 0

    def segment(self, rule: dict[str, Any], name: str = "Lookers", **fields: Any) -> Segment:
        """A segment that is live."""
        segment = Segment.objects.create(workspace=self.workspace, name=name, **fields)
        changing.save_rule(segment, rule)
        self.build()
        segment.refresh_from_db()
        return segment

    def list(self, name: str = "Guests") -> Segment:
        return Segment.objects.create(workspace=self.workspace, name=name, kind="list", state="live", size=0)

    def build(self) -> None:
        """Everything that waits to be built."""
        from segments.engine import sweeping

        while waiting := sweeping.waiting():
            building.run(waiting[0])

    def does(self, *users: str, event: str = "Product Viewed", at: datetime | None = None, **properties: Any) -> None:
        """Each of these users does it, now or then; sent, taken in, and looked at."""
        self.happens(*users, event=event, at=at, **properties)
        self.settle()

    def happens(self, *users: str, event: str = "Product Viewed", at: datetime | None = None, **properties: Any) -> None:
        """Sent and taken in, but not looked at yet."""
        batch = []
        for user in users:
            self.sent += 1
            said = {"type": "track", "event": event, "userId": user, "messageId": f"m-{self.sent}", "properties": properties}
            batch.append(said | ({"timestamp": at.isoformat()} if at else {}))
        assert send(self.source, "batch", {"batch": batch}).status_code == 200
        while run.run_batch():
            pass

    def settle(self) -> None:
        """Whoever waits is looked at, and what that makes wait is built."""
        while running.run_once():
            pass
        self.build()

    def person(self, user: str) -> int:
        """The profile of a user."""
        kind, index = key_of(Indexer(self.workspace.pk), Said(Kind.USER_ID, user))
        return Identity.objects.get(workspace=self.workspace, kind=kind, index=index).profile_id

    def merge(self, user: str, other: str, at: datetime) -> None:
        """Two users turn out to be one person."""
        resolve(self.workspace, [Observation(10**9, at, [Said(Kind.USER_ID, user), Said(Kind.ANONYMOUS_ID, other)])])

    def members(self, segment: Segment) -> set[int]:
        rows = Membership.objects.filter(workspace=self.workspace, segment=segment)
        return set(rows.values_list("profile_id", flat=True))

    def living(self) -> set[int]:
        return set(Profile.objects.filter(workspace=self.workspace, merged_into=None).values_list("pk", flat=True))


DAY = timedelta(days=1)
