"""Sample campaigns and budgets over the sandbox's platform campaigns. Sample data."""

from datetime import date
from decimal import Decimal

from campaigns.models import Budget, Campaign
from mops.lib import clock
from mops.lib.period import add_months, month_start
from workspaces.models import Workspace

CAMPAIGNS = (  # name, name rule, objective, target ROAS
    ("Marke", "*Brand*", "Marke schützen, günstige Klicks von Markensuchen sichern", Decimal("8")),
    ("Neukunden Social", "*Prospecting*", "Neue Kundinnen und Kunden über Meta gewinnen", Decimal("2.5")),
    ("Shopping Sortiment", "*Shopping*", "Sortiment in der Produktsuche verkaufen", Decimal("4")),
)
BUDGETS = {
    "paid_search": Decimal(14000), "shopping": Decimal(9000), "cross_network": Decimal(8000), "display": Decimal(3000),
    "video": Decimal(3500), "paid_social": Decimal(16000),
}  # fmt: skip


def create(workspace: Workspace) -> None:
    """Make what is missing; the name rules link platform campaigns as they are pulled."""
    today = clock.today(workspace.time_zone)
    for name, rule, objective, target in CAMPAIGNS:
        Campaign.objects.get_or_create(
            workspace=workspace, name=name,
            defaults={"name_rule": rule, "objective": objective, "target_roas": target, "status": Campaign.Status.RUNNING,
                      "starts_on": date(today.year - 1, 1, 1)},
        )  # fmt: skip
    for months in (-2, -1, 0, 1):
        for channel, planned in BUDGETS.items():
            Budget.objects.get_or_create(
                workspace=workspace, campaign=None, channel=channel, month=add_months(month_start(today), months),
                defaults={"planned": planned},
            )  # fmt: skip
