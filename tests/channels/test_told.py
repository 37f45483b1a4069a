"""What a platform refused is told to each reader in their own language."""

import re

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.translation import override

from channels import endpoints, notices, runs, states
from channels.connectors.base import ConnectorError, ErrorKind, sentence
from channels.models import AdAccount, Connection, SyncRun
from channels.told import Told
from sandbox.faults import Fault
from sandbox.server import Sandbox
from tests.channels.builders import an_account
from tests.channels.people import a_member, browser_of

pytestmark = pytest.mark.django_db
DEAD = ConnectorError(ErrorKind.AUTH, sentence("Meta refused the access token: it expired."), sentence("Reconnect the account."))
GERMAN = "Meta hat das Zugriffstoken abgelehnt: Es ist abgelaufen. Verbinden Sie das Konto neu."
ENGLISH = "Meta refused the access token: it expired. Reconnect the account."


def test_a_stored_error_is_shown_in_the_readers_language() -> None:
    account = an_account(platform="meta", error_kind="auth", error_message=Told(DEAD.said))
    stored = AdAccount.objects.get(pk=account.pk).error_message
    with override("de"):
        assert str(stored) == GERMAN
    with override("en"):
        assert str(stored) == ENGLISH


def test_numbers_are_written_as_the_reader_writes_them() -> None:
    told = Told([sentence("Google Analytics sent %(found)s of %(total)s rows.", found=1200, total=15000)])
    with override("de"):
        assert str(told) == "Google Analytics hat 1.200 von 15.000 Zeilen geschickt."
    with override("en"):
        assert str(told) == "Google Analytics sent 1,200 of 15,000 rows."


@pytest.mark.parametrize("words", ["Google refused: 100 % of it.", "", '[[1, 2], "no sentence"', "[[x]] is what Meta said."])
def test_what_was_stored_before_stays_as_it_is(words: str) -> None:
    account = an_account(error_message=words)
    with override("de"):
        assert str(AdAccount.objects.get(pk=account.pk).error_message) == words


def test_a_platforms_own_words_are_not_translated_nor_filled_in() -> None:
    error = ConnectorError(ErrorKind.INVALID, sentence("Meta refused the request."), "(#100) 50 % of %(field)s is not valid.")
    with override("de"):
        assert str(Told(error.said)) == "Meta hat die Anfrage abgelehnt. (#100) 50 % of %(field)s is not valid."


@pytest.mark.parametrize(("language", "words"), [("de", GERMAN), ("en", ENGLISH)])
def test_the_connections_page_and_the_mail_say_it_in_their_readers_language(language: str, words: str) -> None:
    connection = an_account(platform="meta").connection
    reader = a_member(connection.workspace, language=language)
    states.require_reconnect(connection, DEAD)
    page = browser_of(reader).get(reverse("channels:connection", args=[connection.workspace.slug, connection.uuid]))
    assert words in page.content.decode()

    assert notices.send_reconnect_needed(connection.pk) == 1
    (letter,) = mail.outbox
    assert words in letter.body
    assert words in str(letter.alternatives[0][0])  # type: ignore[attr-defined]


@pytest.mark.parametrize("platform", ["google_ads", "meta", "ga4"])
def test_a_refused_pull_stands_in_german_in_the_list_of_runs(platform: str, platforms: Sandbox) -> None:
    account = an_account(platform=platform)
    states.list_accounts(account.connection, endpoints.connector_of(account.connection).accounts())
    account = account.connection.accounts.exclude(pk=account.pk).order_by("pk")[0]
    AdAccount.objects.filter(pk=account.pk).update(selected=True)
    run = SyncRun.objects.create(workspace_id=account.workspace_id, account=account, report="campaigns", kind="manual",
                                 since="2026-11-10", until="2026-11-12")  # fmt: skip
    platforms.faults.inject(platform, Fault.PERMISSION_DENIED)
    assert runs.execute(run.pk)
    reader = browser_of(a_member(account.workspace, language="de"))
    connection = Connection.objects.get(pk=account.connection_id)
    page = reader.get(reverse("channels:connection", args=[account.workspace.slug, connection.uuid])).content.decode()
    assert re.search(r"lässt diese Anmeldung (das (Werbek|K)onto|die Property) nicht lesen\.", page)
