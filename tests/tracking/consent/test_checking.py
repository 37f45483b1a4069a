"""The nightly check: what the gate reads follows from the statements, and whoever changes either is seen the next morning."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from mops import doctor
from tests.people import ClientFor
from tests.tracking.consent.people import say, someone
from tracking import invariants
from tracking.consent import checking
from tracking.consent_models import Decision
from tracking.models import ChainHead, ConsentEvent, ConsentState
from workspaces.models import AuditEvent, Role, Workspace

Change = Callable[[], object]


CHANGES: dict[str, Change] = {
    "a refusal that became a grant": lambda: ConsentState.objects.filter(decision="denied").update(
        decision="granted", expires_at=timezone.now() + timedelta(days=9)
    ),
    "a grant that lasts longer": lambda: ConsentState.objects.filter(decision="granted").update(
        expires_at=datetime(2099, 1, 1, tzinfo=UTC)
    ),
    "a grant by another statement": lambda: ConsentState.objects.filter(decision="granted").update(event_seq=1),
    "a state nobody spoke for": lambda: ConsentState.objects.filter(decision="denied").update(subject="f" * 64),
    "a state that is gone": lambda: ConsentState.objects.filter(decision="denied").delete(),
}  # fmt: skip


@pytest.fixture
def said(workspace: Workspace) -> None:
    """A grant after a refusal, an older grant that lifts none, a claim, and a month of 31 days."""
    with time_machine.travel(datetime(2026, 8, 31, 12, tzinfo=UTC)):
        say(workspace, someone(workspace, "anna"), Decision.DENIED)
        say(workspace, someone(workspace, "anna"), Decision.GRANTED, given_at=timezone.now())
        say(workspace, someone(workspace, "bert"), Decision.WITHDRAWN, "phone")
        say(workspace, someone(workspace, "bert"), Decision.DENIED)
        say(workspace, someone(workspace, "bert"), Decision.GRANTED, given_at=datetime(2025, 1, 1, tzinfo=UTC))
        say(workspace, someone(workspace, "carl"), Decision.UNPROVEN)


@pytest.mark.parametrize("change", CHANGES)
def test_a_state_that_does_not_follow_from_the_statements_is_found(workspace: Workspace, said: None, change: str) -> None:
    call_command("verify_consent_chain")
    call_command("verify_invariants")
    CHANGES[change]()
    assert checking.check(workspace).broken is None
    with pytest.raises(CommandError, match="not as written in nordlicht"):
        call_command("verify_consent_chain")
    assert [broken.invariant.code for broken in invariants.broken(timezone.now())] == ["I6"]


def test_a_broken_chain_does_not_hide_other_workspaces(workspace: Workspace, other: Workspace, said: None) -> None:
    say(other, someone(other), Decision.GRANTED)
    ConsentState.objects.filter(workspace=other).delete()
    assert checking.check(workspace).problem == ""
    assert checking.differing(other) == 1


def test_every_night_the_answer_is_noted_and_shown(client_for: ClientFor, workspace: Workspace, said: None) -> None:
    checking.run()
    noted = AuditEvent.objects.get(action=checking.HOLDS)
    assert noted.target == ChainHead.objects.get().hash
    assert doctor.CHECKS["Consents"]() == "1 ledgers checked last night, all as written"
    CHANGES["a refusal that became a grant"]()
    checking.run()
    with pytest.raises(doctor.Sick, match="1 states do not follow"):
        doctor.CHECKS["Consents"]()
    page = client_for(Role.PRIVACY).get(reverse("consent:overview", args=[workspace.slug])).text
    assert "not as it was written" in page


def test_a_chain_written_anew_lacks_the_hash_noted_last_night(workspace: Workspace) -> None:
    say(workspace, someone(workspace), Decision.GRANTED)
    checking.run()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE tracking_consentevent DISABLE TRIGGER tracking_consentevent_append_only")
    ConsentEvent.objects.all().delete()
    ChainHead.objects.all().delete()
    ConsentState.objects.all().delete()
    say(workspace, someone(workspace), Decision.DENIED)
    assert checking.check(workspace).problem == ""
    checking.run()
    note = checking.latest(workspace)
    assert note
    assert note.outcome.problem == "Statement 1: the noted hash is not in the chain"


def test_a_check_that_stands_still_is_told_apart_from_one_that_holds(workspace: Workspace, said: None) -> None:
    assert doctor.CHECKS["Consents"]() == "0 ledgers checked last night, all as written; 1 new, checked for the first time tonight"
    checking.run()
    with time_machine.travel(timezone.now() + timedelta(days=3)), pytest.raises(doctor.Sick, match="not checked for two nights"):
        doctor.CHECKS["Consents"]()


def test_where_nobody_said_anything_nothing_is_noted(workspace: Workspace) -> None:
    checking.run()
    assert not AuditEvent.objects.exists()
    assert checking.latest(workspace) is None
