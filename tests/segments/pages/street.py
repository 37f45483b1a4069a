"""People with visits, orders, traits and consents, written through the product's own doors. Sample data."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from mops.lib import clock
from segments.engine import building, index, running, sweeping
from segments.models import Membership, Segment
from tests.tracking.rows import order
from tests.tracking.sending import a_source, send
from tracking import orders, partitions
from tracking.blind_index import Indexer
from tracking.ingest import run
from tracking.models import Identity, Profile
from tracking.profiles.batch import key_of
from tracking.profiles.extract import Kind, Said
from workspaces.models import Workspace

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Street:
    """Who does what, when; `ago` counts back from now."""

    def __init__(self, workspace: Workspace) -> None:
        index.forget()
        partitions.ensure_ahead()
        self.workspace, self.source, self.sent, self.now = workspace, a_source(workspace), 0, clock.now()
        self.waiting: list[dict[str, Any]] = []

    def does(self, user: str, event: str, ago: timedelta = HOUR, **properties: Any) -> None:
        content = {"type": "track", "event": event, "properties": properties, "anonymousId": f"a-{user}"}
        self._send(user, content, self.now - ago)

    def is_known(self, user: str, **traits: Any) -> None:
        self._send(user, {"type": "identify", "traits": traits}, self.now - HOUR)

    def buys(self, user: str, net: int, ago: timedelta = DAY) -> None:
        self.sent += 1
        row = order(f"A-{self.sent}", ordered_at=self.now - ago, customer_key=user, net=Decimal(net), gross=Decimal(net))
        orders.store(self.workspace, [row], "api")

    def _send(self, user: str, content: dict[str, Any], at: datetime) -> None:
        self.sent += 1
        self.waiting.append({"userId": user, "messageId": f"m-{self.sent}", "timestamp": at.isoformat(), **content})

    def settle(self) -> None:
        """Send and take in what was done, look at whom it concerns, build what waits."""
        if self.waiting:
            assert send(self.source, "batch", {"batch": self.waiting}).status_code == 200
            self.waiting = []
        while run.run_batch():
            pass
        while running.run_once():
            pass
        while waiting := sweeping.waiting():
            building.run(waiting[0])

    def person(self, user: str) -> int:
        kind, blind = key_of(Indexer(self.workspace.pk), Said(Kind.USER_ID, user))
        return Identity.objects.get(workspace=self.workspace, kind=kind, index=blind).profile_id

    def uuid(self, user: str) -> UUID:
        return Profile.objects.get(pk=self.person(user)).uuid

    def members(self, segment: Segment) -> set[int]:
        return set(Membership.objects.filter(segment=segment).values_list("profile_id", flat=True))
