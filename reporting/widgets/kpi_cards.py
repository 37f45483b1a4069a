"""The headline numbers: value, change, course."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from reporting.board import Board
from reporting.figures import Change, change, figure, headline
from reporting.kpis import KPIS, MEASURES, Source
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
    comparable = not (board.lacking_comparison and any(MEASURES[term].source == Source.PLATFORM for term in KPIS[key].terms))
    return Card(
        KPIS[key], headline(key, now, result.currency), figure(key, now, result.currency, exact=True),
        change(key, now, before, result.currency) if comparable else None, sparkline([row.values[key] for row in result.rows]),
    )  # fmt: skip


WIDGET = Widget("kpi_cards", load)
