"""The page of a segment's lift: treated against withheld, with intervals and what they mean."""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from segments.holdouts import lift
from segments.holdouts.intervals import Sample
from segments.models import Segment
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission


@require_GET
def lift_of(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.VIEW_SEGMENTS)
    segment = get_object_or_404(Segment.objects.select_related("workspace"), pk=pk, workspace=space)
    found = lift.lift(segment)
    context = {"segment": segment, "lift": found, "sides": _sides(found) if found else [], "fewest": lift.FEWEST}
    return render(request, "segments/lift.html", {**context, "days": lift.WATCHED_DAYS, "look_back": lift.LOOK_BACK_DAYS})


@require_POST
def withhold(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Set how many percent are withheld, 0 to 50. The same people stay withheld when the share grows."""
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    segment = get_object_or_404(Segment, pk=pk, workspace=space)
    form = HoldoutForm(request.POST, instance=segment)
    if form.is_valid():
        with transaction.atomic():
            form.save()
            audit.record(space, request.user, "segment.holdout_set", segment.name, percent=segment.holdout_percent)
        messages.success(request, _("The control group is set."))
    else:
        messages.error(request, _("The control group can be 0 to 50 percent."))
    return redirect("holdouts:lift", space.slug, pk)


class HoldoutForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Segment
        fields = ("holdout_percent",)


def _sides(found: lift.Lift) -> list[tuple[bool, Sample, float | None, float | None]]:
    """(is treated, sample, share that bought, revenue per person) of both sides."""
    return [
        (
            is_treated,
            side,
            side.converted / side.people if side.people else None,
            side.revenue / side.people if side.people else None,
        )
        for is_treated, side in ((True, found.treated), (False, found.withheld))
    ]
