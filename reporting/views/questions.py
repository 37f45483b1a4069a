"""The question behind each page, for its passport and its exports: the same numbers as on the screen."""

from typing import NamedTuple

from django.http import Http404
from django.shortcuts import get_object_or_404

from channels.models import PlatformCampaign
from channels.taxonomy import CHANNELS
from reporting.board import Board, ChannelBoard
from reporting.query import Query
from reporting.selection import Selection
from workspaces.models import Member, Workspace


class Asked(NamedTuple):
    board: Board
    query: Query


def question(space: Workspace, selection: Selection, member: Member, page: str) -> Asked:
    """`page` is "overview", the code of a channel or "campaign-<id>". Raises Http404."""
    board: Board
    if page == "overview":
        board, dimension = Board(space, selection, member), "channel"
    elif (number := page.removeprefix("campaign-")).isdecimal():
        found = get_object_or_404(PlatformCampaign, workspace=space, pk=number)
        board, dimension = ChannelBoard(space, selection, member, {"campaign": (found.pk,)}, found), "day"
    elif page in CHANNELS:
        board, dimension = ChannelBoard(space, selection, member, {"channel": (page,)}), "campaign"
    else:
        raise Http404(f"No page {page!r}")
    metrics = tuple(dict.fromkeys((*board.table, *board.cards)))
    order = "day" if dimension == "day" else "-spend"
    return Asked(board, board.query(metrics, (dimension,), order_by=order))
