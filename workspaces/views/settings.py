"""Settings of a workspace: what it counts in, its API keys, its audit log."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from workspaces import api_keys as keys
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.audit_log import actions, as_csv, filtered
from workspaces.downloads import hand_out
from workspaces.forms import ApiKeyForm, AuditFilter, WorkspaceForm
from workspaces.models import ApiKey
from workspaces.permissions import Permission

PER_PAGE = 50


@require_http_methods(["GET", "POST"])
def general(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_WORKSPACE)
    form = WorkspaceForm(request.POST or None, instance=space)
    if form.is_valid():
        with transaction.atomic():
            form.save()
            changed = {name: {"before": form.initial[name], "after": form.cleaned_data[name]} for name in form.changed_data}
            audit.record(space, request.user, "workspace.changed", space.name, **changed)
        messages.success(request, _("Saved."))
        return redirect("workspaces:general", space.slug)
    return render(request, "workspaces/general.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def api_keys(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The list and the form. A new key is in this one answer and nowhere else."""
    space = get_workspace(request, workspace, Permission.MANAGE_API_KEYS)
    form = ApiKeyForm(request.POST or None)
    context: dict[str, Any] = {}
    if form.is_valid():
        key, secret = keys.create(space, request.user, **form.cleaned_data)
        form = ApiKeyForm()
        context = {"new_key": key, "secret": secret}
    listed = ApiKey.objects.filter(workspace=space).select_related("created_by").order_by("revoked_at", "-created_at")
    return render(request, "workspaces/api_keys.html", context | {"form": form, "keys": listed})


@require_POST
def revoke_api_key(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_API_KEYS)
    key = get_object_or_404(ApiKey, pk=pk, workspace=space)
    keys.revoke(key, request.user)
    messages.success(request, _("%(name)s no longer works.") % {"name": key.name})
    return redirect("workspaces:api_keys", space.slug)


@require_GET
def audit_log(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.VIEW_AUDIT)
    form = AuditFilter(request.GET, actions=actions(space))
    page = Paginator(filtered(space, form), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "workspaces/audit_log.html", {"form": form, "page": page})


@require_GET
def audit_log_csv(request: WorkspaceRequest, workspace: str) -> StreamingHttpResponse:
    """The filtered log for a spreadsheet; the export is itself an entry."""
    space = get_workspace(request, workspace, Permission.VIEW_AUDIT)
    form = AuditFilter(request.GET, actions=actions(space))
    rows = filtered(space, form)
    response = StreamingHttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8")
    asked = dict(request.GET.items())
    return hand_out(response, f"audit-{space.slug}.csv", space, request.user, "audit.exported", rows=rows.count(), details=asked)
