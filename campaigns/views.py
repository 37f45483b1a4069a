"""Pages of campaigns: list, create, edit, archive, detail."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import matching
from campaigns.actuals import spend_by_campaign, spend_by_platform_campaign
from campaigns.budgets import planned_by_campaign
from campaigns.forms import CampaignForm
from campaigns.models import Campaign
from campaigns.pacing import of_month
from mops.lib import clock
from mops.lib.period import PRESETS, Period, add_months, month_start
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

SHOWN_SUGGESTIONS = 100
Status = Campaign.Status


@require_GET
def index(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """All campaigns with this month's pacing; archived ones only when asked for."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    every = Campaign.objects.filter(workspace=space)
    status = request.GET.get("status", "")
    shown = every.filter(status=status) if status in Status.values else every.exclude(status=Status.ARCHIVED)
    shown = shown.select_related("owner").annotate(linked=Count("links")).order_by("name")
    context = {
        "rows": _with_pacing(space, shown),
        "status": status,
        "statuses": Status.choices,
        "has_campaigns": bool(shown) or every.exists(),
    }
    return render(request, "campaigns/list.html" + ("#list" if request.htmx else ""), context)


def _with_pacing(space: Workspace, campaigns: QuerySet[Campaign]) -> list[dict[str, Any]]:
    """Each campaign with plan and spend of the running month up to yesterday."""
    today = clock.today(space.time_zone)
    month = month_start(today)
    planned = planned_by_campaign(space, month)
    spend = spend_by_campaign(space, Period(month, today)) if today > month else {}
    return [
        {
            "campaign": campaign,
            "pacing": of_month(month, today, planned.get(campaign.pk), _spend_of(campaign.pk, campaign.linked, spend)),  # type: ignore[attr-defined]
        }
        for campaign in campaigns
    ]  # fmt: skip


def _spend_of(pk: int, linked: int, spend: dict[int, Decimal | None]) -> Decimal | None:
    """A campaign with platform campaigns but no rows spent nothing; without any, its spend is unknown."""
    return spend.get(pk, Decimal(0) if linked else None)


@require_http_methods(["GET", "POST"])
def create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_CAMPAIGNS)
    form = CampaignForm(request.POST or None, workspace=space, initial={"owner": request.user.pk})
    if form.is_valid():
        with transaction.atomic():
            campaign = form.save()
            audit.record(space, request.user, "campaign.created", campaign.name)
        messages.success(request, _("The campaign is created. Now link its platform campaigns."))
        return redirect("campaigns:detail", space.slug, campaign.pk)
    return render(request, "campaigns/form.html", {"form": form})


@require_http_methods(["GET", "POST"])
def edit(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_CAMPAIGNS)
    campaign = get_object_or_404(Campaign, pk=pk, workspace=space)
    form = CampaignForm(request.POST or None, workspace=space, instance=campaign)
    if form.is_valid():
        with transaction.atomic():
            form.save()
            audit.record(space, request.user, "campaign.changed", campaign.name, **form.changes())
        messages.success(request, _("Saved."))
        return redirect("campaigns:detail", space.slug, campaign.pk)
    return render(request, "campaigns/form.html", {"form": form, "campaign": campaign})


@require_POST
def archive(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Out of the lists, with everything kept; its platform campaigns stay linked, so that past numbers stay the same."""
    return _set_status(request, workspace, pk, Status.ARCHIVED, "campaign.archived", _("The campaign is archived."))


@require_POST
def restore(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    return _set_status(request, workspace, pk, Status.PAUSED, "campaign.restored", _("The campaign is back, paused."))


def _set_status(request: WorkspaceRequest, workspace: str, pk: int, status: str, action: str, text: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_CAMPAIGNS)
    campaign = get_object_or_404(Campaign, pk=pk, workspace=space)
    with transaction.atomic():
        if Campaign.objects.filter(pk=campaign.pk).exclude(status=status).update(status=status):
            audit.record(space, request.user, action, campaign.name)
    messages.success(request, text)
    return redirect("campaigns:detail", space.slug, campaign.pk)


@require_GET
def detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Goals, this month's pacing, linked platform campaigns, and what the name rule still finds."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    campaign = get_object_or_404(Campaign.objects.select_related("owner"), pk=pk, workspace=space)
    today = clock.today(space.time_zone)
    month = month_start(today)
    links = list(campaign.links.select_related("platform_campaign__account").order_by("platform_campaign__name"))
    ids, period = [link.platform_campaign_id for link in links], PRESETS["30d"](today)
    spend = spend_by_platform_campaign(space, period, ids)
    this_month = spend_by_campaign(space, Period(month, today)) if today > month else {}
    context = {
        "campaign": campaign,
        "links": [(link, spend.get(link.platform_campaign_id, Decimal(0))) for link in links],
        "period": period,
        "pacing": of_month(month, today, planned_by_campaign(space, month).get(campaign.pk),
                           _spend_of(campaign.pk, len(links), this_month)),
        "month": month,
        "suggestions": matching.suggestions(campaign)[:SHOWN_SUGGESTIONS],
        "next_month": add_months(month, 1),
    }  # fmt: skip
    return render(request, "campaigns/detail.html", context)
