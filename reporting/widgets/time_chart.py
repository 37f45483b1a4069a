"""Two metrics over time, chosen by the reader."""

from channels.connectors import PLATFORMS
from reporting.board import Board
from reporting.charts import over_time
from reporting.kpis import KPIS, is_claimed
from reporting.widgets import Context, Widget

CHOICE = (
    "spend", "impressions", "clicks", "ctr", "cpc", "cpm", "conversions", "conversions_value", "roas", "cpa", "orders", "revenue",
    "net_revenue_after_refunds", "aov", "mer", "blended_cpa", "new_customers", "cac", "ltv", "ltv_cac", "sessions",
)  # fmt: skip


def load(board: Board) -> Context | None:
    if not board.has_figures:
        return None
    chart = over_time(board.series, board.selection.chart, board.known, board.is_comparable)
    others = [pair for pair in board.selection.params() if pair[0] != "metric"]
    return {
        "chart": chart, "chart_id": "over-time", "option_id": "over-time-option", "choice": _choice(board),
        "hidden_chart": others, "all_provisional": _all_provisional(board),
    }  # fmt: skip


def _choice(board: Board) -> list[dict[str, object]]:
    """What can be drawn: claimed metrics only where one platform claims."""
    claiming = {account.platform for account in board.sources.accounts if PLATFORMS[account.platform].has_spend}
    keys = [key for key in CHOICE if len(claiming) == 1 or not is_claimed(key)]
    return [{"key": key, "label": KPIS[key].label} for key in keys]


def _all_provisional(board: Board) -> bool:
    start = board.known.provisional_from
    return start is not None and start <= board.selection.period.since


WIDGET = Widget("time_chart", load)
