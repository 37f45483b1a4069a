"""After every step of what people do and what time does, the members are those the slow evaluator names.

The real ingest, consent ledger and merges; only the people who were touched, or whose moment came, are looked at.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as options
from hypothesis import strategies as st

from mops.lib import clock
from segments.engine import checking, index, lists
from segments.models import Segment
from segments.rules.grammar import Node, Rule
from segments.rules.parsing import dump
from tests.segments.engine.town import Town, of_segment, viewed
from tests.segments.oracle import World
from tests.segments.ruling import LEAVES, NAMES
from tests.tracking.sending import send
from tracking import blind_index, partitions
from tracking.blind_index import Indexer
from tracking.consent import purposes, suppression
from tracking.consent.ledger import Statement, record_many
from tracking.consent_models import Decision, Suppression
from tracking.ingest import run
from workspaces.models import Workspace

EXAMPLES = int(os.environ.get("STEP_EXAMPLES", "6"))
START = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
USERS = ("anna", "ben", "clara", "device-1", "device-2")
WHO = st.sampled_from(USERS)
AGO = st.sampled_from([timedelta(0), timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=30, seconds=-5)])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("does"), WHO, st.sampled_from(NAMES), AGO, st.sampled_from([{}, {"price": 50}, {"price": "2"}])),
        st.tuples(st.just("orders"), WHO, AGO, st.integers(1, 300)),
        st.tuples(st.just("says"), WHO, st.sampled_from(["DE", "AT"])),
        st.tuples(st.just("agrees"), WHO, st.sampled_from([Decision.GRANTED, Decision.WITHDRAWN])),
        st.tuples(st.just("is_suppressed"), WHO),
        st.tuples(st.just("is_also"), WHO, WHO),
        st.tuples(st.just("is_listed"), WHO, st.booleans()),
        st.tuples(
            st.just("waits"), st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(days=6), timedelta(days=25)])
        ),
        st.tuples(st.just("waits_for_a_moment")),
    ),
    min_size=6,
    max_size=12,
)


class Life(Town):
    """A town whose clock stands still between the steps."""

    def __init__(self, workspace: Workspace, file: Path) -> None:
        super().__init__(workspace)
        self.file, self.guests = file, self.list()

    def set(self, now: datetime) -> None:
        self.file.write_text(json.dumps({"frozen_at": now.isoformat()}))

    def say(self, user: str, at: datetime, **said: Any) -> None:
        self.sent += 1
        who = {"anonymousId": user} if user.startswith("device") else {"userId": user}
        event = {"messageId": f"m-{self.sent}", "timestamp": at.isoformat(), "sentAt": clock.now().isoformat(), **who, **said}
        assert send(self.source, "batch", {"batch": [event]}).status_code == 200
        while run.run_batch():
            pass

    def does(self, user: str, name: str, ago: timedelta, properties: dict[str, Any]) -> None:  # type: ignore[override]
        self.say(user, clock.now() - ago, type="track", event=name, properties=properties)

    def orders(self, user: str, ago: timedelta, total: int) -> None:
        properties = {"order_id": f"o-{self.sent}", "total": total, "revenue": total, "currency": "EUR"}
        self.say(user, clock.now() - ago, type="track", event="Order Completed", properties=properties)

    def says(self, user: str, country: str) -> None:
        traits = {"country": country, "email": self.address(user)}
        self.say(user, clock.now(), type="identify", traits=traits)

    def agrees(self, user: str, decision: Decision) -> None:
        subject = Indexer(self.workspace.pk).subject("email", self.address(user))
        record_many(self.workspace, [Statement(subject, "email", decision, "form")])

    def is_suppressed(self, user: str) -> None:
        subject = Indexer(self.workspace.pk).subject("email", self.address(user))
        suppression.suppress(self.workspace, subject, Suppression.Reason.OBJECTION)

    def is_also(self, user: str, other: str) -> None:
        if other.startswith("device") and not user.startswith("device"):
            self.say(user, clock.now(), type="track", event="Signed In", anonymousId=other)

    def is_listed(self, user: str, listed: bool) -> None:
        somebody = sorted(self.living())[:1]
        (lists.add if listed else lists.remove)(self.guests, somebody)

    def waits(self, by: timedelta) -> None:
        self.set(clock.now() + by)

    def waits_for_a_moment(self) -> None:
        from segments.models import Due

        first = Due.objects.filter(workspace=self.workspace).order_by("at").values_list("at", flat=True).first()
        if first:
            self.set(first)

    def address(self, user: str) -> str:
        return f"{user}@example.org"


@options(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, leaves=st.lists(LEAVES, min_size=5, max_size=8))
def test_the_members_are_right_after_every_step(
    workspace: Workspace, settings: Any, tmp_path: Path, steps: list[tuple[Any, ...]], leaves: list[Node]
) -> None:
    blind_index.key(workspace.pk, blind_index.SUBJECTS)
    partitions.ensure_ahead()
    settings.SANDBOX_CLOCK = str(tmp_path / "clock.json")
    with transaction.atomic():
        index.forget()
        purposes.ensure(workspace)
        life = Life(workspace, tmp_path / "clock.json")
        life.set(START)
        watched = watch(life, leaves)
        for name, *arguments in steps:
            getattr(life, name)(*arguments)
            life.settle()
            compare(life, watched, (name, *arguments))
        assert checking.check(workspace) == {}
        transaction.set_rollback(True)


def watch(life: Life, leaves: list[Node]) -> dict[int, Segment]:
    """Segments of drawn rules, and of a list and a segment."""
    from segments.rules.parsing import parse

    rules = [dump(Rule(leaf)) for leaf in leaves] + [viewed(1, name=NAMES[0]), of_segment(life.guests, member=False)]
    found = {}
    for number, rule in enumerate(rules):
        segment = life.segment(rule, f"Segment {number}")
        found[segment.pk] = segment
    inner = next(iter(found.values()))
    outer = life.segment(of_segment(inner, member=False), "Outer")
    assert outer.version
    parse(outer.version.rule)
    return found | {outer.pk: outer}


def compare(life: Life, watched: dict[int, Segment], step: tuple[Any, ...]) -> None:
    from segments.rules.parsing import parse

    world, now = World(life.workspace), clock.now()
    for segment in watched.values():
        assert segment.version
        rule = parse(segment.version.rule)
        expected = {profile for profile in world.profiles if world.holds(rule.where, profile, now)}
        assert life.members(segment) == expected, (step, segment.version.rule)
    assert life.members(life.guests) == {profile for id_, profile in world.listed if id_ == life.guests.pk}
    for segment in Segment.objects.filter(workspace=life.workspace):
        assert segment.state == "live"
        assert segment.size == len(life.members(segment))
