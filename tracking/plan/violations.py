"""What broke the plan: counted rows read for people, by what broke, by release and by day."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Max, Min, QuerySet, Sum

from mops.lib import clock
from mops.lib.numerals import whole
from tracking.models import PlanViolation, Source
from tracking.plan.schema import EventType
from workspaces.models import Workspace

DAYS = 28
SHOWN = 200  # lines of the page
KEPT_DAYS = 400
Kind = PlanViolation.Kind
FILTERS = ("event", "kind", "release", "source")


class Rule(NamedTuple):
    """What one source broke: fields of PlanViolation."""

    source_id: int
    event: str
    kind: str
    property: str

    def query(self) -> str:
        """Names it in an address."""
        return urlencode({"source": self.source_id, "event": self.event, "kind": self.kind, "property": self.property})


class Line(NamedTuple):
    """One rule that was broken, by one source and release."""

    event: str
    kind: str
    path: str  # of the property
    source_id: int
    source: str
    release: str
    version: int  # number of the newest version it broke
    number: int
    first_day: date
    last_at: datetime

    @property
    def query(self) -> str:
        """Names the event in the address of its form."""
        is_call = self.event in EventType.values and self.event != EventType.TRACK
        return urlencode({"type": self.event, "name": ""} if is_call else {"type": "track", "name": self.event})

    @property
    def rule(self) -> Rule:
        return Rule(self.source_id, self.event, self.kind, self.path)

    @property
    def kind_label(self) -> str:
        return str(Kind(self.kind).label)


def found(workspace: Workspace, days: int = DAYS) -> QuerySet[PlanViolation]:
    """The rows of the last days, today included (UTC)."""
    first = clock.now().date() - timedelta(days=days - 1)
    return PlanViolation.objects.filter(workspace=workspace, day__gte=first)


def of(rule: Rule) -> QuerySet[PlanViolation]:
    """The rows of one rule, as long as they are kept."""
    return PlanViolation.objects.filter(**rule._asdict()).order_by()


def filtered(rows: QuerySet[PlanViolation], chosen: Mapping[str, str]) -> QuerySet[PlanViolation]:
    """Only what the filters name; a filter that makes no sense finds nothing."""
    for name in FILTERS:
        value = chosen.get(name)
        if not value:
            continue
        if name == "source":
            rows = rows.filter(source_id=whole(value) or 0)
        elif "\0" not in value:
            rows = rows.filter(**{name: "" if value == "-" else value})
    return rows


def lines(rows: QuerySet[PlanViolation]) -> list[Line]:
    """Most frequent first, at most SHOWN."""
    keys = ("event", "kind", "property", "source_id", "source__name", "release")
    grouped = rows.order_by().values_list(*keys).annotate(
        version=Max("version__number"), total=Sum("number"), first_day=Min("day"), at=Max("last_at")
    )  # fmt: skip
    return [Line(*row) for row in grouped.order_by("-total", *keys)[:SHOWN]]


def by_day(rows: QuerySet[PlanViolation]) -> dict[date, int]:
    return dict(rows.order_by().values_list("day").annotate(total=Sum("number")))


def by_event(workspace: Workspace, days: int) -> dict[str, int]:
    """Violations of the last days by the event's short name."""
    return dict(found(workspace, days).order_by().values_list("event").annotate(total=Sum("number")))


def choices(workspace: Workspace) -> dict[str, list[tuple[str, str]]]:
    """What the filters can be set to: what broke in the last days."""
    rows = found(workspace).order_by()
    kinds = set(rows.values_list("kind", flat=True).distinct())
    sources = Source.objects.filter(workspace=workspace).order_by("name").values_list("pk", "name")
    return {
        "event": [(name, name) for name in sorted(rows.values_list("event", flat=True).distinct()) if name],
        "kind": [(str(kind.value), str(kind.label)) for kind in Kind if kind in kinds],
        "release": [(name or "-", name or "–") for name in sorted(rows.values_list("release", flat=True).distinct())],
        "source": [(str(pk), name) for pk, name in sources],
    }


def tidy() -> int:
    """Delete counts older than KEPT_DAYS. Return how many."""
    return PlanViolation.objects.filter(day__lt=clock.now().date() - timedelta(days=KEPT_DAYS)).delete()[0]
