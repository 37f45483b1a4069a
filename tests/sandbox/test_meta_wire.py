"""The sandbox's Graph API by itself: it refuses what Meta refuses and looks like Meta's on the wire."""

import json
from base64 import urlsafe_b64encode
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.clock import FixedClock
from sandbox.server import Sandbox
from sandbox.tokens import CLIENT_ID, CLIENT_SECRET, SYSTEM_USER_TOKEN

ACCOUNT = "2550010033117"
DAYS = {"since": "2026-10-01", "until": "2026-10-07"}
INSIGHTS: dict[str, Any] = {
    "level": "campaign",
    "time_increment": 1,
    "time_range": json.dumps(DAYS),
    "fields": "campaign_id,impressions,clicks,inline_link_clicks,spend,actions",
    "limit": 500,
}


def get(sandbox: Sandbox, path: str, token: str = SYSTEM_USER_TOKEN, **params: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{sandbox.addresses.http}/{path}", params, headers=headers, timeout=10)


def insights(sandbox: Sandbox, **changes: Any) -> requests.Response:
    return get(sandbox, f"v26.0/act_{ACCOUNT}/insights", **(INSIGHTS | changes))


def refusal(answer: requests.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    assert answer.status_code >= 400
    return found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"level": "keyword"}, "level"),
        ({"time_increment": "all_days"}, "time_increment"),
        ({"fields": "campaign_id,cost"}, "cost is not valid for fields param"),
        ({"fields": "ad_id"}, "ad_id is not valid"),
        ({"time_range": "{}"}, "time_range"),
        ({"time_range": json.dumps({"since": "2026-10-07", "until": "2026-10-01"})}, "since must not be after"),
        ({"action_attribution_windows": '["7d_view"]'}, "action_attribution_windows"),
        ({"action_attribution_windows": '["28d_view"]'}, "action_attribution_windows"),
        ({"filtering": '[{"field":"spend","operator":"GREATER_THAN","value":1}]'}, "filtering"),
        ({"limit": "0"}, "limit"),
        ({"after": "!"}, "cursors"),
    ],
)
def test_it_refuses_what_meta_refuses(sandbox: Sandbox, changes: dict[str, str], words: str) -> None:
    found = refusal(insights(sandbox, **changes))
    assert (found["code"], words in found["message"]) == (100, True)


def test_history_ends_after_37_months(sandbox: Sandbox) -> None:
    days = json.dumps({"since": "2023-08-01", "until": "2023-08-02"})
    assert refusal(insights(sandbox, time_range=days))["code"] == 3018


@pytest.mark.parametrize(
    ("path", "token", "code"),
    [
        ("v26.0/me", "", 2500),
        ("v26.0/me", "EAAunknown", 190),
        ("v19.0/me", SYSTEM_USER_TOKEN, 2635),
        ("v26.0/act_1/insights", SYSTEM_USER_TOKEN, 200),
        ("v26.0/6000000000009999", SYSTEM_USER_TOKEN, 100),
        ("v26.0/nothing/here", SYSTEM_USER_TOKEN, 2500),
    ],
)
def test_it_refuses_with_the_code_of_graph(sandbox: Sandbox, path: str, token: str, code: int) -> None:
    assert refusal(get(sandbox, path, token))["code"] == code


def test_a_token_without_ads_read_sees_no_ads(sandbox: Sandbox) -> None:
    token = sandbox.tokens.grant("meta", ("public_profile",)).token
    assert get(sandbox, "v26.0/me/adaccounts", token).json()["data"] == []
    assert refusal(get(sandbox, f"v26.0/act_{ACCOUNT}/insights", token, **INSIGHTS))["code"] == 200


def test_numbers_are_text_and_purchases_overlap(sandbox: Sandbox) -> None:
    rows = insights(sandbox, action_attribution_windows='["7d_click","1d_view"]').json()["data"]
    assert all(isinstance(row["spend"], str) and isinstance(row["impressions"], str) for row in rows)
    bought = next(row["actions"] for row in rows if any("purchase" in each["action_type"] for each in row.get("actions", ())))
    purchases = [each for each in bought if "purchase" in each["action_type"]]
    assert len({each["value"] for each in purchases}) == 1 < len(purchases)


def test_clicks_count_more_than_link_clicks(sandbox: Sandbox) -> None:
    rows = insights(sandbox).json()["data"]
    assert sum(int(row["clicks"]) for row in rows) > sum(int(row["inline_link_clicks"]) for row in rows)


def test_windows_appear_only_when_asked_for(sandbox: Sandbox) -> None:
    assert "7d_click" not in insights(sandbox).text
    assert "7d_click" in insights(sandbox, action_attribution_windows='["7d_click"]').text


def test_the_next_page_has_an_address_without_token(sandbox: Sandbox) -> None:
    url = f"{sandbox.addresses.http}/v26.0/act_{ACCOUNT}/insights"
    page = requests.get(url, INSIGHTS | {"limit": 5, "access_token": SYSTEM_USER_TOKEN}, timeout=10).json()
    assert page["paging"]["next"].startswith(sandbox.addresses.http)
    assert SYSTEM_USER_TOKEN not in page["paging"]["next"]
    assert sandbox.requests.tokens_in_urls == 1


def test_the_summary_counts_all_pages(sandbox: Sandbox) -> None:
    first = insights(sandbox, summary='["impressions"]', limit=3).json()
    whole = insights(sandbox).json()["data"]
    assert int(first["summary"]["impressions"]) == sum(int(row["impressions"]) for row in whole)


def test_a_report_run_is_not_complete_at_99_percent(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {SYSTEM_USER_TOKEN}"}
    url = f"{sandbox.addresses.http}/v26.0/act_{ACCOUNT}/insights"
    run = requests.post(url, INSIGHTS, headers=headers, timeout=10).json()["report_run_id"]
    looks = []
    while not looks or looks[-1]["async_percent_completion"] < 100:
        assert refusal(get(sandbox, f"v26.0/{run}/insights"))["code"] == 100
        looks.append(get(sandbox, f"v26.0/{run}").json())
    assert [look["async_status"] for look in looks][-2:] == ["Job Completed", "Job Completed"]
    assert get(sandbox, f"v26.0/{run}/insights", limit=500).json()["data"] == insights(sandbox).json()["data"]


def test_usage_headers_come_with_every_answer(sandbox: Sandbox) -> None:
    headers = insights(sandbox).headers
    assert json.loads(headers["X-Business-Use-Case-Usage"])
    assert json.loads(headers["X-FB-Ads-Insights-Throttle"])["acc_id_util_pct"] >= 0
    assert headers["x-fb-trace-id"]


def test_past_days_grow_with_late_conversions(sandbox: Sandbox) -> None:
    assert isinstance(sandbox.clock, FixedClock)
    days = json.dumps({"since": "2026-11-10", "until": "2026-11-19"})
    before = insights(sandbox, time_range=days).json()["data"]
    sandbox.clock.advance(days=10)
    try:
        after = insights(sandbox, time_range=days).json()["data"]
    finally:
        sandbox.clock.advance(days=-10)
    assert _purchases(after) > _purchases(before)
    assert [row["spend"] for row in after] == [row["spend"] for row in before]


def _purchases(rows: list[dict[str, Any]]) -> int:
    return sum(int(a["value"]) for row in rows for a in row.get("actions", ()) if a["action_type"] == "omni_purchase")


def test_a_person_logs_in_with_code_and_long_lived_token(sandbox: Sandbox) -> None:
    verifier = "v" * 50
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "client_id": CLIENT_ID, "redirect_uri": "http://127.0.0.1:8000/back", "response_type": "code",
        "scope": "ads_read", "state": "s", "code_challenge": challenge, "code_challenge_method": "S256", "decision": "allow",
    }  # fmt: skip
    dialog = requests.post(f"{sandbox.addresses.http}/v26.0/dialog/oauth", asked, allow_redirects=False, timeout=10)
    code = parse_qs(urlsplit(dialog.headers["Location"]).query)["code"][0]
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    redeem = client | {"code": code, "redirect_uri": asked["redirect_uri"], "code_verifier": verifier}
    short = _token(sandbox, redeem).json()
    long = _token(sandbox, client | {"grant_type": "fb_exchange_token", "fb_exchange_token": short["access_token"]}).json()
    assert long["expires_in"] == timedelta(days=60).total_seconds()
    assert get(sandbox, "v26.0/me", long["access_token"]).json()["name"] == "Mara Lind (sample)"
    assert refusal(_token(sandbox, redeem))["code"] == 100  # a code works once
    assert refusal(_token(sandbox, redeem | {"client_secret": "wrong"}))["code"] == 1


def _token(sandbox: Sandbox, form: dict[str, str]) -> requests.Response:
    return requests.post(f"{sandbox.addresses.http}/v26.0/oauth/access_token", form, timeout=10)


def test_days_are_those_of_the_account(sandbox: Sandbox) -> None:
    found = {row["date_start"] for row in insights(sandbox).json()["data"]}
    assert found == {(date(2026, 10, 1) + timedelta(days=n)).isoformat() for n in range(7)}
