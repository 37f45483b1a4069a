"""How far the first pull of every account is, as the terminal shows it."""

from django.db.models import Sum

from channels import plan
from channels.models import AdAccount, SyncRun


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
