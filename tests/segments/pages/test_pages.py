"""The pages of segments over plain requests: no script needed, few queries, nothing for those who may not."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from segments import catalog, versions
from segments.models import Build, ListEntry, Segment, SegmentDay
from segments.pages.draft import Draft
from segments.pages.posted import Builder
from tests.people import ClientFor
from tests.segments.pages.street import DAY, Street
from tracking.models import Profile, Purpose
from workspaces.models import AuditEvent, Workspace

MOST_QUERIES = 15


def url(name: str, *args: object) -> str:
    return reverse(f"segments:{name}", args=["nordlicht", *args])


@pytest.fixture
def street(workspace: Workspace) -> Street:
    """u-1 bought much, u-2 a little, u-3 only looked."""
    cache.clear()
    street = Street(workspace)
    for user, net in (("u-1", 700), ("u-2", 20)):
        street.does(user, "Product Viewed")
        street.settle()
        street.buys(user, net)
    street.does("u-3", "Product Viewed")
    street.is_known("u-1", email="mia.muster@example.org", country="DE")
    street.settle()
    return street


def fields(do: str, *rows: dict[str, str], **more: str) -> dict[str, str]:
    """A posted builder with these rows in one block."""
    posted = {"state": Builder(Draft()).state(), "do": do, "name": "Big spenders", "b0.excludes": "", **more}
    for place, row in enumerate(rows):
        posted |= {f"b0r{place}.{name}": text for name, text in row.items()}
    return posted


REVENUE = {"field": "order.revenue", "operator": "gte", "value": "500"}
FORM_ERROR = "Compare with a number"


def save(client: Client, *rows: dict[str, str], **more: str) -> Segment:
    answer = client.post(url("new"), fields("save", *rows, **more))
    assert answer.status_code == 302, answer.content.decode()
    return Segment.objects.latest("pk")


def test_a_segment_is_written_previewed_saved_and_built_without_a_script(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    page = bob.post(url("new"), fields("refresh", REVENUE)).content.decode()
    assert 'data-size="1" data-exact' in page
    segment = save(bob, REVENUE)
    street.settle()
    assert street.members(segment) == {street.person("u-1")}
    page = bob.get(url("detail", segment.pk)).content.decode()
    assert '<dd id="size">1</dd>' in page


def test_buttons_work_as_pages_and_as_fragments(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    page = bob.post(url("new"), fields("add-row:0", REVENUE)).content.decode()
    assert "<html" in page
    assert 'name="b0r1.field"' in page
    part = bob.post(url("new"), fields("add-block", REVENUE), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'name="b1r0.field"' in part
    assert 'value="500"' in part


def test_what_is_wrong_is_told_at_its_row_and_nothing_is_saved(client_for: ClientFor, street: Street) -> None:
    page = client_for("marketer").post(url("new"), fields("save", REVENUE | {"value": "much"})).content.decode()
    assert FORM_ERROR in page
    assert "is-wrong" in page
    assert not Segment.objects.exists()


def test_an_empty_rule_is_not_saved(client_for: ClientFor, street: Street) -> None:
    client_for("marketer").post(url("new"), fields("save", {"field": ""}))
    assert not Segment.objects.exists()


def test_the_count_says_how_many_are_reachable(client_for: ClientFor, street: Street) -> None:
    purpose = Purpose.objects.create(workspace=street.workspace, key="email", name="Newsletter")
    page = client_for("marketer").post(url("preview"), fields("", REVENUE, purpose=str(purpose.pk))).content.decode()
    assert "Of these 0 reachable for “Newsletter”." in page


def test_sample_people_are_hidden_from_marketers_and_clear_to_admins_who_are_noted(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer").post(url("preview"), fields("", REVENUE)).content.decode()
    assert "mia.muster" not in bob
    admin = client_for("admin")
    for _look in range(3):
        assert "mia.muster@example.org" in admin.post(url("preview"), fields("", REVENUE)).content.decode()
    assert AuditEvent.objects.filter(action="segment.people_previewed").count() == 1


def test_opening_the_editor_costs_few_queries_however_much_there_is(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    rows = [REVENUE, {"field": "event", "name": "Product Viewed", "measure": "did"}, {"field": "trait", "name": "plan"}]
    segment = save(bob, *rows[:2])
    for number in range(8):
        save(bob, *rows[:2], name=f"Segment {number}")
    counts = []
    for _time in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert bob.get(url("edit", segment.pk)).status_code == 200
        counts.append(len(queries))
        cache.clear()
    assert max(counts) <= MOST_QUERIES


def test_the_list_costs_as_many_queries_with_ten_segments_as_with_one(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    counts = []
    for number in range(2):
        save(bob, REVENUE, name=f"One {number}")
        with CaptureQueriesContext(connection) as queries:
            assert bob.get(url("list")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= MOST_QUERIES


def test_the_list_begins_with_templates_and_shows_course_and_growth(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    assert "No segments yet" in bob.get(url("list")).content.decode()
    segment = save(bob, REVENUE)
    street.settle()
    today = street.now.date()
    for back, size in ((9, 4), (7, 4), (1, 2)):
        SegmentDay.objects.create(
            workspace=street.workspace, segment=segment, day=today - timedelta(days=back), size=size, entered=0, left=0
        )
    page = bob.get(url("list")).content.decode()
    assert "-3" in page
    assert "sparkline" in page


def test_every_template_opens_in_the_builder_with_inputs(client_for: ClientFor, street: Street) -> None:
    from segments.rules.templates import TEMPLATES

    bob = client_for("marketer")
    for template in TEMPLATES:
        page = bob.get(url("new") + f"?template={template.key}").content.decode()
        assert 'value="nested"' not in page, template.key
        assert "b0r0.field" in page


def test_versions_are_compared_and_restored(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    segment = save(bob, REVENUE)
    bob.post(url("edit", segment.pk), fields("save", REVENUE | {"value": "10"}))
    assert [one.number for one in segment.versions.order_by("number")] == [1, 2]
    page = bob.get(url("versions", segment.pk)).content.decode()
    assert "<del>" in page
    assert "<ins>" in page
    bob.post(url("restore", segment.pk), {"version": "1"})
    newest = versions.newest(segment)
    assert newest
    assert newest.number == 3
    assert newest.rule == segment.versions.get(number=1).rule


def test_saving_the_same_rule_makes_no_version(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    segment = save(bob, REVENUE)
    bob.post(url("edit", segment.pk), fields("save", REVENUE, name="Spenders"))
    segment.refresh_from_db()
    assert segment.name == "Spenders"
    assert segment.versions.count() == 1


def test_a_copy_is_a_draft_under_a_free_name(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    segment = save(bob, REVENUE)
    for _time in range(2):
        bob.post(url("duplicate", segment.pk))
    names = list(Segment.objects.order_by("pk").values_list("name", "state"))
    assert names[1:] == [("Big spenders (copy)", "draft"), ("Big spenders (copy 2)", "draft")]


def test_it_pauses_goes_on_is_archived_and_comes_back(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    segment = save(bob, REVENUE)
    street.settle()
    for to, state, members in (("paused", "paused", 1), ("live", "live", 1), ("archived", "archived", 0), ("live", "live", 1)):
        bob.post(url("state", segment.pk), {"to": to})
        street.settle()
        segment.refresh_from_db()
        assert (segment.state, len(street.members(segment))) == (state, members), to


def test_a_build_is_shown_and_can_be_cancelled(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    segment = save(bob, REVENUE)
    page = bob.get(url("detail", segment.pk)).content.decode()
    assert "Waiting for its turn" in page
    assert 'hx-trigger="every 1s"' in bob.get(url("build", segment.pk), headers={"HX-Request": "true"}).content.decode()
    bob.post(url("cancel", segment.pk))
    assert Build.objects.get().state == Build.State.CANCELLED
    assert bob.get(url("build", segment.pk), headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_a_segment_may_not_contain_itself(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    one = save(bob, REVENUE)
    other = save(bob, {"field": "segment", "member": "yes", "value": str(one.pk)}, name="Other")
    page = bob.post(url("edit", one.pk), fields("save", {"field": "segment", "member": "yes", "value": str(other.pk)}), follow=True)
    assert "contain each other" in page.content.decode()
    assert one.versions.count() == 1


def test_people_are_put_on_a_list_and_taken_off(client_for: ClientFor, street: Street) -> None:
    admin = client_for("admin")
    admin.post(url("new_list"), {"name": "Fair"})
    listed = Segment.objects.get(kind="list")
    page = admin.post(url("add", listed.pk), {"identifiers": "mia.muster@example.org; u-2\nnobody"}, follow=True).content.decode()
    assert "2 people were added." in page
    assert "1 identifier belongs to nobody." in page
    assert street.members(listed) == {street.person("u-1"), street.person("u-2")}
    admin.post(url("remove", listed.pk), {"identifiers": "u-2"})
    assert list(ListEntry.objects.values_list("profile_id", flat=True)) == [street.person("u-1")]


def test_members_are_paged_and_each_look_is_noted(client_for: ClientFor, street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segments.pages.members.PER_PAGE", 1)
    admin = client_for("admin")
    segment = save(admin, {"field": "any", "measure": "did"})
    street.settle()
    seen, after = 0, ""
    while after is not None:
        page = admin.get(url("members", segment.pk) + f"?after={after}")
        seen += len(page.context["shown"])
        after = page.context["after"]
    assert seen == 3
    assert AuditEvent.objects.filter(action="segment.members_viewed").count() == 3


def test_a_person_reads_why_and_what_would_move_them(client_for: ClientFor, street: Street) -> None:
    admin = client_for("admin")
    segment = save(admin, REVENUE)
    street.settle()
    for user, expected in (("u-1", "Would leave"), ("u-2", "this is missing")):
        profile = Profile.objects.get(pk=street.person(user))
        page = admin.get(url("person", profile.uuid) + f"?segment={segment.pk}").content.decode()
        assert expected in page
    assert "found: €20.00" in page


def test_figures_say_what_the_members_are_worth(client_for: ClientFor, street: Street) -> None:
    manager = client_for("manager")
    segment = save(client_for("marketer"), REVENUE)
    street.settle()
    page = manager.get(url("figures", segment.pk))
    worth = page.context["worth"]
    assert (worth.total.buyers, worth.total.orders, worth.total.net) == (1, 1, 700)
    assert page.context["origin"].sampled == 1
    assert [one.key for one in page.context["origin"].countries] == ["DE"]


def test_suggestions_come_as_options_and_as_a_page(client_for: ClientFor, street: Street) -> None:
    street.does("u-1", "Product Clicked", sku="A-7")
    street.settle()
    catalog.forget(street.workspace)
    bob = client_for("marketer")
    row = {"of": "b0r0.f0.value", "b0r0.field": "event", "b0r0.name": "Product Clicked", "b0r0.f0.property": "sku"}
    assert '<option value="A-7">' in bob.get(url("suggest"), row, headers={"HX-Request": "true"}).content.decode()
    assert "<li" in bob.get(url("suggest"), row).content.decode()


def test_a_rule_nested_more_deeply_than_the_builder_shows_stays_as_it_is(client_for: ClientFor, street: Street) -> None:
    from segments.rules.parsing import dump, parse

    bob, segment = client_for("marketer"), save(client_for("marketer"), REVENUE)
    leaf = {"kind": "order", "measure": "count", "operator": "gte", "value": 1}
    deep = dump(parse({"version": 1, "where": {"all": [{"any": [{"all": [leaf, {"not": leaf}]}, leaf]}]}}))
    versions.save(segment, parse(deep), None)
    page = bob.get(url("edit", segment.pk))
    state = page.context["builder"].state()
    assert 'value="nested"' in page.content.decode()
    second = {"b0r1.field": "order.count", "b0r1.operator": "gte", "b0r1.value": "2"}
    answer = bob.post(url("edit", segment.pk), {"state": state, "do": "save", "name": "Deep", "b0r0.field": "nested", **second})
    assert answer.status_code == 302
    newest = versions.newest(segment)
    assert newest
    inner = newest.rule["where"]["all"][0]["any"]
    assert inner[0] == deep["where"]["all"][0]["any"][0]
    assert inner[1]["value"] == 2


def test_hostile_values_are_only_values(client_for: ClientFor, street: Street) -> None:
    bob = client_for("marketer")
    for value in ("'; DROP TABLE tracking_event; --", '"><script>alert(1)</script>', "%(workspace)s", "{0.__class__}", "\\", "a%b"):
        row = {"field": "event", "name": value, "measure": "did", "f0.property": value, "f0.operator": "is", "f0.value": value}
        page = bob.post(url("new"), fields("refresh", row)).content.decode()
        assert 'data-size="0"' in page, value
        assert "<script>alert" not in page


def test_a_made_up_state_does_no_harm(client_for: ClientFor, street: Street) -> None:
    for state in ("", "[" * 3000, json.dumps([[[False, [["nested", {}, [], [], {"kind": "event"}]]]], [], []])):
        assert client_for("marketer").post(url("preview"), {"state": state}).status_code == 200


@pytest.mark.parametrize("days", [0, 40])
def test_the_course_ends_with_today(client_for: ClientFor, street: Street, days: int) -> None:
    segment = save(client_for("marketer"), REVENUE)
    street.settle()
    for back in range(1, days):
        day = (street.now - back * DAY).date()
        SegmentDay.objects.create(workspace=street.workspace, segment=segment, day=day, size=back, entered=0, left=0)
    chart = client_for("manager").get(url("detail", segment.pk)).context["chart"]
    assert chart.option["series"][0]["data"][-1] == 1
    assert len(chart.rows) == max(days, 1)
