"""Hold the database against the market itself, to the cent.

The market model is asked, not the wires, so that a mistake made on both sides of a wire shows. Time stands still
meanwhile: the days that may still change are pulled at the frozen instant, then both sides speak of the same moment.
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from channels import fx, plan, runs
from channels.models import AdAccount, DailyStatHistory, SyncRun
from mops.demo import sample
from mops.lib import clock
from mops.lib.period import Period
from sandbox import truth
from sandbox.clock import Clock
from sandbox.market import Market
from workspaces.models import Workspace

MOVING_DAYS = 32  # platforms restate up to 28 days and 20 hours; Analytics 12 days
PATIENCE = 600.0  # seconds to wait for the workers or the shop


class Difference(NamedTuple):
    source: str  # account name or "shop"
    channel: str
    month: str
    measure: str
    stored: Decimal
    true: Decimal


class Comparison(NamedTuple):
    """What was compared at which instant; cells are (source, channel, month, measure)."""

    at: datetime
    cells: int
    months: int
    channels: int
    restated: int  # versions of numbers that were replaced since the first pull
    differences: list[Difference]


@contextmanager
def frozen() -> Iterator[datetime]:
    """The sandbox's and the product's present stand still inside."""
    hands = Clock(settings.SANDBOX_CLOCK)
    try:
        yield hands.freeze()
    finally:
        hands.thaw()


def market() -> Market:
    """The world of the running sandbox, made again from its seed."""
    world = json.loads((Path(settings.SANDBOX_CLOCK).parent / "world.json").read_text())
    return Market(int(world["seed"]), sample.market_start(), shoppers=int(world.get("shoppers", 20_000)))


def days(workspace: Workspace, world: Market, advance: int, *, in_process: bool) -> Iterator[Comparison]:
    """Compare now; with `advance`, after each of so many days, pulling as the night would."""
    with frozen():
        for _ in range(advance or 1):
            if advance:
                Clock(settings.SANDBOX_CLOCK).advance(days=1)
                fx.carry()
                plan.nightly()
            at = clock.now()
            pull_moving_days(workspace, in_process=in_process)
            wait_for_shop(at)
            yield compare(workspace, world, at)


def pull_moving_days(workspace: Workspace, *, in_process: bool) -> None:
    """Pull every day that may still change, as of now, and wait until all is stored."""
    for account in AdAccount.objects.filter(workspace=workspace, selected=True):
        today = clock.today(account.time_zone)
        period = Period(today - timedelta(days=MOVING_DAYS), today + timedelta(days=1))
        plan.enqueue(account, SyncRun.Kind.MANUAL, period)
    finish_runs(workspace, in_process=in_process)


def finish_runs(workspace: Workspace, *, in_process: bool) -> None:
    """Work off the queue here, or wait for the workers that do."""
    from channels.tasks import dispatch

    deadline = time.monotonic() + PATIENCE
    open_runs = SyncRun.objects.filter(workspace=workspace, state__in=[SyncRun.State.QUEUED, SyncRun.State.RUNNING])
    while open_runs.exists():
        if time.monotonic() > deadline:
            raise TimeoutError("Pulls are still open after ten minutes; `manage.py doctor` says whether a worker answers.")
        if in_process:
            runs.sweep()
            worked = [runs.execute(run_id) for run_id in runs.due()]
            time.sleep(0 if worked else 0.5)
        else:
            dispatch()
            time.sleep(1)


def wait_for_shop(until: datetime) -> None:
    """Wait until the sandbox's shop has reported everything up to `until`."""
    deadline = time.monotonic() + PATIENCE
    while datetime.fromisoformat(str(sample.control("/sandbox/shop")["told_until"])) < until:
        if time.monotonic() > deadline:
            raise TimeoutError(f"The shop has not reported: {sample.control('/sandbox/shop')['error']}")
        time.sleep(0.5)


def compare(workspace: Workspace, world: Market, at: datetime) -> Comparison:
    """Per account, channel and month: what is stored against what is true at `at`; own orders against the shop."""
    stored = _stored_ads(workspace) | _stored_analytics(workspace) | _stored_orders(workspace)
    true = _true_ads(workspace, world, at) | _true_analytics(workspace, world, at) | _true_orders(world, at)
    return _comparison(workspace, at, stored, true)


def _comparison(workspace: Workspace, at: datetime, stored: "Cells", true: "Cells") -> Comparison:
    differences = [
        Difference(*key, stored.get(key, Decimal(0)), true.get(key, Decimal(0)))
        for key in sorted(stored.keys() | true.keys())
        if stored.get(key, Decimal(0)) != true.get(key, Decimal(0))
    ]
    keys = stored.keys() | true.keys()
    return Comparison(at, len(keys), len({key[2] for key in keys}), len({key[1] for key in keys}),
                      DailyStatHistory.objects.filter(workspace=workspace).count(), differences)  # fmt: skip


Cells = dict[tuple[str, str, str, str], Decimal]
AD_MEASURES = ("impressions", "clicks", "spend", "conversions", "conversions_value")


def _query(sql: str, parameters: list[int] | dict[str, int | datetime | None], measures: tuple[str, ...]) -> Cells:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
    return {(*map(str, row[:3]), measure): Decimal(value) for row in rows for measure, value in zip(measures, row[3:], strict=True)}  # type: ignore[misc]


# What was known at an instant: versions that were current then (see channels.facts).
VERSION = f"workspace_id, account_id, campaign_id, day, attribution_window, {', '.join(AD_MEASURES)}"
AS_OF = f"""(
    SELECT {VERSION} FROM channels_dailystat WHERE observed_at <= %(at)s
    UNION ALL
    SELECT {VERSION} FROM channels_dailystathistory WHERE observed_at <= %(at)s AND replaced_at > %(at)s)"""  # noqa: S608


def compare_as_of(workspace: Workspace, world: Market, at: datetime) -> Comparison:
    """What the database says today about what was known at the earlier instant `at`, against the truth of then."""
    stored, true = _stored_ads(workspace, at), _true_ads(workspace, world, at)
    return _comparison(workspace, at, stored, true)


def _stored_ads(workspace: Workspace, at: datetime | None = None) -> Cells:
    facts = AS_OF if at else "channels_dailystat"
    return _query(
        f"""SELECT a.name, c.channel, to_char(f.day, 'YYYY-MM'), sum(f.impressions), sum(f.clicks), sum(f.spend),
                  sum(f.conversions) FILTER (WHERE f.attribution_window = 'default'),
                  sum(f.conversions_value) FILTER (WHERE f.attribution_window = 'default')
           FROM {facts} f JOIN channels_adaccount a ON a.id = f.account_id
           JOIN channels_platformcampaign c ON c.id = f.campaign_id
           WHERE f.workspace_id = %(workspace)s AND a.platform <> 'ga4' GROUP BY 1, 2, 3""",  # noqa: S608
        {"workspace": workspace.pk, "at": at}, AD_MEASURES,
    )  # fmt: skip


def _true_ads(workspace: Workspace, world: Market, at: datetime) -> Cells:
    names = dict(AdAccount.objects.filter(workspace=workspace).values_list("external_id", "name"))
    return {
        (names[account], channel, month, measure): Decimal(getattr(totals, measure))
        for (account, channel, month), totals in truth.platform_months(world, at).items()
        for measure in AD_MEASURES
    }


def _stored_analytics(workspace: Workspace) -> Cells:
    return _query(
        """SELECT a.name, 'all', to_char(f.day, 'YYYY-MM'), sum(f.sessions), sum(f.engaged_sessions), sum(f.conversions),
                  sum(f.conversions_value)
           FROM channels_dailystat f JOIN channels_adaccount a ON a.id = f.account_id
           WHERE f.workspace_id = %s AND a.platform = 'ga4' GROUP BY 1, 2, 3""",
        [workspace.pk], ("sessions", "engaged_sessions", "conversions", "conversions_value"),
    )  # fmt: skip


def _true_analytics(workspace: Workspace, world: Market, at: datetime) -> Cells:
    cells: Cells = defaultdict(Decimal)
    for account in AdAccount.objects.filter(workspace=workspace, platform="ga4"):
        today = at.astimezone(ZoneInfo(account.time_zone)).date()
        for row in world.sessions(account.external_id, world.start, today, at):
            key = (account.name, "all", f"{row.day:%Y-%m}")
            cells[*key, "sessions"] += row.sessions
            cells[*key, "engaged_sessions"] += row.engaged_sessions
            cells[*key, "conversions"] += Decimal(row.key_events).scaleb(-6)
            cells[*key, "conversions_value"] += Decimal(row.revenue_micros).scaleb(-6)
    return dict(cells)


def _stored_orders(workspace: Workspace) -> Cells:
    orders = _query(
        """SELECT 'shop', 'own orders', to_char(day, 'YYYY-MM'), count(*), sum(gross), sum(net), sum(margin) FROM tracking_order
           WHERE workspace_id = %s GROUP BY 3""", [workspace.pk], ("orders", "gross", "net", "margin"))  # fmt: skip
    refunds = _query(
        """SELECT 'shop', 'own orders', to_char(day, 'YYYY-MM'), count(*), sum(gross), sum(net), sum(margin) FROM tracking_refund
           WHERE workspace_id = %s GROUP BY 3""",
        [workspace.pk], ("refunds", "refunds_gross", "refunds_net", "refunds_margin"),
    )  # fmt: skip
    return orders | refunds


def _true_orders(world: Market, at: datetime) -> Cells:
    return {
        ("shop", "own orders", month, measure): Decimal(value)
        for month, totals in truth.shop_months(world, at).items()
        for measure, value in totals._asdict().items()
    }
