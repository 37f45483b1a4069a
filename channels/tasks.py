"""Celery's side of pulling: each task carries an id at most and calls one function."""

from typing import Any

from celery import shared_task
from django.db import transaction

from channels import fx, plan, runs, states
from channels.models import Connection


@shared_task
def dispatch(**_: Any) -> None:
    """Free what died, start what is due. Runs once a minute and after each pull; running it twice changes nothing."""
    runs.sweep()
    for run_id in runs.due():
        pull.delay(run_id=run_id)


def dispatch_on_commit() -> None:
    """Start what is due as soon as it is committed. Without a broker it starts when the schedule runs again."""
    transaction.on_commit(dispatch.delay, robust=True)


@shared_task
def pull(run_id: int, **_: Any) -> None:
    if runs.execute(run_id):
        dispatch()


@shared_task
def plan_hourly(**_: Any) -> None:
    fx.carry()
    plan.hourly()
    dispatch()


@shared_task
def plan_nightly(**_: Any) -> None:
    plan.nightly()
    dispatch()


@shared_task
def refresh_fx_rates(**_: Any) -> None:
    fx.refresh()


@shared_task
def check_connections(**_: Any) -> None:
    for connection in Connection.objects.filter(state__in=states.CHECKED):
        states.check(connection)
