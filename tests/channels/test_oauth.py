from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from channels import oauth
from channels.models import Connection
from sandbox.faults import Fault
from tests.channels.builders import a_workspace, an_account
from tests.channels.people import a_browser, a_member, browser_of
from tests.people import member
from workspaces.models import AuditEvent

pytestmark = pytest.mark.django_db
PLATFORMS = ("google_ads", "meta", "ga4")


def begin(browser, workspace, platform="google_ads", connection=""):
    """Start a login and return the platform's address."""
    address = reverse("channels:oauth_login", args=[workspace.slug, platform])
    return browser.get(address, {"connection": connection} if connection else {})["Location"]


def decide(address, decision="allow"):
    """What the person does on the platform's page; returns the address the browser is sent back to."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert httpx.get(address).status_code == 200
    answer = httpx.post(address.split("?")[0], data={**asked, "decision": decision})
    return answer.headers["Location"]


def come_back(browser, location):
    """Open the address registered at the platforms, which leads on to the workspace of the state."""
    return browser.get(browser.get(location.removeprefix("http://127.0.0.1:8000"))["Location"])


def connect(browser, workspace, platform="google_ads"):
    return come_back(browser, decide(begin(browser, workspace, platform)))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_login_connects_and_lists_accounts(platforms, platform):
    workspace = a_workspace()
    response = connect(a_browser(workspace), workspace, platform)
    connection = Connection.objects.get(workspace=workspace)
    assert response["Location"] == reverse("channels:accounts", args=[workspace.slug, connection.uuid])
    assert connection.accounts.exists()
    assert not connection.accounts.filter(selected=True).exists()
    assert AuditEvent.objects.filter(action="connection.created").exists()


def test_meta_gives_a_login_that_lasts_sixty_days(platforms):
    workspace = a_workspace()
    connect(a_browser(workspace), workspace, "meta")
    assert 58 <= (Connection.objects.get().expires_at - timezone.now()).days <= 60


def test_it_asks_with_pkce_and_the_exact_address(platforms):
    workspace = a_workspace()
    asked = parse_qs(urlsplit(begin(a_browser(workspace), workspace)).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/oauth/done"]
    assert asked["scope"] == ["https://www.googleapis.com/auth/adwords"]
    assert asked["access_type"] == ["offline"]


def test_denying_connects_nothing_and_offers_another_try(platforms):
    workspace = a_workspace()
    browser = a_browser(workspace)
    response = come_back(browser, decide(begin(browser, workspace), "deny"))
    assert response.status_code == 400
    assert reverse("channels:connect", args=[workspace.slug, "google_ads"]) in response.content.decode()
    assert not Connection.objects.exists()


def test_an_answer_works_once(platforms):
    workspace = a_workspace()
    browser = a_browser(workspace)
    back = decide(begin(browser, workspace))
    assert come_back(browser, back).status_code == 302
    assert come_back(browser, back).status_code == 400
    assert Connection.objects.count() == 1


def test_a_forged_state_is_refused(platforms):
    workspace = a_workspace()
    browser = a_browser(workspace)
    begin(browser, workspace)
    response = browser.get(reverse("channels:oauth_callback", args=[workspace.slug]), {"state": "forged", "code": "4/x"})
    assert response.status_code == 400
    assert not Connection.objects.exists()


def test_an_answer_in_another_persons_browser_is_refused(platforms):
    workspace = a_workspace()
    back = decide(begin(a_browser(workspace), workspace))
    assert come_back(a_browser(workspace), back).status_code == 400
    assert not Connection.objects.exists()


def test_finishing_in_another_workspace_is_refused(platforms):
    first, second = a_workspace(), a_workspace()
    user = a_member(first)
    member(second, user, "owner")
    browser = browser_of(user)
    back = decide(begin(browser, first)).replace(f"state={first.slug}.", f"state={second.slug}.")
    assert come_back(browser, back).status_code == 400
    assert not Connection.objects.exists()


def test_after_ten_minutes_it_is_too_late(platforms):
    workspace = a_workspace()
    browser = a_browser(workspace)
    back = decide(begin(browser, workspace))
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1), tick=False):
        assert come_back(browser, back).status_code == 400
    assert not Connection.objects.exists()


def test_a_right_that_was_taken_meanwhile_ends_the_login(platforms):
    workspace = a_workspace()
    user = a_member(workspace)
    browser = browser_of(user)
    back = decide(begin(browser, workspace))
    user.memberships.update(role="marketer")
    assert come_back(browser, back).status_code == 403
    assert not Connection.objects.exists()


def test_a_code_that_the_platform_refuses_shows_its_reason(platforms):
    workspace = a_workspace()
    browser = a_browser(workspace)
    state = parse_qs(urlsplit(begin(browser, workspace)).query)["state"][0]
    response = browser.get(reverse("channels:oauth_callback", args=[workspace.slug]), {"state": state, "code": "4/wrong"})
    assert "Malformed auth code" in response.content.decode()


def test_a_login_server_that_is_down_says_try_later(platforms):
    workspace = a_workspace()
    browser = a_browser(workspace)
    back = decide(begin(browser, workspace))
    platforms.faults.inject("google_ads", Fault.TOKEN_503)
    assert "Try again in a few minutes" in come_back(browser, back).content.decode()


def test_only_the_last_five_logins_are_remembered(platforms):
    workspace = a_workspace()
    browser = a_browser(workspace)
    for _ in range(8):
        begin(browser, workspace)
    assert len(browser.session[oauth.SESSION_KEY]) == oauth.KEPT


def test_the_session_keeps_no_verifier_in_the_clear(platforms):
    workspace = a_workspace()
    browser = a_browser(workspace)
    begin(browser, workspace)
    assert "verifier" not in str(browser.session[oauth.SESSION_KEY])


def test_without_a_client_the_login_is_not_offered(platforms, settings):
    settings.GOOGLE_CLIENT_ID = ""
    workspace = a_workspace()
    browser = a_browser(workspace)
    assert browser.get(reverse("channels:oauth_login", args=[workspace.slug, "google_ads"])).status_code == 404
    page = browser.get(reverse("channels:connect", args=[workspace.slug, "google_ads"])).content.decode()
    assert "http://127.0.0.1:8000/oauth/done" in page  # what the operator has to register


def test_reconnecting_keeps_accounts_and_history(platforms):
    workspace = a_workspace()
    browser = a_browser(workspace)
    connect(browser, workspace)
    connection = Connection.objects.get()
    connection.accounts.update(selected=True)
    Connection.objects.update(state="reauth_required", error_message="gone")
    before = list(connection.accounts.order_by("pk").values_list("pk", flat=True))
    response = come_back(browser, decide(begin(browser, workspace, connection=str(connection.uuid))))
    connection.refresh_from_db()
    assert response["Location"] == reverse("channels:connection", args=[workspace.slug, connection.uuid])
    assert (connection.state, str(connection.error_message)) == ("connected", "")
    assert list(connection.accounts.order_by("pk").values_list("pk", flat=True)) == before


def test_a_login_that_sees_other_accounts_leaves_the_connection_as_it_was(platforms):
    account = an_account(external_id="9999999999", name="Gone account")
    workspace, browser = account.workspace, a_browser(account.workspace)
    response = come_back(browser, decide(begin(browser, workspace, connection=str(account.connection.uuid))))
    assert response.status_code == 400
    assert "Gone account (9999999999)" in response.content.decode()
    account.connection.refresh_from_db()
    assert account.connection.credentials["refresh_token"] == "sandbox-refresh-token"


def test_a_connection_of_another_workspace_cannot_be_reconnected(platforms):
    workspace, foreign = a_workspace(), an_account().connection
    address = reverse("channels:oauth_login", args=[workspace.slug, "google_ads"])
    assert a_browser(workspace).get(address, {"connection": foreign.uuid}).status_code == 404


TOKENS = {
    "google_ads": {"refresh_token": "sandbox-refresh-token"},
    "ga4": {"refresh_token": "sandbox-refresh-token", "client_id": "sandbox-client", "client_secret": "sandbox-secret"},
    "meta": {"access_token": "sandbox-system-user-token"},
}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_pasted_token_is_tried_and_kept(platforms, platform):
    workspace = a_workspace()
    response = a_browser(workspace).post(reverse("channels:connect", args=[workspace.slug, platform]), TOKENS[platform])
    connection = Connection.objects.get()
    assert response.status_code == 302
    assert connection.credentials == TOKENS[platform]
    assert connection.accounts.exists()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_wrong_token_is_not_kept_and_not_shown_again(platforms, platform):
    workspace = a_workspace()
    wrong = {name: f"wrong-{value}" for name, value in TOKENS[platform].items()}
    response = a_browser(workspace).post(reverse("channels:connect", args=[workspace.slug, platform]), wrong)
    html = response.content.decode()
    assert not Connection.objects.exists()
    assert 'role="alert"' in html
    assert not [value for name, value in wrong.items() if name != "client_id" and value in html]


def test_a_manager_account_needs_ten_digits(platforms):
    workspace = a_workspace()
    values = TOKENS["google_ads"] | {"login_customer_id": "12-34"}
    response = a_browser(workspace).post(reverse("channels:connect", args=[workspace.slug, "google_ads"]), values)
    assert "ten digits" in response.content.decode()


def test_an_answer_without_a_state_of_ours_is_not_found(platforms):
    assert a_browser(a_workspace()).get(reverse("oauth_done"), {"code": "4/x"}).status_code == 404
