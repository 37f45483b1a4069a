"""Conversion goals of the sample shop: orders with their value, and visits that filled a cart."""

from tracking.goals import days
from tracking.models import Goal
from workspaces.models import Workspace

GOALS = {
    "Bestellung": {"event": "Order Completed", "counting": Goal.Counting.ALWAYS, "value_property": "total"},
    "In den Warenkorb gelegt": {"event": "Product Added", "counting": Goal.Counting.SESSION},
}


def create(workspace: Workspace) -> None:
    """Those that are there stay as they are."""
    made = [Goal.objects.get_or_create(workspace=workspace, name=name, defaults=said)[1] for name, said in GOALS.items()]
    if any(made):
        days.mark_back(workspace)
