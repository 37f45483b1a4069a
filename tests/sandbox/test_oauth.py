"""The sandbox's OAuth: what a browser, a token request and a revocation meet at Google."""

import base64
import hashlib
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import time_machine

from sandbox.faults import Fault
from sandbox.server import Sandbox
from sandbox.tokens import REFRESH_TOKEN, Tokens

VERIFIER = "sample-verifier-" + "x" * 40
CALLBACK = "http://localhost:8000/channels/callback/"
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}


def challenge() -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def asked(**changes: str) -> dict[str, str]:
    return {
        "client_id": "sandbox-client",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "https://www.googleapis.com/auth/adwords",
        "state": "state-1",
        "access_type": "offline",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
    } | changes


def decide(sandbox: Sandbox, decision: str = "allow", **changes: str) -> dict[str, list[str]]:
    """Press a button of the consent page; the parameters the browser is sent back with."""
    url = f"{sandbox.addresses.http}/oauth/authorize"
    page = httpx.get(url, params=asked(**changes))
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
    answer = httpx.post(url, data=hidden | {"decision": decision})
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(CALLBACK)
    return parse_qs(urlsplit(answer.headers["location"]).query)


def token(sandbox: Sandbox, **fields: str) -> httpx.Response:
    return httpx.post(f"{sandbox.addresses.http}/oauth/token", data=CLIENT | fields)


def exchange(sandbox: Sandbox, code: str, **changes: str) -> httpx.Response:
    fields = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER, "code": code} | changes
    return token(sandbox, grant_type="authorization_code", **fields)


def renew(sandbox: Sandbox, refresh_token: str = REFRESH_TOKEN) -> httpx.Response:
    return token(sandbox, grant_type="refresh_token", refresh_token=refresh_token)


def test_an_allowed_code_becomes_tokens_that_can_be_renewed(sandbox: Sandbox) -> None:
    back = decide(sandbox)
    assert back["state"] == ["state-1"]
    granted = exchange(sandbox, back["code"][0]).json()
    assert granted["scope"] == "https://www.googleapis.com/auth/adwords"
    assert granted["expires_in"] == 3600
    renewed = renew(sandbox, granted["refresh_token"]).json()
    assert "refresh_token" not in renewed
    assert sandbox.tokens.holder(renewed["access_token"]) == sandbox.tokens.find(granted["refresh_token"], "google")


def test_a_denial_goes_back_without_a_code(sandbox: Sandbox) -> None:
    assert decide(sandbox, "deny") == {"error": ["access_denied"], "state": ["state-1"]}


def test_a_code_works_once(sandbox: Sandbox) -> None:
    code = decide(sandbox)["code"][0]
    assert exchange(sandbox, code).status_code == 200
    assert exchange(sandbox, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("changes", [{"code_verifier": "another"}, {"redirect_uri": "http://localhost:1/"}])
def test_a_code_needs_its_verifier_and_its_address(sandbox: Sandbox, changes: dict[str, str]) -> None:
    refused = exchange(sandbox, decide(sandbox)["code"][0], **changes)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_no_refresh_token_without_offline_access(sandbox: Sandbox) -> None:
    assert "refresh_token" not in exchange(sandbox, decide(sandbox, access_type="online")["code"][0]).json()


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody-else"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"response_type": "token"},
        {"state": ""},
        {"scope": ""},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
    ],
)
def test_a_wrong_request_is_shown_and_never_sent_back(sandbox: Sandbox, changes: dict[str, str]) -> None:
    answer = httpx.get(f"{sandbox.addresses.http}/oauth/authorize", params=asked(**changes))
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_the_consent_page_escapes_what_it_was_given(sandbox: Sandbox) -> None:
    answer = httpx.get(f"{sandbox.addresses.http}/oauth/authorize", params=asked(state='"><script>'))
    assert "<script>" not in answer.text


@pytest.mark.parametrize("wrong", [{"client_secret": "no"}, {"client_id": "no"}])
def test_a_wrong_client_is_told_from_a_dead_grant(sandbox: Sandbox, wrong: dict[str, str]) -> None:
    answer = token(sandbox, grant_type="refresh_token", refresh_token=REFRESH_TOKEN, **wrong)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert renew(sandbox, "unknown").json()["error"] == "invalid_grant"


def test_client_and_secret_may_come_by_basic_authentication(sandbox: Sandbox) -> None:
    url, data = f"{sandbox.addresses.http}/oauth/token", {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
    assert httpx.post(url, data=data, auth=("sandbox-client", "sandbox-secret")).status_code == 200


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
def test_revoking_either_token_ends_the_grant(sandbox: Sandbox, which: str) -> None:
    granted = exchange(sandbox, decide(sandbox)["code"][0]).json()
    url = f"{sandbox.addresses.http}/oauth/revoke"
    assert httpx.post(url, data={"token": granted[which]}).status_code == 200
    assert renew(sandbox, granted["refresh_token"]).json()["error"] == "invalid_grant"
    assert sandbox.tokens.holder(granted["access_token"]) is None
    assert httpx.post(url, data={"token": "unknown"}).status_code == 400


def test_an_access_token_lives_an_hour(sandbox: Sandbox) -> None:
    access_token = renew(sandbox).json()["access_token"]
    with time_machine.travel(0, tick=False) as clock:
        clock.move_to(_issued(access_token) + 3599)
        assert sandbox.tokens.holder(access_token) is not None
        clock.shift(2)
        assert sandbox.tokens.holder(access_token) is None


def _issued(access_token: str) -> int:
    payload = access_token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return int(claims["expires"]) - 3600


def test_grants_survive_a_restart(tmp_path: Path) -> None:
    before = Tokens(tmp_path / "tokens.json")
    kept, ended = before.grant("google", ("a",)), before.grant("meta", ("b",))
    access_token = before.access(kept)
    before.revoke(ended.token)
    after = Tokens(tmp_path / "tokens.json")
    assert after.find(kept.token, "google") == after.holder(access_token) == kept
    assert after.find(ended.token, "meta") is None


def test_a_token_of_one_platform_is_unknown_to_the_other(sandbox: Sandbox) -> None:
    assert sandbox.tokens.find(REFRESH_TOKEN, "meta") is None


def test_faults_strike_the_token_server(sandbox: Sandbox) -> None:
    for fault, status in ((Fault.REVOKED_TOKEN, 400), (Fault.WRONG_CLIENT, 401), (Fault.TOKEN_503, 503)):
        sandbox.faults.inject("ga4", fault)
        assert renew(sandbox).status_code == status
    assert renew(sandbox).status_code == 200
