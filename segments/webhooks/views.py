"""Pages of webhooks: endpoints, their secret once, what was delivered, what was given up and can be sent again."""

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mops.lib.crypto import seal
from segments.models import Delivery, Endpoint, EndpointSegment
from segments.webhooks import sending, signing
from segments.webhooks.forms import EndpointForm
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

State = Endpoint.State
LATEST = 100  # deliveries shown
MANAGE = Permission.MANAGE_SEGMENTS


@require_GET
def index(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, MANAGE)
    dead = Count("deliveries", filter=Q(deliveries__state=Delivery.State.DEAD), distinct=True)
    waiting = Count("deliveries", filter=Q(deliveries__state=Delivery.State.WAITING), distinct=True)
    endpoints = Endpoint.objects.filter(workspace=space).annotate(dead=dead, waiting=waiting).prefetch_related("segments")
    return render(request, "segments/webhooks/list.html", {"endpoints": endpoints.order_by("name")})


@require_http_methods(["GET", "POST"])
def create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The secret is shown on the page that answers, and never again."""
    space = get_workspace(request, workspace, MANAGE)
    form = EndpointForm(request.POST or None, workspace=space)
    if not form.is_valid():
        return render(request, "segments/webhooks/form.html", {"form": form})
    secret = signing.new_secret()
    form.instance.created_by = request.user
    form.instance.sealed_secret = seal({"secret": secret}, sending.owner(form.instance))
    _save(request, space, form, "webhook.created")
    return render(request, "segments/webhooks/created.html", {"endpoint": form.instance, "secret": secret})


@require_http_methods(["GET", "POST"])
def edit(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, MANAGE)
    endpoint = get_object_or_404(Endpoint, pk=pk, workspace=space)
    form = EndpointForm(request.POST or None, workspace=space, instance=endpoint)
    if not form.is_valid():
        return render(request, "segments/webhooks/form.html", {"form": form, "endpoint": endpoint})
    _save(request, space, form, "webhook.changed")
    messages.success(request, _("Saved."))
    return redirect("webhooks:detail", space.slug, pk)


@transaction.atomic
def _save(request: WorkspaceRequest, space: Workspace, form: EndpointForm, action: str) -> None:
    endpoint = form.save(commit=False)
    endpoint.save()
    EndpointSegment.objects.filter(endpoint=endpoint).exclude(segment__in=form.cleaned_data["segments"]).delete()
    for segment in form.cleaned_data["segments"]:
        EndpointSegment.objects.get_or_create(workspace=space, endpoint=endpoint, segment=segment)
    audit.record(space, request.user, action, endpoint.name, url=endpoint.url)


@require_GET
def detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, MANAGE)
    endpoint = get_object_or_404(Endpoint, pk=pk, workspace=space)
    found = Delivery.objects.filter(endpoint=endpoint).select_related("segment").order_by("-pk")
    context = {
        "endpoint": endpoint,
        "segments": endpoint.segments.order_by("name"),
        "deliveries": found[:LATEST],
        "dead": found.filter(state=Delivery.State.DEAD).count(),
    }
    return render(request, "segments/webhooks/detail.html", context)


@require_POST
def pause(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    return _set(request, get_workspace(request, workspace, MANAGE), pk, State.PAUSED, "webhook.paused")


@require_POST
def resume(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What waited goes out; entries and exits of the pause were not noted."""
    return _set(request, get_workspace(request, workspace, MANAGE), pk, State.ACTIVE, "webhook.resumed")


def _set(request: WorkspaceRequest, space: Workspace, pk: int, state: str, action: str) -> HttpResponse:
    endpoint = get_object_or_404(Endpoint, pk=pk, workspace=space)
    with transaction.atomic():
        Endpoint.objects.filter(pk=pk).update(state=state)
        audit.record(space, request.user, action, endpoint.name)
    return redirect("webhooks:detail", space.slug, pk)


@require_POST
def delete(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, MANAGE)
    endpoint = get_object_or_404(Endpoint, pk=pk, workspace=space)
    with transaction.atomic():
        audit.record(space, request.user, "webhook.deleted", endpoint.name, url=endpoint.url)
        endpoint.delete()
    messages.success(request, _("The endpoint is deleted. Who was sent there stays in the ledger of releases."))
    return redirect("webhooks:list", space.slug)


@require_POST
def again(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Try everything that was given up."""
    space = get_workspace(request, workspace, MANAGE)
    endpoint = get_object_or_404(Endpoint, pk=pk, workspace=space)
    given_up = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.DEAD)
    with transaction.atomic():
        audit.record(space, request.user, "webhook.sent_again", endpoint.name, messages=sending.send_again(given_up))
    messages.success(request, _("What was given up is being sent again."))
    return redirect("webhooks:detail", space.slug, pk)
