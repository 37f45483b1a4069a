"""Celery's side of segments. `manage.py live` does what must happen at once; this is what remains when it is down."""

from typing import Any

from celery import shared_task

from segments.engine import building, checking, days, running, sweeping
from segments.holdouts import flagging
from segments.rfm import scoring
from segments.webhooks import sending

HOUR = 3600


@shared_task(time_limit=HOUR, soft_time_limit=HOUR - 60)
def build(*, build_id: int, **_: Any) -> None:
    building.run(build_id)


@shared_task
def dispatch_builds(**_: Any) -> None:
    """Free builds whose worker died, start those whose message was lost; one that runs already is left alone."""
    sweeping.sweep()
    for build_id in sweeping.waiting():
        build.delay(build_id=build_id)


@shared_task
def update(**_: Any) -> None:
    """Look at everybody who waits, for at most half a minute."""
    running.run_for(30)


@shared_task
def close_days(**_: Any) -> None:
    days.close()


@shared_task(time_limit=HOUR, soft_time_limit=HOUR - 60)
def check(**_: Any) -> None:
    checking.check_all()


@shared_task
def send_webhooks(**_: Any) -> None:
    sending.run()


@shared_task(time_limit=HOUR, soft_time_limit=HOUR - 60)
def score_buyers(**_: Any) -> None:
    scoring.score_all()


@shared_task(time_limit=HOUR, soft_time_limit=HOUR - 60)
def flag_segments(**_: Any) -> None:
    flagging.run()
