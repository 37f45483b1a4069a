"""The headline numbers: value, change, course."""

from dataclasses import dataclass, replace

from django.utils.safestring import SafeString

from mops.lib.sparkline import sparkline
from reporting.board import Board
from reporting.figures import Change, change, figure, headline
from reporting.kpis import KPIS, Measure
from reporting.metric import Metric
from reporting.widgets import Context, Widget


@dataclass(frozen=True)
class Card:
    metric: Metric
    value: str
    exact: str
    change: Change | None
    sparkline: SafeString


def load(board: Board) -> Context | None:
    if not board.has_figures:
        return None
    return {"cards": [_card(board, key) for key in board.cards], "comparison": board.selection.comparison}


def _card(board: Board, key: str) -> Card:
    result = board.series
    now, before = result.totals.values[key], (result.totals.previous or {}).get(key)
    moved = change(key, now, before, result.currency) if board.is_comparable(key) else None
    if moved and not board.is_even and isinstance(KPIS[key].kind, Measure):
        moved = replace(moved, tone="flat")  # a sum of fewer days is no worse
    course = sparkline([row.values[key] for row in result.rows])
    exact = figure(key, now, result.currency, exact=True)
    return Card(KPIS[key], headline(key, now, result.currency), exact, moved, course)


WIDGET = Widget("kpi_cards", load)
