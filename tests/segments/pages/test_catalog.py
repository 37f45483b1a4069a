"""What the builder offers to choose from: of this workspace only, nothing personal, by few queries."""

from datetime import timedelta
from typing import Any

import pytest

from segments import catalog, finding
from tests.segments.pages.street import Street
from tests.tracking.sending import a_source
from workspaces.models import Workspace


@pytest.fixture
def street(workspace: Workspace) -> Street:
    catalog.forget(workspace)
    street = Street(workspace)
    street.does("u-1", "Product Viewed", sku="A-1", total=5, items=[{"sku": "X"}, {"sku": "Y"}], is_gift=True)
    street.does("u-1", "Product Viewed", sku="A-1")
    street.does("u-2", "Product Viewed", sku="B-2")
    street.does("u-2", "Lead Sent", timedelta(days=20))
    street.is_known("u-1", plan="gold", email="mia.muster@example.org", city="Köln")
    street.settle()
    return street


def test_it_names_events_by_type(street: Street) -> None:
    assert catalog.events(street.workspace, "track") == ["Lead Sent", "Product Viewed"]
    assert catalog.events(street.workspace, "page") == []


def test_it_names_nothing_of_another_workspace(street: Street, other_workspace: Workspace) -> None:
    catalog.forget(other_workspace)
    a_source(other_workspace, name="Other")
    assert catalog.events(other_workspace, "track") == []
    assert catalog.trait_names(other_workspace) == []
    assert catalog.properties(other_workspace, "Product Viewed") == []


def test_it_finds_properties_inside_properties_most_frequent_first(street: Street) -> None:
    found = catalog.properties(street.workspace, "Product Viewed")
    assert found[0] == "sku"
    assert set(found) == {"sku", "total", "items.*.sku", "is_gift"}
    assert catalog.values(street.workspace, "Product Viewed", "sku") == ["A-1", "B-2"]
    assert set(catalog.values(street.workspace, "Product Viewed", "items.*.sku")) == {"X", "Y"}
    assert catalog.values(street.workspace, "Product Viewed", "is_gift") == ["true"]


def test_it_offers_plain_values_and_never_personal_ones(street: Street) -> None:
    assert {"city", "email", "plan"} <= set(catalog.trait_names(street.workspace))
    assert catalog.trait_values(street.workspace, "plan") == ["gold"]
    assert catalog.trait_values(street.workspace, "email") == []
    assert catalog.is_personal("email")


def test_the_second_look_asks_the_database_nothing(street: Street, django_assert_num_queries: Any) -> None:
    catalog.events(street.workspace, "track"), catalog.trait_names(street.workspace)
    with django_assert_num_queries(0):
        catalog.events(street.workspace, "page"), catalog.trait_values(street.workspace, "plan")


@pytest.mark.parametrize("name", ["", "\0", "'; DROP TABLE tracking_event; --", "x" * 5_000])
def test_a_name_that_is_none_finds_nothing(street: Street, name: str) -> None:
    assert catalog.properties(street.workspace, name) == []


def test_people_are_found_by_pasted_identifiers_however_written(street: Street) -> None:
    found = finding.find(street.workspace, [" Mia.Muster@EXAMPLE.org", "u-2", "nobody@example.org", "u-1"])
    assert found == finding.Found(sorted({street.person("u-1"), street.person("u-2")}), unknown=1, ambiguous=0)
