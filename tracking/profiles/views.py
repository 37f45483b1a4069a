"""Pages of people: look somebody up, see what is known and why, part and join profiles. Every look is in the audit log."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tracking.models import DuplicateSuggestion, Identity, Merge, Profile
from tracking.profiles import comparing, deciding, reading, traits
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission, allows

LATEST, PER_PAGE = 25, 20


class SearchForm(forms.Form):
    identifier = forms.CharField(
        label=gettext_lazy("Identifier"),
        max_length=500,
        help_text=gettext_lazy("E-mail address, telephone number, user id, CRM id, device or anonymous id, complete."),
    )


def sees_clear_text(request: WorkspaceRequest) -> bool:
    return allows(request.member.role, Permission.MANAGE_PROFILES)


@never_cache
@require_GET
def profiles(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The look-up, who was here last, and which identifiers stopped linking."""
    space = get_workspace(request, workspace, Permission.VIEW_PROFILES)
    living = Profile.objects.filter(workspace=space, merged_into=None).order_by("-last_seen")
    guarded = Identity.objects.filter(workspace=space).exclude(guard="")
    context = {
        "form": SearchForm(),
        "profiles": living.prefetch_related("identities")[:LATEST],
        "suggestions": reading.open_suggestions(space)[:100].count(),
        "guarded": guarded.select_related("profile").order_by("-last_at")[:LATEST],
    }
    return render(request, "tracking/profiles/list.html", context)


@require_POST
def search(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Straight to the one profile that has exactly this identifier; a choice where several have it."""
    space = get_workspace(request, workspace, Permission.VIEW_PROFILES)
    form = SearchForm(request.POST)
    found = reading.find(space, form.cleaned_data["identifier"]) if form.is_valid() else []
    audit.record(space, request.user, "profile.searched", ", ".join(str(profile) for profile in found))
    if len(found) == 1:
        return redirect("profiles:profile", space.slug, found[0].uuid)
    context = {"form": form, "profiles": found, "is_search": True}
    return render(request, "tracking/profiles/list.html", context)


@never_cache
@require_GET
def profile(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    """Everything known about a person; a merged profile leads to the one it is part of."""
    space = get_workspace(request, workspace, Permission.VIEW_PROFILES)
    shown = get_object_or_404(Profile.objects.select_related("merged_into"), uuid=uuid, workspace=space)
    if shown.merged_into:
        return redirect("profiles:profile", space.slug, shown.merged_into.uuid)
    clear = sees_clear_text(request)
    audit.record(space, request.user, "profile.viewed", str(shown), clear_text=clear)
    known = reading.identities(space, shown, clear=clear)
    own = [one.identity for one in known]
    sees_consents = allows(request.member.role, Permission.VIEW_CONSENT)
    context = {
        "profile": shown,
        "identities": known,
        "traits": traits.of_profile(space, own, clear=clear),
        "timeline": reading.timeline(space, shown, own, with_consents=sees_consents),
        "merges": reading.merges(shown),
    }
    return render(request, "tracking/profiles/profile.html", context)


@never_cache
@require_GET
def duplicates(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Pairs that may be one person, for a member to decide."""
    space = get_workspace(request, workspace, Permission.MANAGE_PROFILES)
    page = Paginator(reading.open_suggestions(space), PER_PAGE).get_page(request.GET.get("page"))
    pairs = comparing.pairs(space, list(page))
    audit.record(space, request.user, "profile.duplicates_viewed", pairs=len(pairs))
    return render(request, "tracking/profiles/duplicates.html", {"page": page, "pairs": pairs})


@require_POST
def decide(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """One person, or two: `decision` is "confirm" or "dismiss"."""
    space = get_workspace(request, workspace, Permission.MANAGE_PROFILES)
    get_object_or_404(DuplicateSuggestion, pk=pk, workspace=space)
    try:
        if request.POST.get("decision") == "confirm":
            deciding.confirm(space, pk, request.user)
            messages.success(request, _("One profile now. Its page can undo the merge."))
        elif request.POST.get("decision") == "dismiss":
            deciding.dismiss(space, pk, request.user)
            messages.success(request, _("They stay two people."))
    except deciding.UnableToDecide:
        messages.error(request, _("Somebody has decided about this pair meanwhile."))
    return redirect("profiles:duplicates", space.slug)


@require_POST
def undo(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Part two merged profiles again; leads to the one that was brought back."""
    space = get_workspace(request, workspace, Permission.MANAGE_PROFILES)
    merge = get_object_or_404(Merge.objects.select_related("into"), pk=pk, workspace=space)
    try:
        shown = deciding.undo(space, merge.pk, request.user)
        messages.success(request, _("This profile is on its own again. What was refused for one of them stays refused for both."))
    except deciding.UnableToDecide:
        shown = merge.into
        messages.error(request, _("This merge cannot be undone any more."))
    return redirect("profiles:profile", space.slug, shown.uuid)
