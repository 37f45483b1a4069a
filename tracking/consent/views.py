"""The team's pages of consent: purposes and texts, one person's statements, refusals by telephone, imports."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tracking.blind_index import Subject
from tracking.consent import (
    by_hand,
    checking,
    differences,
    files,
    holding,
    imports,
    ledger,
    overview,
    preferences,
    printing,
    proof,
    purpose_changes,
    purposes,
    suppression,
)
from tracking.consent.forms import DecisionForm, FileForm, PersonForm, TextForm
from tracking.consent.purpose_forms import NewPurposeForm, PurposeForm
from tracking.imports.tables import UnableToRead
from tracking.models import ChainHead, ConsentText, Purpose, Release, Suppression
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.downloads import hand_out
from workspaces.models import Workspace
from workspaces.permissions import Permission


@require_GET
def index(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Purposes with their numbers, open confirmations, and the look-up of a person."""
    space = get_workspace(request, workspace, Permission.VIEW_CONSENT)
    context = {
        "rows": overview.purpose_rows(space),
        "pending": overview.pending(space),
        "by_hand": by_hand.destinations(space),
        "head": ChainHead.objects.filter(workspace=space).first(),
        "checked": checking.latest(space),
        "unknown": overview.unknown_purposes(space),
        "form": PersonForm(workspace=space),
    }
    return render(request, "consent/overview.html", context)


@require_POST
def begin(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Make the usual purposes."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONSENT)
    purposes.ensure(space)
    audit.record(space, request.user, "consent.purposes_made", space.name)
    return redirect("consent:overview", space.slug)


@require_http_methods(["GET", "POST"])
def purpose(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The versions of a purpose's texts with what changed; publishing needs more than looking."""
    needed = Permission.MANAGE_CONSENT if request.method == "POST" else Permission.VIEW_CONSENT
    space = get_workspace(request, workspace, needed)
    shown = get_object_or_404(Purpose, pk=pk, workspace=space)
    form = TextForm(request.POST or None, initial={"language": space.language})
    if form.is_valid():
        text = purposes.publish(shown, form.cleaned_data["language"], form.cleaned_data["text"], by=request.user)
        messages.success(request, _("Published as version %(version)s.") % {"version": text.version})
        return redirect("consent:purpose", space.slug, shown.pk)
    return render(request, "consent/purpose.html", {"purpose": shown, "form": form, "versions": _versions(shown)})


@require_http_methods(["GET", "POST"])
def add_purpose(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """One of a platform, or of the team's own."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONSENT)
    form = NewPurposeForm(request.POST or None, instance=Purpose(workspace=space))
    if form.is_valid():
        added = purpose_changes.add(form.save(commit=False), by=request.user)
        messages.success(request, _("The purpose is there. Publish its text, and people can be asked."))
        return redirect("consent:purpose", space.slug, added.pk)
    return render(request, "consent/purpose_form.html", {"form": form})


@require_http_methods(["GET", "POST"])
def edit_purpose(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Names, validity, legal basis; its key stands in statements and stays."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONSENT)
    shown = get_object_or_404(Purpose.objects.select_related("workspace"), pk=pk, workspace=space)
    form = PurposeForm(request.POST or None, instance=shown)
    if form.is_valid():
        purpose_changes.change(shown, form.values(), by=request.user)
        messages.success(request, _("Saved."))
        return redirect("consent:purpose", space.slug, shown.pk)
    return render(request, "consent/purpose_form.html", {"form": form, "key": shown.key, "purpose": shown})


def _versions(shown: Purpose) -> list[dict[str, Any]]:
    """Newest first per language, each with its difference from the one before."""
    texts = list(ConsentText.objects.filter(purpose=shown).order_by("language", "-version"))
    before = {(text.language, text.version + 1): text.text for text in texts}
    return [
        {
            "text": text,
            "pieces": differences.words(before.get((text.language, text.version), ""), text.text) if text.version > 1 else [],
        }
        for text in texts
    ]


@never_cache
@require_http_methods(["GET", "POST"])
def person(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Look somebody up. By POST, so that the identifier stands in no address, log or history."""
    space = get_workspace(request, workspace, Permission.VIEW_CONSENT)
    form = PersonForm(request.POST or None, workspace=space)
    context: dict[str, Any] = {"form": form}
    if form.is_valid() and form.subject:
        audit.record(space, request.user, "consent.person_viewed", form.subject.index[:12])
        context |= _person(space, form.subject)
    return render(request, "consent/person.html", context)


def _person(space: Workspace, subject: Subject) -> dict[str, Any]:
    known = holding.known(space, subject)
    releases = Release.objects.filter(workspace=space, subject__in=known.numbers).select_related("purpose").order_by("-at")
    entries = [(entry, known.name(entry.event.subject)) for entry in proof.timeline(space, *known.subjects)]
    return {
        "subject": subject,
        "preference_link": preferences.link(space, subject),
        "linked": [known.name(other.index) for other in known.subjects[1:]],
        "states": holding.lines(space, known),
        "entries": entries,
        "releases": releases[:100],
        "suppression": next(iter(holding.suppressions(space, known)), None),
    }


@never_cache
@require_POST
def proof_pdf(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The printable proof of one person."""
    space = get_workspace(request, workspace, Permission.VIEW_CONSENT)
    form = PersonForm(request.POST, workspace=space)
    if not form.is_valid() or form.subject is None:
        return render(request, "consent/person.html", {"form": form}, status=400)
    page, person = printing.pdf(space, form.subject, form.cleaned_data["identifier"]), form.subject.index[:12]
    answer = HttpResponse(page, content_type="application/pdf")
    return hand_out(answer, f"consent-proof-{person}.pdf", space, request.user, "consent.proof_printed", person)


@never_cache
@require_POST
def refuse(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Note that a person withdrew, or never wants to be reached again."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONSENT)
    form = DecisionForm(request.POST, workspace=space)
    context: dict[str, Any] = {"form": PersonForm(request.POST, workspace=space), "decision": form}
    if not form.is_valid() or form.subject is None:
        context |= _person(space, form.subject) if form.subject else {}
        return render(request, "consent/person.html", context, status=400)
    subject, actor, said = form.subject, str(request.user), {"reason": form.cleaned_data["reason"]}
    if form.cleaned_data["action"] == DecisionForm.SUPPRESS:
        suppression.suppress(space, subject, Suppression.Reason.OBJECTION, actor=actor, proof=said)
        audit.record(space, request.user, "consent.suppressed", subject.index[:12])
    else:
        keys = [chosen.key for chosen in form.cleaned_data["purposes"]]
        ledger.withdraw(space, subject, keys, source="member", proof=said, actor=actor)
        audit.record(space, request.user, "consent.withdrawn", subject.index[:12], purposes=keys)
    messages.success(request, _("Noted. Nothing leaves for this any more, and what left is being taken back."))
    return render(request, "consent/person.html", {"form": context["form"], **_person(space, subject)})


@never_cache
@require_http_methods(["GET", "POST"])
def removals(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Whom to take out of a list that no connector can change, and that it was done."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONSENT)
    given = request.POST if request.method == "POST" else request.GET
    destination = given.get("destination", "")
    if request.method == "POST":
        chosen = [int(pk) for pk in request.POST.getlist("releases") if pk.isdigit()]
        count = by_hand.done(space, request.user, destination, chosen)
        messages.success(request, ngettext("%(number)s removal noted.", "%(number)s removals noted.", count) % {"number": count})
        return redirect(f"{reverse('consent:removals', args=[space.slug])}?{urlencode({'destination': destination})}")
    audit.record(space, request.user, "consent.removals_viewed", destination)
    context = {"destination": destination, "lines": by_hand.lines(space, destination)}
    return render(request, "consent/removals.html", context)


@require_http_methods(["GET", "POST"])
def import_file(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Consents from another tool; what lacks proof is kept as such."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONSENT)
    form, outcome = FileForm(request.POST or None, request.FILES or None), None
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            outcome = imports.store(space, file.read(), file.name, by=request.user)
        except UnableToRead as error:
            form.add_error("file", str(error))
        else:
            granted = outcome.granted
            messages.success(
                request, ngettext("%(number)s proven consent.", "%(number)s proven consents.", granted) % {"number": granted}
            )
    context = {
        "form": form, "outcome": outcome, "proof": imports.PROOF, "sample": files.sample_address(),
        "columns": [(field, files.EXAMPLE[field.name]) for field in files.FIELDS], "words": files.WORDS.values(),
    }  # fmt: skip
    return render(request, "consent/import.html", context)
