"""The headline numbers: value, change, course."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from reporting.board import Board
from reporting.figures import Change, change, figure, headline
from reporting.kpis import KPIS
from reporting.metric import Metric
from reporting.sparkline import sparkline
from reporting.widgets import Context, Widget


@dataclass(frozen=True)
class Card:
    metric: Metric
    value: str
    exact: str
    change: Change | None
    sparkline: SafeString


def load(board: Board) -> Context:
    return {"cards": [_card(board, key) for key in board.cards], "comparison": board.selection.comparison}


def _card(board: Board, key: str) -> Card:
    result = board.series
    now, before = result.totals.values[key], (result.totals.previous or {}).get(key)
    return Card(
        KPIS[key], headline(key, now, result.currency), figure(key, now, result.currency, exact=True),
        change(key, now, before, result.currency), sparkline([row.values[key] for row in result.rows]),
    )  # fmt: skip


WIDGET = Widget("kpi_cards", load)
