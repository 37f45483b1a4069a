"""Linking platform campaigns to a campaign: what a rule finds, link, unlink and take that back."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from campaigns import matching
from campaigns.models import Campaign, CampaignLink
from channels.models import PlatformCampaign
from mops.lib.numerals import whole
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission

SHOWN = 100


@require_GET
def matches(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """What a rule would find, while it is typed: free ones, and those another campaign has."""
    space = get_workspace(request, workspace, Permission.MANAGE_CAMPAIGNS)
    rule = request.GET.get("name_rule", "")
    found = matching.matches(space, rule).select_related("campaign_link__campaign")
    context = {"rule": rule, "found": found[:SHOWN], "count": found.count(), "is_too_wide": matching.is_too_wide(rule)}
    return render(request, "campaigns/matches.html", context)


@require_GET
def candidates(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Free platform campaigns whose name contains what was typed, to be ticked."""
    space = get_workspace(request, workspace, Permission.MANAGE_CAMPAIGNS)
    campaign = get_object_or_404(Campaign, pk=pk, workspace=space)
    found = matching.suggestions(campaign, request.GET.get("search", ""))[:SHOWN]
    return render(
        request, "campaigns/candidates.html", {"campaign": campaign, "found": found, "search": request.GET.get("search", "")}
    )


@require_POST
def link(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Link the ticked platform campaigns."""
    space = get_workspace(request, workspace, Permission.MANAGE_CAMPAIGNS)
    campaign = get_object_or_404(Campaign, pk=pk, workspace=space)
    ids = [number for value in request.POST.getlist("platform_campaign") if (number := whole(value)) is not None]
    chosen = list(PlatformCampaign.objects.filter(workspace=space, pk__in=ids, campaign_link=None))
    origin = CampaignLink.Origin.RULE if request.POST.get("origin") == "rule" else CampaignLink.Origin.MANUAL
    with transaction.atomic():
        linked = matching.link(campaign, chosen, origin)
        if linked:
            audit.record(space, request.user, "campaign.linked", campaign.name, linked=[str(one) for one in chosen])
    text = ngettext("%(count)s platform campaign linked.", "%(count)s platform campaigns linked.", linked)
    messages.success(request, text % {"count": linked})
    return redirect("campaigns:detail", space.slug, campaign.pk)


@require_POST
def unlink(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Unlink one; the fragment that takes the row's place offers to take it back."""
    space = get_workspace(request, workspace, Permission.MANAGE_CAMPAIGNS)
    found = CampaignLink.objects.select_related("campaign", "platform_campaign")
    undone = get_object_or_404(found, pk=pk, workspace=space)
    with transaction.atomic():
        audit.record(space, request.user, "campaign.unlinked", undone.campaign.name, unlinked=str(undone.platform_campaign))
        undone.delete()
    if request.htmx:
        return render(request, "campaigns/unlinked.html", {"undone": undone})
    messages.success(request, _("The link to %(name)s is removed.") % {"name": undone.platform_campaign})
    return redirect("campaigns:detail", space.slug, undone.campaign_id)
