"""The orders API: scopes, per-row outcome, one bad row never stops the others."""

from typing import Any

import pytest
from rest_framework.test import APIRequestFactory

from tracking import api
from tracking.models import Order, Refund
from workspaces.models import ApiKey, Workspace

ORDER = {"order_id": "A-1", "ordered_at": "2026-10-01T12:00:00Z", "gross": "119.00", "net": "100.00", "currency": "EUR"}
REFUND = {
    "refund_id": "R-1",
    "order_id": "A-1",
    "refunded_at": "2026-10-02T12:00:00Z",
    "gross": 11.9,
    "net": 10,
    "currency": "EUR",
}


@pytest.fixture
def key(workspace: Workspace) -> str:
    return make_key(workspace, ["orders:write"])


def make_key(workspace: Workspace, scopes: list[str]) -> str:
    key = ApiKey.generate()
    ApiKey.objects.create(workspace=workspace, name="Shop", scopes=scopes, shown=key[:12], key_hash=ApiKey.hash(key))
    return key


def post(view: Any, key: str, content: Any) -> Any:
    request = APIRequestFactory().post("/", content, format="json", HTTP_AUTHORIZATION=f"Bearer {key}")
    return view(request)


def test_it_stores_one_order(key: str) -> None:
    response = post(api.store_orders, key, ORDER)
    assert (response.status_code, response.data) == (200, {"stored": 1, "corrected": 0, "unchanged": 0, "refused": []})
    assert Order.objects.get().source == "api"


def test_it_takes_the_good_rows_and_names_the_bad_ones_by_their_place(key: str) -> None:
    bad_amount = ORDER | {"order_id": "A-2", "gross": "viel"}
    negative = ORDER | {"order_id": "A-3", "gross": "-1", "net": "-1"}
    response = post(api.store_orders, key, [bad_amount, ORDER, "no row", negative, ORDER | {"order_id": "A-4"}])
    assert response.data["stored"] == 2
    assert [refused["index"] for refused in response.data["refused"]] == [0, 2, 3]
    assert "gross" in response.data["refused"][0]["reason"]


def test_it_reads_times_without_offset_in_the_workspace_zone(key: str) -> None:
    post(api.store_orders, key, ORDER | {"ordered_at": "2026-10-01T12:00:00"})
    assert Order.objects.get().ordered_at.isoformat() == "2026-10-01T10:00:00+00:00"


def test_it_stores_refunds(key: str) -> None:
    assert post(api.store_refunds, key, [REFUND]).data["stored"] == 1
    assert post(api.store_refunds, key, [REFUND]).data["unchanged"] == 1
    assert Refund.objects.get().order_id_text == "A-1"


def test_it_refuses_more_than_a_thousand_rows(key: str) -> None:
    assert post(api.store_orders, key, [ORDER] * 1_001).status_code == 400
    assert not Order.objects.exists()


def test_it_wants_the_scope(workspace: Workspace) -> None:
    assert post(api.store_orders, make_key(workspace, ["metrics:read"]), ORDER).status_code == 403
    assert post(api.store_orders, "mops_key_wrong", ORDER).status_code == 401
    assert not Order.objects.exists()


def test_it_writes_only_into_the_workspace_of_the_key(key: str, other: Workspace) -> None:
    post(api.store_orders, key, ORDER | {"workspace": other.pk})
    assert not Order.objects.filter(workspace=other).exists()
