"""Pages of sources."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tracking import ledger, replay
from tracking.collector import sources as remembered
from tracking.models import Rejection, Source
from tracking.source_pages import live as debugger
from tracking.source_pages import snippet
from tracking.source_pages.forms import SourceForm
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

STATES = [
    ("", gettext_lazy("All")),
    ("stored", gettext_lazy("Stored")),
    ("pending", gettext_lazy("Waiting")),
    (debugger.REFUSED, gettext_lazy("Refused")),
]

ABOUT = {  # icon, and what it is for
    Source.Kind.BROWSER: ("globe", gettext_lazy("Pages that people visit, measured by a script with their consent.")),
    Source.Kind.SERVER: ("server", gettext_lazy("Your own programs and apps, over HTTP or a client library.")),
    Source.Kind.SHOP: ("shopping-bag", gettext_lazy("Orders and refunds of Shopify and WooCommerce.")),
    Source.Kind.WEBHOOK: ("webhook", gettext_lazy("Signed messages of any other system, by a mapping.")),
    Source.Kind.IMPORT: ("upload", gettext_lazy("Contacts and events out of files.")),
}


@require_GET
def sources(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """All sources with what they brought in the last days."""
    space = get_workspace(request, workspace, Permission.VIEW_CONNECTIONS)
    found = list(Source.objects.filter(workspace=space).order_by("name"))
    rows = [(source, ledger.total(ledger.of_source(source, 7))) for source in found]
    return render(request, "tracking/sources/list.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
def new(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The kind is chosen first (?kind=…): each asks for its own."""
    space = get_workspace(request, workspace, Permission.MANAGE_SOURCES)
    asked = request.POST.get("kind") or request.GET.get("kind", "")
    kind = Source.Kind(asked) if asked in Source.Kind.values else Source.Kind.BROWSER
    form = SourceForm(request.POST or None, instance=Source(workspace=space, created_by=request.user, kind=kind))
    context = {"form": form, "kinds": [(one, *ABOUT[one]) for one in Source.Kind]}
    return _saved(request, space, form, "source.created") or render(request, "tracking/sources/form.html", context)


@require_http_methods(["GET", "POST"])
def change(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_SOURCES)
    shown = get_object_or_404(Source, pk=pk, workspace=space)
    form = SourceForm(request.POST or None, instance=shown)
    answer = _saved(request, space, form, "source.changed")
    return answer or render(request, "tracking/sources/form.html", {"form": form, "source": shown})


def _saved(request: WorkspaceRequest, space: Workspace, form: SourceForm, action: str) -> HttpResponse | None:
    if not form.is_valid() or _name_taken(form, space):
        return None
    with transaction.atomic():
        source = form.save()
        audit.record(space, request.user, action, source.name, changed=[name for name in form.changed_data if name != "secret"])
    remembered.forget()
    messages.success(request, _("Saved."))
    return redirect("sources:source", space.slug, source.pk)


def _name_taken(form: SourceForm, space: Workspace) -> bool:
    taken = Source.objects.filter(workspace=space, name=form.cleaned_data["name"]).exclude(pk=form.instance.pk).exists()
    if taken:
        form.add_error("name", _("There is a source with this name already."))
    return taken


@require_GET
def source(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """How to send, the books of the last days, and what was refused and why."""
    space = get_workspace(request, workspace, Permission.VIEW_CONNECTIONS)
    shown = get_object_or_404(Source, pk=pk, workspace=space)
    lines = ledger.of_source(shown)
    refused = Rejection.objects.filter(source=shown, replayed_at=None).order_by()
    reasons = [
        {"code": reason, "label": Rejection.Reason(reason).label, "number": number, "can_replay": reason not in replay.HOPELESS}
        for reason, number in refused.values_list("reason").annotate(number=Count("pk")).order_by("-number")
    ]
    hooked = shown.kind in (Source.Kind.SHOP, Source.Kind.WEBHOOK)
    address = f"{settings.SITE_URL}/v1/hooks/{shown.write_key}" if hooked else f"{settings.COLLECTOR_URL}/v1/batch"
    context = {
        "source": shown,
        "lines": lines,
        "total": ledger.total(lines),
        "reasons": reasons,
        "address": address,
        "hooked": hooked,
        **(_snippet(request, shown) if shown.kind == Source.Kind.BROWSER else {}),
    }
    return render(request, "tracking/sources/source.html", context)


def _snippet(request: WorkspaceRequest, shown: Source) -> dict[str, object]:
    manager = request.GET.get("manager", "")
    manager = manager if manager in snippet.MANAGERS else snippet.BANNER
    head, footer = snippet.head(shown.write_key, manager), snippet.footer(manager)
    return {"managers": snippet.MANAGERS.items(), "manager": manager, "head": head, "footer": footer}


@require_POST
def set_state(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Pause or go on. A paused source's key is unknown: nothing is taken and nothing kept."""
    space = get_workspace(request, workspace, Permission.MANAGE_SOURCES)
    shown = get_object_or_404(Source, pk=pk, workspace=space)
    state = Source.State.ACTIVE if shown.state == Source.State.PAUSED else Source.State.PAUSED
    with transaction.atomic():
        Source.objects.filter(pk=shown.pk).update(state=state)
        audit.record(space, request.user, "source.changed", shown.name, state=state.value)
    remembered.forget()
    return redirect("sources:source", space.slug, shown.pk)


@require_POST
def replay_refused(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Try the refusals with one reason again."""
    space = get_workspace(request, workspace, Permission.MANAGE_SOURCES)
    shown = get_object_or_404(Source, pk=pk, workspace=space)
    result = replay.replay_all(shown, request.POST.get("reason", ""))
    text = _("%(accepted)s events taken, %(duplicate)s were there already; what is left was refused again.")
    messages.info(request, text % result._asdict())
    return redirect("sources:source", space.slug, shown.pk)


@require_GET
def live(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The debugger: it shows what people did, so it takes the right to manage sources."""
    space = get_workspace(request, workspace, Permission.MANAGE_SOURCES)
    shown = get_object_or_404(Source, pk=pk, workspace=space)
    asked = {"name": request.GET.get("name", "").strip()[:200], "state": request.GET.get("state", "")}
    asked["state"] = asked["state"] if asked["state"] in dict(STATES) else ""
    context = {
        "source": shown,
        "arrivals": debugger.arrivals(shown, **asked),
        "names": [] if request.htmx else debugger.names(shown),
        "states": STATES,
        "chosen": urlencode({key: value for key, value in asked.items() if value}),
        **asked,
    }
    return render(request, "tracking/sources/live.html" + ("#arrivals" if request.htmx else ""), context)
