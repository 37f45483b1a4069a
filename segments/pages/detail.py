"""One segment: its rule in words, its course, who comes and goes and why; below, what its members are worth."""

from collections import Counter
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from channels.taxonomy import CHANNELS
from mops.lib import clock
from segments import figures as worthing
from segments import versions
from segments.models import Cause, Flag, ListEntry, Membership, PastMembership, Segment, SegmentDay
from segments.pages.charts import Chart, over_time
from segments.pages.forms import PeopleForm
from segments.pages.showing import in_words
from segments.pages.states import build_context, found
from segments.rules.parsing import BadRule
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

COURSE = 90  # days of the chart
RECENT = 30  # days whose entries and exits are explained


@never_cache
@require_GET
def view(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.VIEW_SEGMENTS)
    segment = found(space, pk)
    newest = versions.newest(segment)
    context = {
        "segment": segment,
        "newest": newest,
        "words": _words(space, segment),
        "flags": [(flag, advice(flag)) for flag in Flag.objects.filter(segment=segment, closed_at=None).order_by("-found_at")],
        "chart": _chart(space, segment),
        "causes": causes(segment, clock.now() - timedelta(days=RECENT)),
        "recent_days": RECENT,
        "people_form": PeopleForm(),
        "entries": ListEntry.objects.filter(segment=segment).count() if segment.kind == Segment.Kind.LIST else None,
        **build_context(segment),
    }
    return render(request, "segments/detail.html", context)


def _words(space: Workspace, segment: Segment) -> str:
    """The rule whose members are shown; before the first build the one that is being built."""
    shown = segment.version or versions.newest(segment)
    if shown is None:
        return ""
    try:
        return in_words(space, versions.rule(shown))
    except BadRule:
        return _("This rule cannot be read any more.")


def advice(flag: Flag) -> str:
    """What to do about what was found."""
    match flag.kind:
        case Flag.Kind.EMPTY:
            return _("Nobody fits the rule. Widen its numbers or periods, or archive it.")
        case Flag.Kind.GREW:
            return _("Look at the newest version and at what the sources sent: a rule or an event may mean something else now.")
        case Flag.Kind.CORRECTED:
            return _("The nightly check found members that a fresh evaluation would not have. They are right again.")
        case Flag.Kind.NO_LIFT:
            return _("Who got nothing bought just as much. Try another message, or save the effort.")
        case _:
            return _("It stands still. Correct the rule and save it, then it is built again.")


def _chart(space: Workspace, segment: Segment) -> Chart | None:
    """The closed days, and today as it is now."""
    today = clock.today(space.time_zone)
    since = today - timedelta(days=COURSE)
    days = list(SegmentDay.objects.filter(segment=segment, day__gte=since, day__lt=today).order_by("day"))
    if segment.size is None:
        return over_time(days, space.currency) if days else None
    midnight = datetime.combine(today, time(), ZoneInfo(space.time_zone))
    entered = Membership.objects.filter(segment=segment, since__gte=midnight).count()
    past = PastMembership.objects.filter(segment=segment, until__gte=midnight)
    days.append(
        SegmentDay(day=today, size=segment.size, entered=entered + past.filter(since__gte=midnight).count(), left=past.count())
    )
    return over_time(days, space.currency)


def causes(segment: Segment, since: datetime) -> list[tuple[str, int, int]]:
    """Why people came and went since then: cause, entries, exits."""
    came: Counter[str] = Counter()
    went: Counter[str] = Counter()
    past = PastMembership.objects.filter(segment=segment, until__gte=since)
    entries = (Membership.objects.filter(segment=segment, since__gte=since), past.filter(since__gte=since))
    for rows in entries:
        came.update(dict(rows.order_by().values_list("cause").annotate(Count("profile_id"))))
    went.update(dict(past.order_by().values_list("end_cause").annotate(Count("profile_id"))))
    return [(str(cause.label), came[cause], went[cause]) for cause in Cause if came[cause] or went[cause]]


@never_cache
@require_GET
def figures(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What the members are worth and where they come from: a page, and the part of one that is fetched later."""
    space = get_workspace(request, workspace, Permission.VIEW_SEGMENTS)
    segment = found(space, pk)
    now = clock.now()
    origin = worthing.origin(segment, now)
    worth = worthing.worth(segment, now)
    context = {
        "segment": segment,
        "worth": worth,
        "sales": [(channel_name(one.channel), one) for one in worth.channels],
        "goals": worthing.goals(segment, now),
        "origin": origin,
        "origin_channels": [(channel_name(one.key), one) for one in origin.channels],
        "origin_countries": [(one.key or _("unknown"), one) for one in origin.countries],
        "is_sampled": origin.sampled < (segment.size or 0),
    }
    return render(request, "segments/figures_cards.html" if request.htmx else "segments/figures.html", context)


def channel_name(code: str) -> str:
    return str(CHANNELS[code].label) if code in CHANNELS else _("unknown")
