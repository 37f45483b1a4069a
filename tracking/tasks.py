"""What workers do for orders and events: a task names a row, the work stands in the topic modules."""

from typing import Any

from celery import shared_task

from tracking import buyers, ledger, orders, partitions
from tracking.consent import checking, noting, upkeep
from tracking.goals import computing
from tracking.imports import running
from tracking.ingest import run as ingest
from tracking.plan import violations
from tracking.rights import tasks as rights_tasks  # noqa: F401  workers look for tasks in this module only
from workspaces.models import Workspace


@shared_task
def run_import(*, file_id: int, **_: Any) -> None:
    """The next part of a long file is a task of its own."""
    if running.run(file_id) and file_id in running.due():
        run_import.delay(file_id=file_id)


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
        buyers.relink(workspace.pk)


@shared_task
def dispatch_events(**_: Any) -> None:
    """One task per micro-batch of waiting events; one too many finds nothing to do."""
    for _number in range(ingest.due()):
        ingest_batch.delay()


@shared_task
def ingest_batch(**_: Any) -> None:
    """What banners told is noted once the events are safe."""
    if ingest.run_batch():
        noting.note_waiting()


@shared_task
def note_choices(**_: Any) -> None:
    """What a worker that died left waiting."""
    noting.note_waiting()


@shared_task
def compute_goals(**_: Any) -> None:
    computing.run_waiting()


@shared_task
def make_partitions(**_: Any) -> None:
    partitions.ensure_ahead()


@shared_task
def tidy_consents(**_: Any) -> None:
    upkeep.run()


@shared_task
def check_consents(**_: Any) -> None:
    checking.run()


@shared_task
def tidy_violations(**_: Any) -> None:
    violations.tidy()


@shared_task
def close_ledger_days(**_: Any) -> None:
    ledger.close_days()
