"""All channels side by side, with the month's budget where one is planned."""

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.pacing import Pacing, of_month
from mops.lib.period import month_start
from reporting.board import Board
from reporting.columns import groups_of
from reporting.figures import figure
from reporting.metric_table import build
from reporting.question import Row, Values
from reporting.templatetags.formats import percent
from reporting.widgets import Context, Widget


@dataclass(frozen=True)
class Pace:
    """How the month goes: `width` of the bar and `mark` (where it should be) in percent of the plan."""

    state: str
    share: str
    width: int
    mark: int
    title: str


def load(board: Board) -> Context | None:
    result = board.channels
    if not result.rows:
        return None
    slug, chosen = board.workspace.slug, board.selection.leaving(filters={})

    def url_of(row: Row) -> str:
        return reverse("reporting:channel", args=[slug, row.key[0]]) + chosen

    table = build(result, board.selection, _("Channel"), url_of, groups_of(board.table))
    paces = _paces(board)
    for line, row in zip(table.lines, result.rows, strict=True):
        line.extra = paces.get(row.key[0])
    table.totals.extra = paces.get(None)
    return {"table": table, "with_pace": bool(paces), "month": month_start(board.selection.today)}


def _paces(board: Board) -> dict[str | None, Pace]:
    """By channel, and under None the month's total; empty where nothing is planned or the month has just begun."""
    month = board.month
    if month is None:
        return {}
    found: dict[str | None, Pace] = {}
    for key, values in [*((row.key[0], row.values) for row in month.rows), (None, month.totals.values)]:
        if values["budget"] is not None:
            found[key] = _pace(_pacing(board, values), month.currency)
    return found


def _pacing(board: Board, values: Values) -> Pacing:
    """The budget of the elapsed days is an even share of the month's plan."""
    today = board.selection.today
    empty = of_month(month_start(today), today, None, None)
    budget = values["budget"]
    planned = Decimal(budget) / empty.elapsed_share if budget is not None else None
    spend = values["spend"]
    return Pacing(planned, Decimal(spend) if spend is not None else None, empty.elapsed, empty.days)


def _pace(pacing: Pacing, currency: str) -> Pace:
    used = pacing.used or Decimal(0)
    title = _("%(spend)s of %(planned)s; at this pace %(projected)s by the end of the month") % {
        "spend": figure("spend", pacing.spend, currency), "planned": figure("budget", pacing.planned, currency),
        "projected": figure("spend", pacing.projected, currency),
    }  # fmt: skip
    return Pace(pacing.state or "", percent(pacing.used, 0), min(int(used * 100), 100), int(pacing.elapsed_share * 100), title)


WIDGET = Widget("channel_table", load)
