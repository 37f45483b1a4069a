"""The question behind each page, for its passport and its exports: the same numbers as on the screen."""

from typing import NamedTuple

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from channels.models import PlatformCampaign
from channels.taxonomy import CHANNELS
from mops.lib.numerals import whole
from reporting import columns
from reporting.board import Board, ChannelBoard
from reporting.query import Query
from reporting.selection import Selection
from workspaces.models import Member, Workspace

WHOLE = ("overview", "channels")  # pages of all channels


class Asked(NamedTuple):
    board: Board
    query: Query


def table_of(page: str) -> str:
    """The table of `reporting.columns` that a page shows, "" where its columns cannot be chosen."""
    return columns.CHANNELS if page in WHOLE else columns.CAMPAIGNS if page in CHANNELS else ""


def address_of(space: Workspace, page: str) -> str:
    """The page with a table whose columns can be chosen. Raises Http404."""
    if page in WHOLE:
        return reverse(f"reporting:{page}", args=[space.slug])
    if page in CHANNELS:
        return reverse("reporting:channel", args=[space.slug, page])
    raise Http404(f"No page {page!r} with a table")


def question(space: Workspace, selection: Selection, member: Member, page: str) -> Asked:
    """`page` is "overview", "channels", the code of a channel or "campaign-<id>". Raises Http404."""
    board: Board
    if page in WHOLE:
        board, dimension = Board(space, selection, member), "channel"
    elif (number := whole(page.removeprefix("campaign-"))) is not None:
        found = get_object_or_404(PlatformCampaign, workspace=space, pk=number)
        board, dimension = ChannelBoard(space, selection, member, {"campaign": (found.pk,)}, found), "day"
    elif page in CHANNELS:
        board, dimension = ChannelBoard(space, selection, member, {"channel": (page,)}), "campaign"
    else:
        raise Http404(f"No page {page!r}")
    metrics = tuple(dict.fromkeys((*board.table, *board.cards)))
    order = "day" if dimension == "day" else "-spend"
    return Asked(board, board.query(metrics, (dimension,), order_by=order))


def charted(space: Workspace, selection: Selection, member: Member, page: str, chart: str) -> Asked:
    """The question behind a chart of a page: "over-time" or, where channels are compared, "ranking". Raises Http404."""
    board = question(space, selection, member, page).board
    if chart == "over-time":
        return Asked(board, board.query(tuple(dict.fromkeys(selection.chart)), (selection.grain,)))
    if chart == "ranking" and page in WHOLE:
        return Asked(board, board.query(("spend",), ("channel",), comparison=None, order_by="-spend"))
    raise Http404(f"No chart {chart!r} on {page!r}")
