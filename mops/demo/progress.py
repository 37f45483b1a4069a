"""How far the first pull of every account is, and what was pulled per platform, as the terminal shows it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, F, Sum

from channels import plan
from channels.connectors import PLATFORMS
from channels.models import AdAccount, Coverage, SyncRun
from mops.lib import clock


class Total(NamedTuple):
    """Everything pulled from one platform so far, by this start of the demo and earlier ones."""

    label: str
    rows: int  # as the platform sent them: days pulled again count again
    account_days: int  # days of accounts that are covered
    seconds: float  # of all pulls together; two run at the same time

    def __str__(self) -> str:
        pulled = f"{self.rows:>9,} rows  {self.account_days:>6,} account days  {self.seconds:>7.1f} s of pulling"
        return f"{self.label:<20}" + (pulled if self.account_days else "  nothing pulled: see its card under Connections")


def totals() -> list[Total]:
    """One line for every platform of the registry, also where nothing was pulled. Two queries."""
    runs = SyncRun.objects.filter(state=SyncRun.State.DONE).values("account__platform").annotate(
        total=Sum("rows"), spent=Sum(F("finished_at") - F("started_at"), default=timedelta()))  # fmt: skip
    pulled = {run["account__platform"]: (run["total"], run["spent"]) for run in runs}
    covered = Coverage.objects.filter(report="campaigns").values_list("account__platform")
    days = dict(covered.annotate(days=Count("*")))
    found = []
    for platform in PLATFORMS.values():
        rows, spent = pulled.get(platform.key, (0, timedelta()))
        found.append(Total(platform.label, rows, days.get(platform.key, 0), spent.total_seconds()))
    return found


def still_coming(shop: Mapping[str, object]) -> list[str]:
    """What fills up after everything was pulled; `shop` is the sandbox's word on its shop (sandbox.shop.Shop.state)."""
    told = datetime.fromisoformat(str(shop["told_until"]))
    visits = "Still coming: visits of the website, for some minutes: profiles, segments, goals and data quality grow with them."
    if clock.now() - told < timedelta(days=2):
        return [visits]
    orders = f"Still coming: the shop's own orders, so far until {told:%Y-%m-%d}, for about a minute:"
    return [f"{orders} till then own revenue, MER and ROAS are far too low.", visits]


def rows() -> list[tuple[str, int, int, int, str]]:
    """(label, days done, days wanted, rows pulled, state) per account that is pulled."""
    accounts = AdAccount.objects.filter(selected=True).select_related("connection")
    return [_row(account) for account in accounts.order_by("platform", "name")]


def _row(account: AdAccount) -> tuple[str, int, int, int, str]:
    done, wanted = plan.progress(account)
    pulled = account.sync_runs.aggregate(total=Sum("rows"))["total"] or 0
    return account.name, done, wanted, pulled, _state(account)


def _state(account: AdAccount) -> str:
    if account.error_kind or account.connection.state in ("reauth_required", "error"):
        return "failed"
    running = account.sync_runs.filter(state=SyncRun.State.RUNNING).first()
    if running:
        return f"{running.report} {running.since:%Y-%m}"
    return "waiting" if account.sync_runs.filter(state=SyncRun.State.QUEUED).exists() else "done"
