"""The panel beside the rule: how many people, how many of them reachable, the rule in words, some people for example."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from mops.lib import clock
from mops.lib.numerals import whole
from segments import naming, preview, versions
from segments.models import Segment
from segments.pages import posted, showing
from segments.pages.people import Person, people
from segments.preview import Counted, TooSlow
from segments.rules.grammar import Rule
from segments.rules.sentence import sentence
from tracking.models import Purpose
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import AuditEvent, Workspace
from workspaces.permissions import Permission, allows

LOOK = timedelta(minutes=10)  # looks at clear identifiers while one segment is edited are one entry of the audit log


class Words(NamedTuple):
    language: str
    name: str
    text: str


@dataclass
class Panel:
    is_empty: bool = False
    counted: Counted | None = None
    purpose: Purpose | None = None
    note: str = ""
    goes_on: bool = False  # the exact number is still to come
    problems: list[tuple[str, list[str]]] = field(default_factory=list)  # place of the condition as people count, and what is wrong
    words: Words | None = None
    other_words: Words | None = None
    people: Sequence[Person] = ()

    @property
    def is_final(self) -> bool:
        return not self.goes_on


@never_cache
@require_POST
def view(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The panel of the rule in the form; with `exact` counted among everybody."""
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    segment = _edited(space, request.GET.get("segment", ""))
    builder = posted.read(request.POST)
    shown = panel(
        request, space, showing.read(builder.draft), request.POST.get("purpose", ""),
        exact="exact" in request.POST, segment=segment,
    )  # fmt: skip
    context = {
        "panel": shown,
        "builder": builder,
        "builder_url": _builder_url(space, segment),
        "preview_url": request.get_full_path(),
    }
    page = "segments/builder/panel.html" if request.htmx else "segments/builder/preview.html"
    return render(request, page, context | {"with_history": True})


def _edited(space: Workspace, pk: str) -> int:
    """Id of the segment whose rule is being edited, 0 for a new one."""
    return Segment.objects.filter(workspace=space, pk=whole(pk) or 0).values_list("pk", flat=True).first() or 0


def _builder_url(space: Workspace, segment: int) -> str:
    return reverse("segments:edit", args=[space.slug, segment]) if segment else reverse("segments:new", args=[space.slug])


def panel(
    request: WorkspaceRequest, space: Workspace, read: showing.Read, purpose: str, *, exact: bool = False, segment: int = 0
) -> Panel:
    if read.is_empty:
        return Panel(is_empty=True)
    if read.rule is None:
        problems = [(_place(place), texts) for place, texts in read.problems.items()]
        return Panel(note=_("Complete the conditions to count."), problems=problems)
    shown = Panel(purpose=Purpose.objects.filter(workspace=space, pk=whole(purpose) or 0).first())
    shown.words, shown.other_words = _words(space, read.rule)
    try:
        shown.counted = preview.count(space, read.rule, clock.now(), purpose=shown.purpose, exact=exact, segment=segment)
    except TooSlow:
        shown.note = _("Counting this takes longer than 20 seconds. It can be saved all the same and is built in the background.")
        return shown
    except versions.UNABLE as error:
        shown.problems.append(("", [str(error)]))
        return shown
    versions.remember(space, read.rule, size=shown.counted.size, ms=shown.counted.build_ms)
    shown.goes_on = not shown.counted.is_exact
    shown.people = _people(request, space, shown.counted.people, segment)
    return shown


def _place(place: tuple[int, int] | None) -> str:
    return f"{place[0] + 1}.{place[1] + 1}" if place else ""


def _words(space: Workspace, rule: Rule) -> tuple[Words, Words]:
    """The rule in the reader's language, and in the other."""
    first = (get_language() or "en")[:2]
    labels = dict(settings.LANGUAGES)
    found = []
    for language in sorted(labels, key=lambda code: code != first):
        with override(language):
            found.append(Words(language, str(labels[language]), sentence(rule, naming.names(space, rule))))
    return found[0], found[1]


def _people(request: WorkspaceRequest, space: Workspace, ids: Sequence[int], segment: int) -> list[Person]:
    if not allows(request.member.role, Permission.VIEW_PROFILES):
        return []
    clear = allows(request.member.role, Permission.MANAGE_PROFILES)
    found = people(space, ids, clear=clear)
    if clear and found and not _looked_lately(request, space):
        audit.record(space, request.user, "segment.people_previewed", str(segment or ""), people=len(found))
    return found


def _looked_lately(request: WorkspaceRequest, space: Workspace) -> bool:
    since = clock.now() - LOOK
    looks = AuditEvent.objects.filter(workspace=space, actor=request.user, action="segment.people_previewed", at__gte=since)
    return looks.exists()
