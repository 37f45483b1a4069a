"""A platform campaign, one of its days, and the row as it was pulled."""

from dataclasses import replace
from datetime import date, timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from channels.connectors import PLATFORMS
from channels.connectors.base import DEFAULT_WINDOW
from channels.models import PlatformCampaign
from channels.taxonomy import channel_label
from mops.lib.period import Period
from reporting.board import ChannelBoard
from reporting.query import Query
from reporting.templatetags.formats import date as day_text
from reporting.trace import StoredRow, stored_rows
from reporting.views.bar import WINDOW_LABELS
from reporting.views.page import dashboard, select
from reporting.widgets import banners, day_table, empty, kpi_cards, time_chart
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

Crumbs = list[tuple[str, str]]


@require_GET
def campaign(request: WorkspaceRequest, workspace: str, code: str, campaign: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    found = get_campaign(space, code, campaign)
    selection = replace(select(request, space), filters={})
    board = ChannelBoard(space, selection, request.member, {"campaign": (found.pk,)}, found, page=f"campaign-{found.pk}")
    widgets = (banners.WIDGET, empty.WIDGET, kpi_cards.WIDGET, time_chart.WIDGET, day_table.WIDGET)
    return dashboard(
        request, "reporting/dashboard.html", board, widgets, title=found.name,
        crumbs=_crumbs(space, found)[:-1],
        text=f"{PLATFORMS[found.account.platform].label} · {found.account.name} · {found.get_status_display()}",
    )  # fmt: skip


@require_GET
def day(request: WorkspaceRequest, workspace: str, code: str, campaign: int, day: date) -> HttpResponse:
    """The stored rows of a campaign's day, one per attribution window."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    found = get_campaign(space, code, campaign)
    rows = sorted(_stored(space, found, day), key=lambda row: row.attribution_window != DEFAULT_WINDOW)
    return render(request, "reporting/day.html", {
        "title": day_text(day), "campaign": found, "day": day, "crumbs": _crumbs(space, found),
        "rows": [(row, window_label(row), row.attribution_window == DEFAULT_WINDOW) for row in rows],
        "before": day - timedelta(days=1), "after": day + timedelta(days=1),
    })  # fmt: skip


@require_GET
def trace(request: WorkspaceRequest, workspace: str, code: str, campaign: int, day: date, window: str) -> HttpResponse:
    """One stored row: what was pulled when and how, and what it said before."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    found = get_campaign(space, code, campaign)
    row = next((row for row in _stored(space, found, day) if row.attribution_window == window), None)
    if row is None:
        raise Http404("No such row was pulled")
    url = reverse("reporting:channel_day", args=[space.slug, found.channel, found.pk, day])
    return render(request, "reporting/trace.html", {
        "title": _("Source of the number"), "campaign": found, "day": day, "row": row, "window": window_label(row),
        "is_default": window == DEFAULT_WINDOW, "platform": PLATFORMS[row.platform],
        "crumbs": [*_crumbs(space, found), (day_text(day), url)],
    })  # fmt: skip


def get_campaign(space: Workspace, code: str, campaign: int) -> PlatformCampaign:
    """The platform campaign, whatever channel it is filed under by now. Raises Http404."""
    rows = PlatformCampaign.objects.select_related("account")
    return get_object_or_404(rows, workspace=space, pk=campaign)


def window_label(row: StoredRow) -> str:
    return str(WINDOW_LABELS.get(row.attribution_window, row.attribution_window))


def _stored(space: Workspace, found: PlatformCampaign, day: date) -> list[StoredRow]:
    period = Period(day, day + timedelta(days=1))
    return stored_rows(Query(space, period, ("spend",), filters={"campaign": (found.pk,)}))


def _crumbs(space: Workspace, found: PlatformCampaign) -> Crumbs:
    return [
        (_("Channels"), reverse("reporting:channels", args=[space.slug])),
        (channel_label(found.channel), reverse("reporting:channel", args=[space.slug, found.channel])),
        (found.name, reverse("reporting:channel_campaign", args=[space.slug, found.channel, found.pk])),
    ]
