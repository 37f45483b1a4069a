"""What workers do for people's rights: a task names a request, the work stands in the topic modules."""

from typing import Any

from celery import shared_task

from tracking.rights import requests, retention
from workspaces.models import Workspace


@shared_task
def erase(*, request_id: int, **_: Any) -> None:
    requests.run(request_id)


@shared_task
def take_up_erasures(**_: Any) -> None:
    """Requests whose worker or message was lost, and those that waited for others."""
    for request_id in requests.due().values_list("pk", flat=True):
        erase.delay(request_id=request_id)


@shared_task
def apply_retention(**_: Any) -> None:
    for workspace in Workspace.objects.all():
        retention.apply(workspace)
    retention.apply_to_installation()
