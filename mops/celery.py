"""The Celery app. Tasks carry a row's id and call one function; what recurs stands in `mops.schedule`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mops.settings")

app = Celery("mops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def load_schedule(sender: Celery, **_: object) -> None:
    from mops.schedule import beat_schedule  # after the apps are loaded: it names their tasks

    sender.conf.beat_schedule = beat_schedule()
