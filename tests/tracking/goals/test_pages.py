"""The pages of goals as a marketer uses them."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse

from mops.lib import clock
from tests.tracking.goals.test_computing import arrive, bought
from tests.tracking.sending import a_source
from tracking.goals import computing
from tracking.models import Conversion, Goal
from workspaces.models import AuditEvent, Workspace

FORM = {
    "name": "Large orders", "kind": "track", "event": "Order Completed", "counting": "always", "value_property": "total",
    "property_0": "total", "operator_0": "gte", "value_0": "102",
}  # fmt: skip


def url(name: str, *args: object) -> str:
    return reverse(f"goals:{name}", args=["nordlicht", *args])


def orders_of_yesterday(workspace: Workspace) -> None:
    arrive(a_source(workspace), *(bought(n, clock.now() - timedelta(days=1, minutes=n)) for n in range(4)))


def test_it_says_what_to_do_without_goals(mia: Client) -> None:
    assert b"No goals yet" in mia.get(url("list")).content


def test_it_shows_what_a_goal_would_have_counted_before_it_is_saved(mia: Client, workspace: Workspace) -> None:
    orders_of_yesterday(workspace)
    shown = mia.get(url("preview"), {**FORM, "name": ""}).content.decode()
    assert "<strong>2</strong>" in shown
    assert "Fill in the goal" in mia.get(url("preview"), {"kind": "track"}).content.decode()
    assert not Goal.objects.exists()


def test_a_new_goal_counts_its_past_and_shows_it_by_day_and_channel(mia: Client, workspace: Workspace) -> None:
    orders_of_yesterday(workspace)
    created = mia.post(url("create"), FORM, follow=True)
    goal = Goal.objects.get()
    assert goal.conditions == [{"property": "total", "operator": "gte", "value": "102"}]
    assert AuditEvent.objects.filter(action="goal.created").count() == 1
    assert created.status_code == 200
    while computing.run_waiting():
        pass
    page = mia.get(url("detail", goal.pk))
    assert page.context["total"] == (2, 205)
    assert [str(label) for label, _ in page.context["channels"]] == ["Direct"]
    assert sum(line.figures.conversions for line in page.context["days"]) == 2
    assert b"Large orders" in mia.get(url("list")).content


def test_it_explains_a_condition_that_makes_no_sense(mia: Client) -> None:
    page = mia.post(url("create"), {**FORM, "value_0": "many"}).content.decode()
    assert "Compare with a number" in page
    page = mia.post(url("create"), {**FORM, "event": " "}).content.decode()
    assert "Name the event" in page
    assert not Goal.objects.exists()


def test_an_edited_goal_is_counted_anew(mia: Client, workspace: Workspace) -> None:
    orders_of_yesterday(workspace)
    mia.post(url("create"), FORM)
    goal = Goal.objects.get()
    assert 'value="102"' in mia.get(url("edit", goal.pk)).content.decode()
    mia.post(url("edit", goal.pk), {**FORM, "value_0": "103"})
    while computing.run_waiting():
        pass
    assert Conversion.objects.get().value == 103
    mia.post(url("archive", goal.pk))
    assert Goal.objects.get().state == "archived"
    mia.post(url("restore", goal.pk))
    assert Goal.objects.get().state == "active"
