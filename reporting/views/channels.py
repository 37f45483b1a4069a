"""Channels: the list, one channel with its campaigns, and its ads."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from channels.taxonomy import CHANNELS, Channel
from reporting import columns
from reporting.board import Board, ChannelBoard
from reporting.views.page import dashboard, select
from reporting.widgets import ad_table, banners, campaign_table, channel_table, empty, kpi_cards, ranking, show, time_chart
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission


@require_GET
def channel_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    board = Board(space, select(request, space, columns.CHANNELS), request.member, page="channels")
    widgets = (banners.WIDGET, empty.WIDGET, channel_table.WIDGET, ranking.WIDGET)
    return dashboard(request, "reporting/dashboard.html", board, widgets, title=_("Channels"))


@require_GET
def channel(request: WorkspaceRequest, workspace: str, code: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    found = get_channel(code)
    board = ChannelBoard(space, select(request, space, columns.CAMPAIGNS), request.member, {"channel": (code,)}, page=code)
    widgets = (banners.WIDGET, empty.WIDGET, kpi_cards.WIDGET, time_chart.WIDGET, campaign_table.WIDGET)
    return dashboard(
        request, "reporting/channel.html", board, widgets, title=str(found.label), channel=found,
        crumbs=[(_("Channels"), reverse("reporting:channels", args=[space.slug]))],
    )  # fmt: skip


@require_GET
def ads(request: WorkspaceRequest, workspace: str, code: str) -> HttpResponse:
    """The ads of a channel: a part of its page, opened on demand, or a page of its own."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    found = get_channel(code)
    board = ChannelBoard(space, select(request, space), request.member, {"channel": (code,)})
    if request.htmx and not request.htmx.history_restore_request:
        return HttpResponse("".join(show(request, board, [ad_table.WIDGET])))
    crumbs = [(_("Channels"), reverse("reporting:channels", args=[space.slug])),
              (str(found.label), reverse("reporting:channel", args=[space.slug, code]))]  # fmt: skip
    return render(request, "reporting/ads.html", {
        "title": _("Ads"), "crumbs": crumbs, "selection": board.selection, "widgets": show(request, board, [ad_table.WIDGET]),
    })  # fmt: skip


def get_channel(code: str) -> Channel:
    if code not in CHANNELS:
        raise Http404(f"No channel {code!r}")
    return CHANNELS[code]
