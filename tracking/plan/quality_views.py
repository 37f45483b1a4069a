"""Pages about how good the data is: the score with its parts, and what broke the plan."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tracking.plan import quality, tickets, versions, violations
from tracking.plan.explaining import judged
from tracking.plan.quality_chart import by_day
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission


@require_GET
def data_quality(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The score of the last days, its parts with what to do, by day and by source."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    found = quality.of(space)
    score = quality.score(found.total)
    sources = [(one, quality.shown(quality.score(one.sums)), quality.PARTS[0].share(one.sums)) for one in found.sources]
    context = {
        "score": score,
        "shown_score": quality.shown(score),
        "band": "" if score is None else "good" if score >= quality.GOOD else "fair" if score >= quality.FAIR else "poor",
        "total": found.total,
        "parts": judged(found.total),
        "chart": by_day(found.days, space.currency),
        "sources": sources,
        "days": quality.DAYS,
        "has_plan": versions.current(space) is not None,
    }
    return render(request, "tracking/plan/quality.html", context)


@require_GET
def violations_found(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """What broke the plan in the last days, filtered by event, kind, release and source."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    chosen = {name: request.GET.get(name, "") for name in violations.FILTERS}
    rows = violations.filtered(violations.found(space), chosen)
    per_day = violations.by_day(rows)
    handed_over = tickets.by_rule(space)
    context = {
        "lines": [(line, handed_over.get(line.rule)) for line in violations.lines(rows)],
        "total": sum(per_day.values()),
        "per_day": sorted(per_day.items(), reverse=True),
        "most": max(per_day.values(), default=0),
        "filters": [(name, choices, chosen[name]) for name, choices in violations.choices(space).items()],
        "is_filtered": any(chosen.values()),
        "days": violations.DAYS,
        "version": versions.current(space),
    }
    return render(request, "tracking/plan/violations.html", context)
