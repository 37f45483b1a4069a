"""What the pages of goals show: conversions and value of a period, by goal, day and channel. Money in one currency each."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar

from django.db.models import Count, QuerySet, Sum

from mops.lib.period import Period
from tracking.models import Conversion, Goal, Touchpoint
from workspaces.models import Workspace

Key = TypeVar("Key")


class Figures(NamedTuple):
    conversions: int = 0
    value: Decimal | None = None  # in the workspace's currency; other currencies are counted, not added


class Line(NamedTuple):
    """A day or a channel of a goal."""

    key: str | date
    figures: Figures


class Match(NamedTuple):
    """How many visits of a period were matched to a platform campaign in one way."""

    label: str
    visits: int


def by_goal(workspace: Workspace, period: Period) -> dict[int, Figures]:
    """Of every goal of the workspace that counted something, by its id."""
    rows = _in(workspace, period).values("goal_id", "currency").annotate(n=Count("pk"), sum=Sum("value"))
    return _added(((row["goal_id"], row["currency"], row["n"], row["sum"]) for row in rows), workspace.currency)


def by_day(goal: Goal, period: Period) -> list[Line]:
    """Every day of the period, newest first, also those without a conversion."""
    rows = _in(goal.workspace, period).filter(goal=goal).values("day", "currency").annotate(n=Count("pk"), sum=Sum("value"))
    found = _added(((row["day"], row["currency"], row["n"], row["sum"]) for row in rows), goal.workspace.currency)
    return [Line(day, found.get(day, Figures())) for day in sorted(period, reverse=True)]


def by_channel(goal: Goal, period: Period) -> list[Line]:
    """Channels that brought conversions, the largest first."""
    rows = _in(goal.workspace, period).filter(goal=goal).values("channel", "currency").annotate(n=Count("pk"), sum=Sum("value"))
    found = _added(((row["channel"], row["currency"], row["n"], row["sum"]) for row in rows), goal.workspace.currency)
    return [Line(key, figures) for key, figures in sorted(found.items(), key=lambda item: (-item[1].conversions, item[0]))]


def matches(workspace: Workspace, period: Period) -> list[Match]:
    """Visits by the way their campaign was found."""
    points = Touchpoint.objects.filter(workspace=workspace, day__gte=period.since, day__lt=period.until)
    found = dict(points.values_list("matched_by").annotate(n=Count("pk")))
    return [Match(str(way.label), found.get(way.value, 0)) for way in Touchpoint.MatchedBy]


def _in(workspace: Workspace, period: Period) -> QuerySet[Conversion]:
    return Conversion.objects.filter(workspace=workspace, day__gte=period.since, day__lt=period.until)


def _added(rows: Iterable[tuple[Key, str, int, Decimal | None]], currency: str) -> dict[Key, Figures]:
    """Rows of (key, currency, conversions, value) by key."""
    found: dict[Key, Figures] = {}
    for key, of_currency, conversions, value in rows:
        before = found.get(key, Figures())
        values = [one for one in (before.value, value if of_currency == currency else None) if one is not None]
        found[key] = Figures(before.conversions + conversions, sum(values, Decimal(0)) if values else None)
    return found
