"""The ads below: for looking closer, never for totals (Performance Max has none)."""

from django.utils.translation import gettext as _

from reporting.board import Board
from reporting.metric_table import CLAIMED, DELIVERY, build, metrics_of
from reporting.widgets import Context, Widget

LIMIT = 50
GROUPS = (DELIVERY, CLAIMED)


def load(board: Board) -> Context | None:
    metrics = metrics_of(GROUPS)
    order = board.selection.sort if board.selection.sort.removeprefix("-") in metrics else "-spend"
    result = board.run(board.query(metrics, ("ad",), comparison=None, order_by=order, limit=LIMIT))
    return {"table": build(result, board.selection, _("Ad"), groups=GROUPS) if result.rows else None}


WIDGET = Widget("ad_table", load)
