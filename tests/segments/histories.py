"""People with a past for Hypothesis, and how they get into the tables: few names, instants on and beside the edges of windows."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from django.db.models import JSONField, Value
from hypothesis import strategies as st

from channels.models import FxRate
from segments.models import ListEntry, RfmScore, Segment
from tests.segments.ruling import CHANNELS, GROUPS, NAMES, NONBLANK, PURPOSES
from tracking import partitions
from tracking.blind_index import Indexer
from tracking.ingest.kinds import kind_of
from tracking.models import (
    ConsentState,
    Customer,
    Event,
    Identity,
    Order,
    Profile,
    Purpose,
    Refund,
    Source,
    Suppression,
    Trait,
)
from workspaces.models import Workspace

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
RATES = {("USD", NOW.date() - timedelta(days=n)): Decimal("1.25") for n in range(-40, 70)}
EDGES = [timedelta(0), timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1), timedelta(hours=5), timedelta(hours=13)]
SCALARS = [*NONBLANK, 0, 2, 2.5, 50, -1, True, None]
DATES = [
    "2026-10-03",
    "2026-10-26T09:30:00Z",
    "2026-10-31 09:30",
    "2026-11-01T10:30:00+01:00",
    "2026-11-02T09:30:00.000001Z",
    "2026-02-30",
    "now",
    "2027-01-01",
    "2026-10-03T24:00:00Z",
    "0000-01-01",
]
MONEY = [Decimal(n) for n in ("1", "10", "49.5", "50", "100", "0")]
WHATS = [*(("track", name) for name in NAMES * 2), ("track", "Order Completed"), ("page", "Home"), ("page", ""), ("identify", "")]
KINDS = ["user_id", "email", "email", "crm_id", "phone", "device", "anonymous_id"]
DECISIONS = ["granted", "granted", "granted", "denied", "withdrawn", "expired", "unproven"]


class Past:
    """Draws one past. Dense on purpose: a Random of a drawn seed instead of Hypothesis' own small choices."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def people(self) -> list[dict[str, Any]]:
        return [self.person() for _ in range(self.random.randint(1, 6))]

    def person(self) -> dict[str, Any]:
        pick = self.random.choice
        return {
            "first": self.ago(),
            "last": self.ago(),
            "created": self.ago(),
            "merged": pick([False, False, False, True]),
            "group": pick([None, *GROUPS]),
            "listed": pick([True, False]),
            "identities": [self.identity() for _ in range(self.random.randint(1, 3))],
            "events": [self.event() for _ in range(self.random.choice([0, 1, 3, 6, 10]))],
            "orders": [self.order() for _ in range(self.random.choice([0, 1, 2, 4]))],
        }

    def ago(self) -> timedelta:
        return max(timedelta(days=self.random.choice([0, 0, 1, 2, 3, 7, 8, 29, 30, 31])) + self.random.choice(EDGES), timedelta(0))

    def soon(self) -> timedelta:
        return -(timedelta(days=self.random.choice([0, 1, 5])) + abs(self.random.choice(EDGES)))

    def scalar(self) -> Any:
        return self.random.choice(SCALARS)

    def some(self, **values: Any) -> dict[str, Any]:
        return {name: value for name, value in values.items() if self.random.random() < 0.7}

    def event(self) -> dict[str, Any]:
        pick = self.random.choice
        items = [pick([self.some(sku=self.scalar(), price=self.scalar()), self.scalar()]) for _ in range(pick([0, 1, 2]))]
        utm = self.some(utm_campaign=pick(NONBLANK), utm_source=pick(NONBLANK), utm_medium=pick(NONBLANK))
        return {
            "ago": self.ago(),
            "what": pick(WHATS),
            "properties": self.some(
                sku=self.scalar(), total=pick([0, 1, 2, 2.5, -1, "5"]), products=items, tags=pick([self.scalar(), [self.scalar()]])
            ),
            "context": pick([{}, {"page": {"path": "a"}}, {"page": {"path": "5"}}]),
            "session": pick([None, 1, 2, 3]),
            "channel": pick(["", *CHANNELS]),
            "acquisition": pick([None, utm]),
            "state": pick(["stored"] * 6 + ["pending"]),
        }

    def order(self) -> dict[str, Any]:
        pick = self.random.choice
        return {
            "ago": pick([self.ago(), self.ago(), self.ago(), self.soon()]),  # to come: a sender's error
            "net": pick(MONEY),
            "margin": pick([None, *MONEY]),
            "currency": pick(["EUR", "EUR", "USD", "XTS"]),
            "channel": pick(CHANNELS),
            "campaign": pick(["", *NONBLANK]),
            "source": pick(["", "a"]),
            "refunds": [pick(MONEY) for _ in range(pick([0, 0, 1, 2]))],
        }

    def identity(self) -> dict[str, Any]:
        pick = self.random.choice
        names = ["country", "plan", "logins", "created_at", "city", "postal_code"]
        traits = [
            {
                "name": name,
                "value": pick(DATES) if name == "created_at" else self.scalar(),
                "ago": self.ago(),
                "rank": pick([0, 1, 2]),
            }
            for name in self.random.sample(names, self.random.randint(0, 5))
        ]
        consents = [
            {"purpose": purpose, "decision": pick(DECISIONS), "expires": pick([self.ago(), self.soon(), self.soon()])}
            for purpose in self.random.sample(PURPOSES, pick([0, 1, 2, 2]))
        ]
        return {"kind": pick(KINDS), "traits": traits, "consents": consents, "suppressed": self.random.random() < 0.1}


PEOPLE = st.builds(lambda seed: Past(seed).people(), st.integers(0, 2**32))


class Town(NamedTuple):
    """Ids of what was written."""

    living: list[int]
    listed: Segment


def prepare(workspace: Workspace) -> None:
    """What all histories share: the month of their events, rates, purposes."""
    partitions.ensure(date(2026, 12, 1))
    FxRate.objects.bulk_create([FxRate(currency=c, day=d, rate=r) for (c, d), r in RATES.items()], ignore_conflicts=True)
    for key in PURPOSES:
        Purpose.objects.create(workspace=workspace, key=key, name=key)


class Writer:
    """Collects rows, then writes each table once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.indexer = workspace, Indexer(workspace.pk)
        self.purposes = {purpose.key: purpose for purpose in Purpose.objects.filter(workspace=workspace)}
        self.source = Source.objects.get_or_create(
            workspace=workspace, name="Shop (sample)", kind="server", consent_mode="declared"
        )[0]
        self.number = 0
        self.events: list[Event] = []
        self.traits: list[Trait] = []
        self.consents: list[ConsentState] = []
        self.suppressions: list[Suppression] = []

    def write(self, people: list[dict[str, Any]]) -> Town:
        listed = Segment.objects.create(workspace=self.workspace, name="List (sample)", kind="list", state="live")
        living = []
        first: Profile | None = None
        for number, person in enumerate(people):
            profile = Profile.objects.create(
                workspace=self.workspace,
                uuid=uuid.UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC834) % 2**128),
                first_seen=NOW - person["first"],
                last_seen=NOW - person["last"],
                merged_into=first if person["merged"] else None,
            )
            Profile.objects.filter(pk=profile.pk).update(created_at=NOW - person["created"])
            first = first or profile
            if profile.merged_into_id is None:
                living.append(profile.pk)
                self._person(profile, person, listed)
        Event.objects.bulk_create(self.events)
        Trait.objects.bulk_create(self.traits)
        ConsentState.objects.bulk_create(self.consents)
        Suppression.objects.bulk_create(self.suppressions)
        return Town(living, listed)

    def _person(self, profile: Profile, person: dict[str, Any], listed: Segment) -> None:
        for row in person["identities"]:
            self._identity(profile, row)
        for row in person["events"]:
            self._event(profile, row)
        if person["orders"]:
            self._orders(profile, person["orders"])
        if person["listed"]:
            ListEntry.objects.create(workspace=self.workspace, segment=listed, profile=profile)
        if person["group"]:
            for month, group in ((10, "new"), (11, person["group"])):
                RfmScore.objects.create(
                    workspace=self.workspace,
                    profile=profile,
                    month=date(2026, month, 1),
                    recency=1,
                    frequency=1,
                    monetary=1,
                    group=group,
                )

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _identity(self, profile: Profile, row: dict[str, Any]) -> None:
        index = self.indexer.index(row["kind"], str(self._next()))
        identity = Identity.objects.create(
            workspace=self.workspace,
            profile=profile,
            home=profile,
            kind=row["kind"],
            index=index,
            sealed=b"x",
            first_at=NOW,
            last_at=NOW,
            cluster=1,
        )
        for trait in {trait["name"]: trait for trait in row["traits"]}.values():
            content = json.dumps(trait["value"])
            plain = trait["name"] not in ("city", "postal_code")
            self.traits.append(
                Trait(
                    workspace=self.workspace,
                    identity=identity,
                    name=trait["name"],
                    sealed=b"" if plain else b"x",
                    rank=trait["rank"],
                    value=Value(trait["value"], JSONField()) if plain else None,
                    at=NOW - trait["ago"],
                    digest=self.indexer.index("trait", content),
                )
            )
        for consent in row["consents"]:
            expires = NOW - consent["expires"] if consent["decision"] == "granted" else None
            self.consents.append(
                ConsentState(
                    workspace=self.workspace,
                    subject_kind="email",
                    subject=index,
                    purpose=self.purposes[consent["purpose"]],
                    decision=consent["decision"],
                    since=NOW,
                    expires_at=expires,
                    event_seq=1,
                )
            )
        if row["suppressed"]:
            self.suppressions.append(
                Suppression(workspace=self.workspace, subject_kind="email", subject=index, reason="objection", at=NOW)
            )

    def _event(self, profile: Profile, row: dict[str, Any]) -> None:
        type_, name = row["what"]
        self.events.append(
            Event(
                workspace=self.workspace,
                source=self.source,
                raw_id=1,
                message_id=str(self._next()),
                type=type_,
                name=name,
                anonymous_id="a",
                user_id="",
                previous_id="",
                group_id="",
                visitor="a",
                received_at=datetime(2026, 12, 2, tzinfo=UTC),
                occurred_at=NOW - row["ago"],
                properties=row["properties"],
                context=row["context"],
                traits={},
                state=row["state"],
                kind=kind_of(type_, name),
                session_id=uuid.UUID(int=row["session"]) if row["session"] else None,
                channel=row["channel"],
                acquisition=row["acquisition"],
                profile_id=profile.pk,
            )
        )

    def _orders(self, profile: Profile, rows: list[dict[str, Any]]) -> None:
        customer = Customer.objects.create(workspace=self.workspace, key=str(self._next()), profile=profile)
        for row in rows:
            at = NOW - row["ago"]
            order = Order.objects.create(
                workspace=self.workspace,
                customer=customer,
                order_id=str(self._next()),
                ordered_at=at,
                day=at.date(),
                gross=row["net"] + 1,
                net=row["net"],
                margin=row["margin"],
                currency=row["currency"],
                channel=row["channel"],
                utm_campaign=row["campaign"],
                utm_source=row["source"],
            )
            for amount in row["refunds"]:
                Refund.objects.create(
                    workspace=self.workspace,
                    refund_id=str(self._next()),
                    order_id_text=order.order_id,
                    order=order,
                    refunded_at=at,
                    day=at.date(),
                    gross=amount + 1,
                    net=amount,
                    currency=row["currency"],
                )
