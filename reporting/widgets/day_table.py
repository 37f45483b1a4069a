"""A campaign day by day, newest first."""

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from reporting.board import Board
from reporting.metric_table import GROUPS, build
from reporting.question import Row
from reporting.templatetags.formats import date as day_text
from reporting.widgets import Context, Widget


def load(board: Board) -> Context | None:
    chosen = board.selection.sort
    order = chosen if chosen.removeprefix("-") in (*board.table, "day") else "-day"
    result = board.run(board.query(board.table, ("day",), comparison=None, order_by=order))
    campaign = board.campaign
    if campaign is None or board.is_blank:
        return None

    def url_of(row: Row) -> str:
        day: date = row.key[0]
        return reverse("reporting:channel_day", args=[board.workspace.slug, campaign.channel, campaign.pk, day])

    table = build(result, board.selection, _("Day"), url_of, GROUPS, exact=True)
    for line, row in zip(table.lines, result.rows, strict=True):
        line.name = day_text(row.key[0])
    return {"table": table}


WIDGET = Widget("day_table", load)
