"""What workers do for orders: a task names a row, the work stands in the topic modules."""

from typing import Any

from celery import shared_task

from tracking import orders
from tracking.imports import running
from workspaces.models import Workspace


@shared_task
def run_import(*, file_id: int, **_: Any) -> None:
    running.run(file_id)


@shared_task
def resume_imports(**_: Any) -> None:
    """Take up files whose worker was lost, or whose message was."""
    for file_id in running.due():
        run_import.delay(file_id=file_id)


@shared_task
def regroup_orders(**_: Any) -> None:
    """Channels of orders whose platform campaign became known or was reclassified."""
    for workspace in Workspace.objects.all():
        orders.regroup(workspace)
