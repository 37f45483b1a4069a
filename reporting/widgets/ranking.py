"""Where the money goes: channels by spend."""

from django.utils.translation import gettext as _

from reporting.board import Board
from reporting.charts import ranking
from reporting.widgets import Context, Widget


def load(board: Board) -> Context | None:
    if not any(row.values["spend"] for row in board.channels.rows):
        return None
    return {
        "chart": ranking(board.channels, "spend"),
        "chart_id": "ranking",
        "option_id": "ranking-option",
        "title": _("Cost by channel"),
    }


WIDGET = Widget("ranking", load)
