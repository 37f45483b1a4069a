"""The night: what ran out is said so, what was never confirmed is forgotten, and what nobody takes back is shown to people."""

from datetime import timedelta

import time_machine
from django.urls import reverse
from django.utils import timezone

from tests.people import ClientFor
from tests.tracking.consent.people import leave, say, someone
from tracking.consent import by_hand, chain, double_opt_in, evidence, purposes, upkeep
from tracking.consent.ledger import withdraw
from tracking.consent_models import Decision
from tracking.models import BlindKey, ConsentEvent, ConsentState, DoubleOptIn, Release
from workspaces.models import AuditEvent, Role, User, Workspace


def test_grants_that_ran_out_end_in_the_ledger_of_every_workspace(workspace: Workspace, other: Workspace) -> None:
    for space in (workspace, other):
        say(space, someone(space, "old"), Decision.GRANTED)
    leave(workspace, someone(workspace, "old"))
    with time_machine.travel(timezone.now() + timedelta(days=800)):
        say(workspace, someone(workspace, "young"), Decision.GRANTED)
        upkeep.run()
        upkeep.run()  # a second time says nothing new
        decisions = ConsentState.objects.order_by("workspace", "pk").values_list("decision", flat=True)
        assert list(decisions) == ["expired", "granted", "expired"]
        assert ConsentEvent.objects.filter(decision="expired", source="expiry", actor="system").count() == 2
        assert Release.objects.get().removal == "queued"
        assert chain.verify(workspace.pk) is chain.verify(other.pk) is None


def test_requests_nobody_confirmed_are_forgotten_and_confirmed_ones_stay(workspace: Workspace) -> None:
    text = purposes.publish(purposes.purposes_of(workspace, ["email"])["email"], "en", "May we write to you?", by=None)
    for name, confirmed in (("never", None), ("did", timezone.now())):
        DoubleOptIn.objects.create(
            workspace=workspace, purpose=text.purpose, text=text, subject=someone(workspace, name).index, language="en",
            token_hash=double_opt_in.hashed(name), requested_at=timezone.now(), expires_at=timezone.now() + timedelta(days=7),
            confirmed_at=confirmed,
        )  # fmt: skip
    upkeep.run()
    assert DoubleOptIn.objects.count() == 2
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        upkeep.run()
    assert DoubleOptIn.objects.get().subject == someone(workspace, "did").index


def test_a_years_old_pepper_is_thrown_away_and_the_peoples_key_is_not(workspace: Workspace) -> None:
    someone(workspace)
    evidence.address_proof(workspace.pk, "192.0.2.7")
    with time_machine.travel(timezone.now() + timedelta(days=365)):
        upkeep.run()
        assert BlindKey.objects.count() == 2
    with time_machine.travel(timezone.now() + timedelta(days=368)):
        upkeep.run()
        assert [key.name for key in BlindKey.objects.all()] == ["subjects"]


def sent_and_withdrawn(workspace: Workspace, *names: str) -> None:
    people = [someone(workspace, name) for name in names]
    for person in people:
        say(workspace, person, Decision.GRANTED)
    leave(workspace, *people)
    for person in people:
        withdraw(workspace, person, ["email"], source="one_click", proof={})


def test_what_no_connector_takes_back_is_shown_until_somebody_did_it(workspace: Workspace, client_for: ClientFor) -> None:
    sent_and_withdrawn(workspace, "erika", "max")
    client = client_for(Role.PRIVACY)
    assert "newsletter" in client.get(reverse("consent:overview", args=[workspace.slug])).text
    address = reverse("consent:removals", args=[workspace.slug])
    page = client.get(address, {"destination": "newsletter"}).text
    erika = Release.objects.get(subject=someone(workspace).index)
    assert f'value="{erika.pk}"' in page
    client.post(address, {"destination": "newsletter", "releases": [erika.pk]})
    erika.refresh_from_db()
    assert erika.removal == "verified"
    assert [(one.name, one.removals) for one in by_hand.destinations(workspace)] == [("newsletter", 1)]
    entry = AuditEvent.objects.get(action="consent.removed_by_hand")
    assert (entry.target, entry.details) == ("newsletter", {"releases": 1})


def test_a_removal_that_was_refused_is_done_by_hand_too(workspace: Workspace, marketer: User) -> None:
    sent_and_withdrawn(workspace, "erika")
    Release.objects.update(removal="refused")
    assert by_hand.done(workspace, marketer, "newsletter", [Release.objects.get().pk]) == 1
    assert Release.objects.get().removal == "verified"


def test_what_another_workspace_waits_for_is_not_touched(workspace: Workspace, other: Workspace, marketer: User) -> None:
    sent_and_withdrawn(other, "erika")
    assert by_hand.destinations(workspace) == []
    assert by_hand.done(workspace, marketer, "newsletter", list(Release.objects.values_list("pk", flat=True))) == 0
