"""The data quality score: what it is made of, and its numbers by day and by source.

Every part is a share of events, or of sources, that are as they should be. The score is the mean of the parts that can be
told, each with its weight, from 0 to 100. Days are UTC days of reception.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from math import floor
from typing import NamedTuple

from django.db import connection
from django.db.models import Max, Sum

from mops.lib import clock
from tracking import ledger
from tracking.models import QualityDay, Rejection, Source
from workspaces.models import Workspace

DAYS = 28
SILENT_AFTER = timedelta(days=1)
GOOD, FAIR = 95, 85  # from this score on
# These refusals are the collector doing its work, not a fault of the data.
DUE = (Rejection.Reason.NO_CONSENT, Rejection.Reason.BOT)
COUNTED = ("events", "checked", "invalid", "grounded", "identified", "late", "tagged", "tagged_whole")


@dataclass(frozen=True)
class Sums:
    """What was counted of some days and sources. `awake` of `sources` sent something in time."""

    events: int = 0
    checked: int = 0
    invalid: int = 0
    grounded: int = 0
    identified: int = 0
    late: int = 0
    tagged: int = 0
    tagged_whole: int = 0
    received: int = 0
    duplicate: int = 0
    faulty: int = 0  # refused, and not for want of consent or as a bot
    sources: int = 0
    awake: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


class Part(NamedTuple):
    """One part of the score: `good` of `of` are as they should be."""

    code: str
    weight: int
    good: Callable[[Sums], int]
    of: Callable[[Sums], int]

    def share(self, sums: Sums) -> float | None:
        """None where there is nothing to judge."""
        of = self.of(sums)
        return self.good(sums) / of if of else None


PARTS = (
    Part("valid", 30, lambda s: s.checked - s.invalid, lambda s: s.checked),
    Part("accepted", 15, lambda s: s.received - s.faulty, lambda s: s.received),
    Part("grounded", 15, lambda s: s.grounded, lambda s: s.events),
    Part("fresh", 10, lambda s: s.awake, lambda s: s.sources),
    Part("identified", 10, lambda s: s.identified, lambda s: s.events),
    Part("punctual", 10, lambda s: s.events - s.late, lambda s: s.events),
    Part("unique", 5, lambda s: s.received - s.duplicate, lambda s: s.received),
    Part("tagged", 5, lambda s: s.tagged_whole, lambda s: s.tagged),
)


def score(sums: Sums) -> float | None:
    """0 to 100; None where no event came. Parts that cannot be told leave their weight to the others."""
    told = [(part.weight, share) for part in PARTS if (share := part.share(sums)) is not None]
    if not sums.received and not sums.events:
        return None
    return 100 * sum(weight * share for weight, share in told) / sum(weight for weight, _share in told)


def shown(score: float | None) -> float | None:
    """With one decimal, rounded down: 99.96 is not yet 100."""
    return None if score is None else floor(round(score * 10, 6)) / 10


def lost(part: Part, sums: Sums) -> float:
    """Points of the score this part costs."""
    share = part.share(sums)
    told = sum(one.weight for one in PARTS if one.share(sums) is not None)
    return 0.0 if share is None else 100 * part.weight * (1 - share) / told


class OfSource(NamedTuple):
    source: Source
    sums: Sums
    last_at: datetime | None  # newest event, of the shown days


class Quality(NamedTuple):
    total: Sums
    days: list[tuple[date, Sums]]  # every day, oldest first
    sources: list[OfSource]


def of(workspace: Workspace, days: int = DAYS) -> Quality:
    """The last days, today included."""
    today = clock.now().date()
    shown = [today - timedelta(days=back) for back in reversed(range(days))]
    sources = list(Source.objects.filter(workspace=workspace).order_by("name"))
    cells = _cells(workspace, sources, shown[0])
    counted = QualityDay.objects.filter(workspace=workspace, day__gte=shown[0])
    last = dict(counted.order_by().values_list("source").annotate(at=Max("last_at")))
    per_day = [(day, _sum(cells.get((one.pk, day), Sums()) + _awake_on(one, day, cells) for one in sources)) for day in shown]
    per_source = [_of_source(one, shown, cells, last.get(one.pk)) for one in sources]
    return Quality(_sum(one.sums for one in per_source), per_day, per_source)


def _of_source(source: Source, shown: Sequence[date], cells: "Cells", last_at: datetime | None) -> OfSource:
    sums = _sum(cells.get((source.pk, day), Sums()) for day in shown)
    return OfSource(source, sums + _awake_now(source, last_at), last_at)


def _sum(sums: Iterable[Sums]) -> Sums:
    return reduce(Sums.__add__, sums, Sums())


Cells = dict[tuple[int, date], Sums]


def _cells(workspace: Workspace, sources: Sequence[Source], since: date) -> Cells:
    """What was counted per source and day, from the three places that count."""
    cells: Cells = {}
    counted = QualityDay.objects.filter(workspace=workspace, day__gte=since).order_by().values_list("source", "day")
    for source, day, *numbers in counted.annotate(*(Sum(name) for name in COUNTED)):
        cells[source, day] = Sums(*numbers)
    for source_row in sources:
        for line in ledger.of_source(source_row, (clock.now().date() - since).days + 1):
            key = (line.source_id, line.day)
            cells[key] = cells.get(key, Sums()) + Sums(received=line.received, duplicate=line.duplicate)
    for source, day, number in _faulty([source.pk for source in sources], since):
        cells[source, day] = cells.get((source, day), Sums()) + Sums(faulty=number)
    return cells


def _faulty(sources: Sequence[int], since: date) -> list[tuple[int, date, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source_id, (received_at AT TIME ZONE 'UTC')::date, count(*) FROM tracking_rejection WHERE source_id = ANY(%s)"
            " AND received_at >= %s AND NOT reason IN (%s, %s) AND replayed_at IS NULL GROUP BY 1, 2",  # as in the index
            [list(sources), datetime.combine(since, time(), UTC), *DUE],
        )
        return [(source, day, number) for source, day, number in cursor.fetchall()]


def _expected(source: Source) -> bool:
    """Files come when somebody uploads them; everything else should keep sending."""
    return source.state == Source.State.ACTIVE and source.kind != Source.Kind.IMPORT


def _awake_now(source: Source, last_at: datetime | None) -> Sums:
    if not _expected(source):
        return Sums()
    return Sums(sources=1, awake=int(last_at is not None and clock.now() - last_at < SILENT_AFTER))


def _awake_on(source: Source, day: date, cells: Cells) -> Sums:
    if not _expected(source) or source.created_at.astimezone(UTC).date() > day:
        return Sums()
    return Sums(sources=1, awake=int(cells.get((source.pk, day), Sums()).events > 0))
