"""Which channel each platform campaign counts to, and the names it has had."""

from collections import defaultdict

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels import entities
from channels.forms import ChannelForm
from channels.models import EntityName, PlatformCampaign
from channels.taxonomy import channel_choices, channel_label
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission

PER_PAGE = 50


@require_GET
def index(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.VIEW_CONNECTIONS)
    wanted, channel = request.GET.get("q", "").strip(), request.GET.get("channel", "")
    campaigns = PlatformCampaign.objects.filter(workspace=space).select_related("account").order_by("account__name", "name", "pk")
    if wanted:
        campaigns = campaigns.filter(Q(name__icontains=wanted) | Q(external_id=wanted))
    if channel:
        campaigns = campaigns.filter(channel=channel)
    page = Paginator(campaigns, PER_PAGE).get_page(request.GET.get("page"))
    names = _earlier_names(list(page.object_list))
    context = {"page": page, "rows": [(campaign, names[campaign.pk]) for campaign in page], "choices": channel_choices(),
               "wanted": wanted, "channel": channel}  # fmt: skip
    return render(request, "channels/campaigns.html", context)


def _earlier_names(campaigns: list[PlatformCampaign]) -> dict[int, list[EntityName]]:
    """Campaign id → the names before the present one, newest first."""
    found: dict[int, list[EntityName]] = defaultdict(list)
    ids = [campaign.pk for campaign in campaigns]
    for name in EntityName.objects.filter(level="campaign", entity_id__in=ids).order_by("-seen_at"):
        found[name.entity_id].append(name)
    return defaultdict(list, {campaign: names[1:] for campaign, names in found.items()})


@require_POST
def classify(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Put a campaign into a channel by hand; pulls leave it there and all its days move with it."""
    space = get_workspace(request, workspace, Permission.MANAGE_CAMPAIGNS)
    campaign = get_object_or_404(PlatformCampaign, workspace=space, pk=pk)
    form = ChannelForm(request.POST)
    if form.is_valid():
        before = campaign.channel
        with transaction.atomic():
            entities.classify(campaign, form.cleaned_data["channel"])
            audit.record(space, request.user, "platform_campaign.classified", campaign.name, before=before, after=campaign.channel)
        said = {"name": campaign.name, "channel": channel_label(campaign.channel)}
        messages.success(request, _("%(name)s now counts to %(channel)s, its past too.") % said)
    else:
        messages.error(request, _("That channel does not exist."))
    query = request.POST.get("query", "")
    response = redirect("channels:campaigns", space.slug)
    response["Location"] += f"?{query}" if query else ""
    return response
