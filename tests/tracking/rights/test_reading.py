"""What Art. 15(1) asks for beside the data: why, how long, to whom, from where, and which rights there are, in words people use."""

from mops.lib import clock
from tests.tracking.rights.planting import EMAIL, Planted
from tracking.models import Customer, Order, Release, RetentionRule, Source
from tracking.rights import access, activities, labels, person, reading
from tracking.rights.access import Bundle
from tracking.rights.declaring import Kept
from tracking.rights.retention import TIMERS
from workspaces.models import Workspace


def bundle(workspace: Workspace, kind: str = "email", value: str = EMAIL) -> Bundle:
    return access.bundle(person.find(workspace, kind, value))


def test_every_kind_of_data_belongs_to_one_activity_and_has_a_period() -> None:
    kinds = [kind for activity in activities.ACTIVITIES for kind in activity.kinds]
    assert sorted(kinds) == sorted([*TIMERS, *activities.UNTIMED]) == sorted(Kept)


def test_every_table_and_field_has_a_name_people_understand(planted: Planted) -> None:
    data = bundle(planted.workspace)["data"]
    assert set(data) - set(labels.TABLES) == set()
    assert {name for rows in data.values() for row in rows for name in row} - set(labels.FIELDS) == set()


def test_the_page_says_why_how_long_to_whom_from_where_and_which_rights(planted: Planted) -> None:
    Source.objects.update(legal_basis="Contract (Art. 6(1)(b) GDPR)")
    Release.objects.update(destination="meta:audience:42")
    RetentionRule.objects.create(workspace=planted.workspace, kind=Kept.EVENTS, days=90)
    page = reading.page(bundle(planted.workspace), "en")
    for said in (
        "To measure the use of websites", "Contract (Art. 6(1)(b) GDPR)", "Events, visits and click ids: 90 days", "§ 147 AO",
        "Meta Platforms Ireland Limited (meta:audience:42)", "Ireland; also outside the EEA: USA", "Newsletter by e-mail",
        "Granted, valid until", "Server or app", "Art. 16 GDPR", "Art. 17 GDPR", "Art. 18 GDPR", "Art. 20 GDPR", "Art. 21(2) GDPR",
        "Art. 7(3) GDPR", "Art. 77 GDPR", "Art. 22 GDPR",
    ):  # fmt: skip
        assert said in page, said


def test_only_activities_with_data_of_the_person_are_named(workspace: Workspace) -> None:
    customer = Customer.objects.create(workspace=workspace, key="anna-1")
    Order.objects.create(workspace=workspace, customer=customer, order_id="4711", ordered_at=clock.now(), day=clock.now().date(),
                         gross=119, net=100, currency="EUR", channel="direct")  # fmt: skip
    content = bundle(workspace, "user_id", "anna-1")
    assert [one["activity"] for one in content["why"]] == ["Orders and refunds"]
    assert content["recipients"] == []
    assert "noted no handing-on" in reading.page(content, "en")


def test_data_for_machines_keeps_the_names_of_the_database_in_any_language(planted: Planted) -> None:
    row = bundle(planted.workspace)["data"]["tracking.ConsentState"][0]
    assert {"decision", "purpose", "expires_at"} < set(row)
    assert row["purpose"] == "Newsletter by e-mail"
    assert ("Decision", "Granted") in reading.lines(row, "tracking.ConsentState")
