"""ALL recurring work, one table: what, which task, how often. Times are UTC.

Each task only looks for due rows and claims them, so a second beat or a missed hour changes nothing but the delay.
"""

from typing import NamedTuple

from celery.schedules import BaseSchedule, crontab, schedule


class Recurring(NamedTuple):
    name: str
    task: str
    when: BaseSchedule


SCHEDULE = (
    Recurring("Start due pulls, free those whose lease ran out", "channels.tasks.dispatch", schedule(15)),
    Recurring("Plan today and yesterday of every account", "channels.tasks.plan_hourly", crontab(minute=7)),
    Recurring("Plan the look-back of every account", "channels.tasks.plan_nightly", crontab(minute=20, hour=2)),
    Recurring("Fetch the ECB rates", "channels.tasks.refresh_fx_rates", crontab(minute=30, hour=15)),
    Recurring("Check every credential", "channels.tasks.check_connections", crontab(minute=40, hour=4)),
    Recurring("Take up imports that stand still", "tracking.tasks.resume_imports", crontab()),
    Recurring("Give orders the channel of campaigns that became known", "tracking.tasks.regroup_orders", crontab(minute=50)),
    Recurring("Count the goals of days whose events changed", "tracking.tasks.compute_goals", schedule(30)),
    Recurring("Take waiting events through the steps", "tracking.tasks.dispatch_events", schedule(5)),
    Recurring("Note what visitors chose in banners", "tracking.tasks.note_choices", schedule(15)),
    Recurring("Make the months of events ahead", "tracking.tasks.make_partitions", crontab(minute=15, hour=1)),
    Recurring("Note consents that ran out, forget open requests", "tracking.tasks.tidy_consents", crontab(minute=5, hour=0)),
    Recurring("Hold the consent ledger against its hashes", "tracking.tasks.check_consents", crontab(minute=45, hour=2)),
    Recurring("Go on with erasures that stand still", "tracking.rights.tasks.take_up_erasures", crontab(minute="*/5")),
    Recurring("End what is older than a workspace keeps it", "tracking.rights.tasks.apply_retention", crontab(minute=35, hour=1)),
    Recurring("Look at people who wait where no live process does", "segments.tasks.update", schedule(15)),
    Recurring("Start waiting builds of segments, free those whose worker died", "segments.tasks.dispatch_builds", schedule(15)),
    Recurring("Write down the sizes of segments", "segments.tasks.close_days", crontab(minute=3)),
    Recurring("Hold members against a fresh evaluation", "segments.tasks.check", crontab(minute=10, hour=3)),
    Recurring("Forget old violations of the tracking plan", "tracking.tasks.tidy_violations", crontab(minute=55, hour=0)),
    Recurring("Close the collector's ledger of past days", "tracking.tasks.close_ledger_days", crontab(minute=25)),
    Recurring("Send waiting webhooks", "segments.tasks.send_webhooks", schedule(5)),
    Recurring("Score buyers by recency, frequency and value", "segments.tasks.score_buyers", crontab(minute="*/20")),
    Recurring("Flag segments that are odd", "segments.tasks.flag_segments", crontab(minute=50, hour=3)),
)


def beat_schedule() -> dict[str, dict[str, object]]:
    return {entry.name: {"task": entry.task, "schedule": entry.when} for entry in SCHEDULE}
