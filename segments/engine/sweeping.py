"""Builds whose worker died are queued again; those that keep dying are failed. Leases run on real time."""

from django.utils import timezone

from segments.engine import building
from segments.models import Build


def sweep() -> int:
    """How many were freed."""
    dead = Build.objects.filter(state=Build.State.RUNNING, lease_until__lt=timezone.now())
    return sum(_free(build) for build in dead)


def _free(build: Build) -> bool:
    if build.attempt < building.MAX_ATTEMPTS:
        return building.close(build, Build.State.QUEUED)
    return building.close(build, Build.State.FAILED, error="The worker died during this build again and again; see its log.")


def waiting() -> list[int]:
    """Builds that may start."""
    return list(Build.objects.filter(state=Build.State.QUEUED).order_by("queued_at").values_list("pk", flat=True))
