"""What consents are asked for: a team adds and changes purposes, and no answer of a banner disappears unseen."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone, translation

from mops.demo import consents
from tests.people import ClientFor
from tests.tracking.consent.people import say, someone
from tracking.blind_index import subject_of
from tracking.consent import checking, intake, ledger, overview, purposes
from tracking.consent_models import Decision
from tracking.models import BannerChoice, ConsentState, ConsentText, Purpose
from workspaces.models import AuditEvent, Role, Workspace

VALUES = {"known": "own", "key": "", "name": "", "name_de": "", "expiry_months": "24", "legal_basis": "consent"}


def url(workspace: Workspace, name: str, *more: object) -> str:
    return reverse(f"consent:{name}", args=[workspace.slug, *more])


@pytest.fixture
def email(workspace: Workspace) -> Purpose:
    return purposes.purposes_of(workspace, ["email"])["email"]


def edit(client_for: ClientFor, purpose: Purpose, **values: str) -> str:
    there = {"name": "Newsletter", "name_de": "Rundbrief", "expiry_months": "24", "legal_basis": "consent"}
    client = client_for(Role.PRIVACY)
    return client.post(url(purpose.workspace, "edit_purpose", purpose.pk), there | values, follow=True).text


def test_a_purpose_of_a_platform_is_added_with_its_usual_names(client_for: ClientFor, workspace: Workspace) -> None:
    client = client_for(Role.PRIVACY)
    client.post(url(workspace, "add_purpose"), VALUES | {"known": "ads_audience:linkedin", "expiry_months": "12"})
    added = Purpose.objects.get(key="ads_audience:linkedin")
    assert (added.destination, added.expiry_months, added.label) == ("linkedin", 12, "Audiences with LinkedIn")
    assert AuditEvent.objects.get(action="consent.purpose_added").target == "ads_audience:linkedin"
    again = client.post(url(workspace, "add_purpose"), VALUES | {"known": "ads_audience:linkedin"})
    assert 'value="ads_audience:linkedin"' not in again.text


def test_a_purpose_of_the_teams_own_needs_a_key_and_names(client_for: ClientFor, workspace: Workspace) -> None:
    own = VALUES | {"key": "post", "name": "Letters", "name_de": "Briefe"}
    for wrong in (
        {"key": ""},
        {"key": "P O"},
        {"key": "post:nowhere"},
        {"name_de": ""},
        {"expiry_months": "0"},
        {"expiry_months": "121"},
    ):
        assert "invalid-feedback" in client_for(Role.PRIVACY).post(url(workspace, "add_purpose"), own | wrong).text
        assert not Purpose.objects.exists()
    client_for(Role.PRIVACY).post(url(workspace, "add_purpose"), own)
    added = Purpose.objects.get()
    assert (added.key, added.destination, added.label) == ("post", "", "Letters")
    with translation.override("de"):
        assert added.label == "Briefe"
    assert "There is such a purpose already." in client_for(Role.PRIVACY).post(url(workspace, "add_purpose"), own).text


def test_another_validity_counts_for_consents_that_hold_and_wakes_none_that_ended(
    client_for: ClientFor, workspace: Workspace, email: Purpose
) -> None:
    with time_machine.travel(datetime(2026, 8, 31, 12, tzinfo=UTC), tick=False) as travel:
        say(workspace, someone(workspace, "old"), Decision.GRANTED, given_at=timezone.now() - timedelta(days=900))
        say(workspace, someone(workspace, "new"), Decision.GRANTED)
        travel.shift(timedelta(days=1))
        edit(client_for, email, expiry_months="30")
        held = {state.decision: state.expires_at for state in ConsentState.objects.all()}
        assert held == {"expired": None, "granted": datetime(2029, 2, 28, 12, 0, 0, 1, UTC)}
        assert checking.differing(workspace) == 0
        edit(client_for, email, expiry_months="1")
        assert ConsentState.objects.get(decision="granted").expires_at == datetime(2026, 9, 30, 12, 0, 0, 1, UTC)
        travel.shift(timedelta(days=40))
        assert ledger.expire_due(workspace) == 1
    changed = AuditEvent.objects.filter(action="consent.purpose_changed").order_by("pk")[1]
    assert changed.details == {"expiry_months": {"before": 30, "after": 1}}


def test_names_and_legal_basis_are_changed_with_a_trace(client_for: ClientFor, workspace: Workspace, email: Purpose) -> None:
    page = client_for(Role.PRIVACY).get(url(workspace, "edit_purpose", email.pk)).text
    assert 'value="Newsletter by e-mail"' in page
    assert "cannot be deleted" in page
    edit(client_for, email, legal_basis="existing_customer")
    email.refresh_from_db()
    assert (email.name, email.name_de, email.legal_basis) == ("Newsletter", "Rundbrief", "existing_customer")
    assert AuditEvent.objects.get(action="consent.purpose_changed").details["name"]["after"] == "Newsletter"
    edit(client_for, email, legal_basis="existing_customer")  # nothing new: no further trace
    assert AuditEvent.objects.filter(action="consent.purpose_changed").count() == 1
    phone = purposes.purposes_of(workspace, ["phone"])["phone"]
    assert "about e-mail only" in edit(client_for, phone, legal_basis="existing_customer")


@pytest.mark.parametrize("platform", intake.PLATFORMS)
def test_whatever_a_banner_says_of_a_platform_is_noted(workspace: Workspace, platform: str) -> None:
    device = subject_of(workspace.pk, "device", "a-device")
    said = intake.signals({"consent": {"categoryPreferences": {"marketing": True}}})
    intake.note(workspace, device, said, proof={})
    held = ConsentState.objects.filter(workspace=workspace, decision="granted").values_list("purpose__key", flat=True)
    assert {f"ads_measurement:{platform}", f"ads_audience:{platform}"} <= set(held)


def test_every_purpose_a_banner_can_mean_is_known() -> None:
    meant = {key for keys in intake.CATEGORIES.values() for key in keys} | {*intake.ADVERTISING, *intake.CONSENT_MODE}
    assert meant <= set(purposes.KNOWN)


def test_what_a_banner_asks_beyond_that_is_shown(client_for: ClientFor, workspace: Workspace, email: Purpose) -> None:
    at = timezone.now()
    for name, said in (("a", {"post": True, "email": True}), ("b", {"post": False}), ("b", {"post": True})):
        index = subject_of(workspace.pk, "device", name).index
        BannerChoice.objects.create(
            workspace=workspace, subject=index, said=said, told_at=at, given_at=at, is_dated=True, is_last=False
        )
    assert overview.unknown_purposes(workspace) == [("post", 2)]
    assert "no purpose here" in client_for(Role.PRIVACY).get(url(workspace, "overview")).text


def test_the_sample_shop_publishes_what_it_asks_for_once(workspace: Workspace) -> None:
    consents.create(workspace)
    purposes.publish(Purpose.objects.get(key="email"), "de", "Ein eigener Text.", by=None)
    consents.create(workspace)
    assert sorted(ConsentText.objects.values_list("purpose__key", "language", "version")) == sorted(
        [(key, language, 1) for key in consents.TEXTS for language in ("de", "en")] + [("email", "de", 2)]
    )
