"""Canary values in every credential, walked through every page and every forced error: they must show up nowhere."""

import logging

import pytest
from django.db import connection as database
from django.urls import reverse

from channels import runs, states
from channels.connectors.google_ads import session
from channels.models import Connection, SyncRun
from sandbox.faults import APPLIES
from sandbox.tokens import Grant
from tests.channels.builders import a_workspace
from tests.channels.people import a_browser
from tests.sandbox_fixtures import NOW

pytestmark = pytest.mark.django_db
CANARIES = {
    "refresh_token": "canary-refresh-5d1f",
    "access_token": "canary-access-7a2e",
    "client_secret": "canary-secret-9c3b",
    "wrong": "canary-wrong-4e8d",
}
PLATFORMS = {"google_ads": "refresh_token", "ga4": "refresh_token", "meta": "access_token"}


def found_in(text):
    return [value for value in CANARIES.values() if value in text]


def dump():
    """Every value of every row, as text."""
    rows = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')  # bytea becomes hex: nothing readable there either
            rows += [row[0] for row in cursor.fetchall()]
    return "\n".join(rows)


@pytest.fixture
def living_canaries(platforms):
    """The sandbox takes the canary tokens for its own."""
    google = Grant(CANARIES["refresh_token"], "google", ("https://www.googleapis.com/auth/adwords",
                                                         "https://www.googleapis.com/auth/analytics.readonly"))  # fmt: skip
    meta = Grant(CANARIES["access_token"], "meta", ("ads_read",))
    platforms.tokens._grants |= {google.token: google, meta.token: meta}
    yield platforms
    for token in (google.token, meta.token):
        platforms.tokens._grants.pop(token)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_token_shows_up_nowhere(living_canaries, caplog, platform):
    caplog.set_level(logging.DEBUG)
    workspace = a_workspace()
    browser, pages = a_browser(workspace), []
    field = PLATFORMS[platform]
    connect = reverse("channels:connect", args=[workspace.slug, platform])
    pages.append(browser.post(connect, {field: CANARIES["wrong"], "client_id": "x", "client_secret": CANARIES["client_secret"]}))
    pages.append(browser.post(connect, {field: CANARIES[field]}, follow=True))
    connection = Connection.objects.get()
    connection.accounts.update(selected=True)
    pages.append(browser.post(reverse("channels:reconnect", args=[workspace.slug, connection.uuid]), {field: CANARIES["wrong"]}))
    account = connection.accounts.first()
    for fault in APPLIES[platform]:
        force(living_canaries, account, fault)
        pages += look(browser, workspace, connection)
    seen = "\n".join(page.content.decode() for page in pages) + dump() + str(dict(browser.session)) + caplog.text
    assert "Traceback" not in seen
    assert not found_in(seen)


def force(sandbox, account, fault):
    """Every call that a platform can break: the test button and a pull."""
    session.forget()
    sandbox.stall_seconds = 0.1
    sandbox.faults.inject(account.platform, fault, times=2)
    states.check(account.connection)
    Connection.objects.filter(pk=account.connection_id).update(state="connected")
    type(account).objects.filter(pk=account.pk).update(error_kind="", blocked_until=None)
    SyncRun.objects.all().delete()
    run = SyncRun.objects.create(workspace=account.workspace, account=account, report="campaigns", kind="manual",
                                 since=NOW.date(), until=NOW.date().replace(day=NOW.day + 1))  # fmt: skip
    session.forget()
    runs.execute(run.pk)
    sandbox.faults.clear()


def look(browser, workspace, connection):
    addresses = [reverse(f"channels:{name}", args=[workspace.slug, connection.uuid])
                 for name in ("connection", "accounts", "reconnect", "disconnect")]  # fmt: skip
    return [browser.get(address) for address in (*addresses, reverse("channels:connections", args=[workspace.slug]))]


def test_a_code_in_the_address_is_blanked_in_the_log(platforms, caplog):
    caplog.set_level(logging.DEBUG)
    workspace = a_workspace()
    callback = reverse("channels:oauth_callback", args=[workspace.slug])
    a_browser(workspace).get(callback, {"state": "canary-state-1", "code": "4/canary-code-2"})
    assert "canary-state-1" not in caplog.text
    assert "canary-code-2" not in caplog.text
