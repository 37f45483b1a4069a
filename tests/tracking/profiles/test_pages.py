"""The pages of people, as those who may open them see them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mops.lib import clock
from tests.people import ClientFor
from tests.tracking.profiles.test_deciding import said
from tests.tracking.rows import order
from tests.tracking.sending import a_source
from tracking import orders, partitions
from tracking.models import DuplicateSuggestion, Merge, Profile, Source
from tracking.profiles import comparing, reading
from workspaces.models import AuditEvent, Workspace

MIA = {"email": "mia.muster@example.org", "name": "Mia Muster", "phone": "0171 1234567"}


def url(name: str, *args: object) -> str:
    return reverse(f"profiles:{name}", args=["nordlicht", *args])


@pytest.fixture
def shop(workspace: Workspace) -> Source:
    """Mia, who visited, signed up and bought."""
    partitions.ensure_ahead()
    shop = a_source(workspace, name="Shop")
    said(shop, {"anonymousId": "a-1"}, {"userId": "u-1", "type": "identify", "traits": MIA})
    said(shop, {"anonymousId": "a-1", "userId": "u-1", "event": "Product Added"})
    orders.store(workspace, [order("A-77", ordered_at=clock.now(), customer_key="u-1")], "api")
    return shop


@pytest.mark.parametrize("written", [" Mia.Muster@EXAMPLE.org ", "+49 171 1234567", "u-1", "a-1"])
def test_it_finds_a_person_by_any_complete_identifier(client_for: ClientFor, shop: Source, written: str) -> None:
    privacy = client_for("privacy")
    answer = privacy.post(url("search"), {"identifier": written})
    living = Profile.objects.get(merged_into=None)
    assert answer.headers["Location"] == url("profile", living.uuid)
    assert b"Nobody found" in privacy.post(url("search"), {"identifier": "mia.muster"}).content


def test_an_empty_search_finds_nobody_missing(client_for: ClientFor, shop: Source) -> None:
    page = client_for("privacy").post(url("search"), {"identifier": " "}).content.decode()
    assert "This field is required" in page
    assert "Nobody found" not in page


def test_it_shows_the_privacy_officer_everything_and_why(client_for: ClientFor, shop: Source) -> None:
    page = client_for("privacy").get(url("profile", Profile.objects.get(merged_into=None).uuid)).content.decode()
    for expected in (
        "mia.muster@example.org",
        "+491711234567",
        "Product Added",
        "Order A-77",
        "User id + Anonymous id",
        "Undo",
        'title="name">Name',
        'title="phone">Telephone number',
    ):
        assert expected in page, expected


@pytest.mark.parametrize("page", [None, "/cart", ["/cart"], {"path": None}, {"path": {"raw": "/cart"}}])
def test_it_opens_a_person_whose_page_view_says_nonsense_about_the_page(client_for: ClientFor, shop: Source, page: object) -> None:
    said(shop, {"type": "page", "userId": "u-1", "name": "Cart", "context": {"page": page}})
    answer = client_for("privacy").get(url("profile", Profile.objects.get(merged_into=None).uuid))
    assert answer.status_code == 200
    assert "Cart" in answer.content.decode()


def test_it_hides_identifiers_from_a_marketer(client_for: ClientFor, shop: Source) -> None:
    page = client_for("marketer").get(url("profile", Profile.objects.get(merged_into=None).uuid)).content.decode()
    assert "Product Added" in page
    assert "Undo" not in page
    for hidden in ("mia.muster", "Mia Muster", "1711234567", "u-1"):
        assert hidden not in page, hidden


def test_it_notes_every_look_without_the_identifier(client_for: ClientFor, shop: Source) -> None:
    privacy = client_for("privacy")
    privacy.post(url("search"), {"identifier": "mia.muster@example.org"})
    privacy.get(url("profile", Profile.objects.get(merged_into=None).uuid))
    looks = AuditEvent.objects.filter(action__startswith="profile.").order_by("pk")
    assert [look.action for look in looks] == ["profile.searched", "profile.viewed"]
    assert all("mia" not in f"{look.target}{look.details}" for look in looks)


def test_it_parts_profiles_and_leads_a_merged_one_to_the_living(client_for: ClientFor, shop: Source) -> None:
    privacy, merge = client_for("privacy"), Merge.objects.get()
    assert privacy.get(url("profile", merge.source.uuid)).headers["Location"] == url("profile", merge.into.uuid)
    answer = privacy.post(url("undo", merge.pk), follow=True)
    assert "on its own again" in answer.content.decode()
    assert "cannot be undone any more" in privacy.post(url("undo", merge.pk), follow=True).content.decode()
    assert Profile.objects.filter(merged_into=None).count() == 2


@pytest.mark.parametrize(("decision", "people"), [("confirm", 1), ("dismiss", 2)])
def test_it_asks_about_possible_duplicates(client_for: ClientFor, shop: Source, decision: str, people: int) -> None:
    said(shop, {"userId": "u-2", "anonymousId": "a-1"})
    privacy = client_for("privacy")
    assert "with different user or CRM ids" in privacy.get(url("duplicates")).content.decode()
    privacy.post(url("decide", DuplicateSuggestion.objects.get().pk), {"decision": decision})
    assert "Nothing to decide" in privacy.get(url("duplicates")).content.decode()
    assert Profile.objects.filter(merged_into=None).count() == people


def test_it_says_what_to_expect_when_there_is_nobody(mia: Client) -> None:
    assert b"No profiles yet" in mia.get(url("list")).content


def test_it_shows_what_both_have_before_it_makes_one_of_two(
    client_for: ClientFor, shop: Source, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    said(shop, {"userId": "u-2", "anonymousId": "a-1", "type": "identify", "traits": {"email": "m.mueller@example.org"}})
    said(shop, {"userId": "u-3", "anonymousId": "a-1", "type": "identify", "traits": {"first_name": "Max", "last_name": "Müller"}})
    suggested = list(reading.open_suggestions(shop.workspace))
    assert len(suggested) > 1
    with django_assert_max_num_queries(6):
        comparing.pairs(shop.workspace, suggested)
    page = client_for("privacy").get(url("duplicates")).content.decode()
    for wanted in ("Mia Muster", "mi•••er@example.org", "m.•••er@example.org", "Last seen", "Max Müller"):
        assert wanted in page, wanted
    assert "mia.muster" not in page
    assert re.search(r'value="confirm"\s+data-confirm="[^"]+"', page)
    assert [side.orders for side in comparing.pairs(shop.workspace, suggested)[0].sides].count(1) == 1
