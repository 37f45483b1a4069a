"""Consent in a real browser: the public pages on a phone in both languages, the team's pages on a desk."""

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests.tracking.consent.people import leave, say, someone
from tests.workspaces.test_browser import DESK, PHONE, log_in, violations
from tracking.consent import preferences, purposes
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, DoubleOptIn, Suppression
from workspaces.models import User, Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXTS = {"de": "Ja, Nordlicht darf mir Neuigkeiten mailen.", "en": "Yes, Nordlicht may mail me news."}


@pytest.fixture
def address(workspace: Workspace) -> str:
    """Erika's preference centre, with texts in both languages."""
    for key in ("email", "phone"):
        for language, text in TEXTS.items():
            purposes.publish(purposes.purposes_of(workspace, [key])[key], language, text, by=None)
    return reverse("consent_public:preferences", args=[preferences.token(workspace, someone(workspace))])


def test_a_person_changes_their_consents_on_a_phone(
    page: "Page", live_server: "LiveServer", workspace: Workspace, address: str
) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(f"{live_server.url}{address}?language=de")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    page.get_by_label("Newsletter per E-Mail").check()
    page.get_by_role("button", name="Speichern").click()
    page.get_by_text("Gespeichert.").wait_for()
    assert leave(workspace, someone(workspace)).allowed
    page.get_by_label("Newsletter per E-Mail").uncheck()
    page.get_by_role("button", name="Speichern").click()
    page.get_by_text("Gespeichert.").wait_for()
    assert not leave(workspace, someone(workspace), job="job-2").allowed
    page.get_by_role("link", name="English").click()
    page.get_by_label("Newsletter by e-mail").wait_for()
    assert violations(page) == []
    assert page.context.cookies() == [] or {cookie["name"] for cookie in page.context.cookies()} == {"csrf"}


def test_a_person_confirms_by_keyboard(page: "Page", live_server: "LiveServer", workspace: Workspace, address: str) -> None:
    from tracking.consent import double_opt_in

    double_opt_in.request(workspace, "erika@example.org", "email", language="de", proof={})
    DoubleOptIn.objects.update(token_hash=double_opt_in.hashed("a-token-for-this-test"))
    page.goto(live_server.url + reverse("consent_public:confirm", args=["a-token-for-this-test"]))
    assert violations(page) == []
    page.get_by_role("button", name="Ja, ich bin einverstanden").focus()
    page.keyboard.press("Enter")
    page.get_by_text("hat Ihre Einwilligung festgehalten").wait_for()
    assert violations(page) == []
    assert ConsentEvent.objects.filter(decision=Decision.GRANTED).count() == 1


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_teams_pages_are_accessible(
    page: "Page", live_server: "LiveServer", workspace: Workspace, alice: User, address: str, size: dict[str, int]
) -> None:
    email = purposes.purposes_of(workspace, ["email"])["email"]
    text = purposes.publish(email, "en", "Yes, Nordlicht may mail me news every week.", by=alice)
    say(workspace, someone(workspace), Decision.GRANTED, text=text, proof={"url": "https://shop.example/newsletter"})
    leave(workspace, someone(workspace))
    say(workspace, someone(workspace), Decision.WITHDRAWN, source="one_click")
    log_in(page, live_server, alice)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    for name, more in (
        ("overview", []),
        ("purpose", [email.pk]),
        ("add_purpose", []),
        ("edit_purpose", [email.pk]),
        ("import", []),
        ("person", []),
    ):
        page.goto(live_server.url + reverse(f"consent:{name}", args=[workspace.slug, *more]))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert violations(page) == [], name
    page.get_by_label("Identifier").fill("erika@example.org")
    page.get_by_role("button", name="Look up").click()
    page.get_by_text("https://shop.example/newsletter").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Proof as PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")
    never = page.get_by_role("button", name="Never reach again").first
    never.click()  # without a reason it does not even ask
    assert not page.locator("dialog#confirm").is_visible()
    page.get_by_label("How did they say so?").fill("letter")
    never.click()
    page.locator("dialog#confirm").get_by_text("only the person can").wait_for()
    assert not Suppression.objects.exists()
    page.locator("dialog#confirm [data-yes]").click()
    page.get_by_text("Nothing may reach this person").wait_for()
