"""The budget grid: a cell per month and channel, typed in place."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from campaigns import budgets, history
from campaigns.models import Campaign
from channels.taxonomy import CHANNELS
from mops.lib import clock
from mops.lib.numerals import whole
from mops.lib.period import Period, add_months, month_start
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

MONTHS = 6
SHOWN_CHANGES = 15


@require_GET
def index(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Six months from ?from=2026-10, of the whole channels or of ?campaign=7."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    campaign = _campaign(space, request.GET.get("campaign", ""))
    today = clock.today(space.time_zone)
    first = _month(request.GET.get("from", ""), add_months(today, -1))
    period = Period(first, add_months(first, MONTHS))
    rows = budgets.grid(space, period, today, campaign)
    context: dict[str, Any] = {
        "campaign": campaign,
        "campaigns": Campaign.objects.filter(workspace=space).exclude(status=Campaign.Status.ARCHIVED).order_by("name"),
        "rows": rows,
        "months": [(month, budgets.total(row.cells[place] for row in rows)) for place, month in enumerate(budgets.months(period))],
        "this_month": month_start(today),
        "earlier": add_months(first, -MONTHS // 2),
        "later": add_months(first, MONTHS // 2),
        "changes": history.last_changes(space, SHOWN_CHANGES),
    }
    return render(request, "campaigns/budgets.html" + ("#grid" if request.htmx else ""), context)


@require_POST
def cell(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Plan one cell: channel, month, planned, and campaign where it is a campaign's."""
    space = get_workspace(request, workspace, Permission.MANAGE_BUDGETS)
    campaign = _campaign(space, request.POST.get("campaign", ""))
    month, channel, text = _month(request.POST.get("month", "")), request.POST.get("channel", ""), request.POST.get("planned", "")
    error = ""
    try:
        budgets.plan(space, request.user, channel, month, text, campaign)
    except budgets.UnableToPlan as refusal:
        error = str(refusal)
    if not request.htmx:
        messages.error(request, error) if error else messages.success(request, _("Saved."))
        return redirect(_grid(space, month, campaign))
    if channel not in CHANNELS:
        raise Http404(channel)
    today = clock.today(space.time_zone)
    rows = budgets.grid(space, Period(month, add_months(month, 1)), today, campaign)
    context = {
        "cell": budgets.cell(space, channel, month, today, campaign),
        "total": budgets.total(row.cells[0] for row in rows),
        "month": month,
        "this_month": month_start(today),
        "campaign": campaign,
        "error": error,
        "typed": text,
        "is_update": True,  # the month's total comes along
    }
    return render(request, "campaigns/budget_cell.html", context)


@require_POST
def copy(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Fill the empty cells of a month with the budgets of the month before."""
    space = get_workspace(request, workspace, Permission.MANAGE_BUDGETS)
    campaign = _campaign(space, request.POST.get("campaign", ""))
    month = _month(request.POST.get("month", ""))
    copied = budgets.copy_month(space, request.user, month, campaign)
    if copied:
        text = ngettext("%(count)s budget copied from the month before.", "%(count)s budgets copied from the month before.", copied)
        messages.success(request, text % {"count": copied})
    else:
        messages.info(request, _("Nothing to copy: the month before has no budgets, or this month has them all."))
    return redirect(_grid(space, month, campaign))


def _campaign(space: Workspace, pk: str) -> Campaign | None:
    number = whole(pk)
    return None if number is None else get_object_or_404(Campaign, pk=number, workspace=space)


def _month(text: str, default: date | None = None) -> date:
    """First day of "2026-10" (or of a day in it). Raises Http404 for anything else, unless there is a default for nothing."""
    if not text and default:
        return month_start(default)
    try:
        return month_start(date.fromisoformat(f"{text[:7]}-01"))
    except ValueError as error:
        raise Http404(text) from error


def _grid(space: Workspace, month: date, campaign: Campaign | None) -> str:
    """The address of the grid with `month` in its second column."""
    query = f"?from={add_months(month, -1):%Y-%m}" + (f"&campaign={campaign.pk}" if campaign else "")
    return reverse("campaigns:budgets", args=[space.slug]) + query
