"""The gate: default deny, stricter wins, and what left can be taken back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction
from django.utils import timezone

from tests.tracking.consent.people import leave, say, someone
from tracking.blind_index import subject_of
from tracking.consent import chain, merging, removals, suppression
from tracking.consent.gate import release
from tracking.consent.ledger import Statement, expire_due, withdraw
from tracking.consent.merging import merge_persons, merge_subjects
from tracking.consent.purposes import UnknownPurpose
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, ConsentState, Purpose, Release, Suppression
from workspaces.models import Workspace

GRANTED, DENIED, WITHDRAWN, UNPROVEN = Decision.GRANTED, Decision.DENIED, Decision.WITHDRAWN, Decision.UNPROVEN


def test_it_lets_nobody_pass_who_never_said_anything(workspace: Workspace) -> None:
    assert leave(workspace, someone(workspace)).allowed == []


def test_it_lets_those_pass_who_granted_this_purpose(workspace: Workspace) -> None:
    erika, max_ = someone(workspace), someone(workspace, "max")
    event = say(workspace, erika, GRANTED)
    say(workspace, max_, GRANTED, "phone")
    outcome = leave(workspace, erika, max_)
    assert (outcome.allowed, outcome.refused, outcome.result) == ([erika], [max_], 1)
    row = Release.objects.get()
    assert (row.subject, row.event_seq, row.state, row.destination) == (erika.index, event.seq, "sent", "newsletter")


def test_a_consent_of_one_workspace_is_none_in_another(workspace: Workspace, other: Workspace) -> None:
    erika = someone(workspace)
    say(workspace, erika, GRANTED)
    assert leave(other, erika, someone(other)).allowed == []
    assert someone(other) != erika


@pytest.mark.parametrize("decision", [DENIED, WITHDRAWN, Decision.EXPIRED])
def test_it_refuses_after_a_restriction(workspace: Workspace, decision: Decision) -> None:
    erika = someone(workspace)
    say(workspace, erika, GRANTED)
    say(workspace, erika, decision)
    assert leave(workspace, erika).allowed == []


def test_an_unproven_import_never_opens_the_gate(workspace: Workspace) -> None:
    erika = someone(workspace)
    say(workspace, erika, UNPROVEN, source="import")
    assert leave(workspace, erika).allowed == []


def test_an_older_grant_that_arrives_late_does_not_beat_a_withdrawal(workspace: Workspace) -> None:
    erika = someone(workspace)
    say(workspace, erika, WITHDRAWN)
    say(workspace, erika, GRANTED, given_at=timezone.now() - timedelta(hours=1))
    assert leave(workspace, erika).allowed == []
    say(workspace, erika, GRANTED)
    assert leave(workspace, erika).allowed == [erika]


def test_a_grant_ends_after_the_months_of_its_purpose(workspace: Workspace) -> None:
    erika = someone(workspace)
    with time_machine.travel("2026-01-31T12:00:00Z", tick=False) as clock:
        say(workspace, erika, GRANTED)
        clock.move_to("2028-01-31T11:59:59Z")
        assert leave(workspace, erika).allowed == [erika]
        clock.move_to("2028-01-31T12:00:00Z")
        assert leave(workspace, erika, job="job-2").allowed == []
        assert expire_due(workspace) == 1
    assert ConsentState.objects.get().decision == "expired"
    assert Release.objects.get().removal == "queued"


def test_a_withdrawal_queues_the_removal_of_what_left(workspace: Workspace) -> None:
    erika = someone(workspace)
    say(workspace, erika, GRANTED)
    leave(workspace, erika)
    withdraw(workspace, erika, ["email", "phone"], source="preferences", proof={})
    due = removals.due(workspace, "newsletter")
    assert [row.subject for row in due] == [erika.index]
    assert removals.settle(workspace, [row.pk for row in due], Release.Removal.ACCEPTED) == 1
    assert removals.settle(workspace, [Release.objects.get().pk], Release.Removal.VERIFIED) == 1
    assert removals.settle(workspace, [Release.objects.get().pk], Release.Removal.REFUSED) == 0


def test_what_may_have_left_when_sending_broke_off_is_taken_back_too(workspace: Workspace) -> None:
    erika = someone(workspace)
    say(workspace, erika, GRANTED)
    with pytest.raises(ConnectionError):
        release(workspace, "email", [erika], destination="newsletter", job="job-1", send=_break)
    assert Release.objects.get().state == "sending"
    say(workspace, erika, WITHDRAWN)
    assert Release.objects.get().removal == "queued"


def _break(people: object) -> None:
    raise ConnectionError("the platform hung up")


def test_it_refuses_a_purpose_that_is_for_another_destination(workspace: Workspace) -> None:
    erika = someone(workspace)
    say(workspace, erika, GRANTED, "ads_audience:meta")
    with pytest.raises(ValueError, match="is for meta"):
        leave(workspace, erika, purpose="ads_audience:meta")
    with pytest.raises(UnknownPurpose):
        leave(workspace, erika, purpose="anything")


def test_a_merge_keeps_the_stricter_decision(workspace: Workspace) -> None:
    erika, device = someone(workspace), someone(workspace, "erika.private")
    say(workspace, erika, GRANTED)
    say(workspace, device, DENIED)
    say(workspace, erika, GRANTED, "phone")
    assert merge_subjects(workspace, erika, device) == 1
    assert leave(workspace, erika, device).allowed == []
    assert leave(workspace, erika, purpose="phone", job="job-2").allowed == [erika]


def test_after_a_merge_a_withdrawal_holds_for_every_identifier(workspace: Workspace) -> None:
    one, two, three = (someone(workspace, name) for name in ("one", "two", "three"))
    for subject in (one, two, three):
        say(workspace, subject, GRANTED)
    merge_subjects(workspace, one, two)
    merge_subjects(workspace, two, three)
    say(workspace, three, WITHDRAWN)
    assert leave(workspace, one, two, three).allowed == []
    merging.unlink(workspace, two, three)
    say(workspace, one, GRANTED)
    assert leave(workspace, one, two, three).allowed == [one]


def test_a_link_between_two_of_one_person_ends_no_newer_grant(workspace: Workspace) -> None:
    one, two, three = (someone(workspace, name) for name in ("one", "two", "three"))
    say(workspace, one, DENIED)
    merge_subjects(workspace, one, two)
    merge_subjects(workspace, two, three)
    say(workspace, three, GRANTED)
    assert merge_subjects(workspace, one, three) == 0
    assert leave(workspace, three).allowed == [three]


def test_a_new_browser_of_a_person_ends_no_newer_grant_and_refuses_itself(workspace: Workspace) -> None:
    mail, first, second = (someone(workspace, name) for name in ("mail", "first", "second"))
    say(workspace, mail, DENIED)
    merge_persons(workspace, [[mail, first]])
    say(workspace, mail, GRANTED)
    say(workspace, second, GRANTED)
    assert merge_persons(workspace, [[mail, first, second]]) == 1
    assert leave(workspace, mail, first, second).allowed == [mail]


def test_the_suppression_list_beats_every_consent(workspace: Workspace) -> None:
    erika = someone(workspace)
    say(workspace, erika, GRANTED)
    leave(workspace, erika)
    suppression.suppress(workspace, erika, Suppression.Reason.OBJECTION)
    say(workspace, erika, GRANTED)
    assert leave(workspace, erika, job="job-2").allowed == []
    assert Release.objects.get().removal == "queued"
    suppression.record_own(workspace, [Statement(erika, "phone", GRANTED, "preferences")])
    assert leave(workspace, erika, job="job-3").allowed == [erika], "she said so after her objection"


def test_an_objection_is_refused_in_the_ledger_for_every_purpose_and_identifier(workspace: Workspace) -> None:
    erika, phone = someone(workspace), subject_of(workspace.pk, "phone", "+49 30 5550100")
    say(workspace, phone, GRANTED, "phone")
    merge_subjects(workspace, erika, phone)
    suppression.suppress(workspace, erika, Suppression.Reason.OBJECTION, actor="Nora", proof={"reason": "letter"})
    said = ConsentEvent.objects.filter(workspace=workspace, source="objection", actor="Nora", proof__reason="letter")
    assert set(said.values_list("subject", "purpose")) == {
        (subject.index, purpose.pk) for subject in (erika, phone) for purpose in Purpose.objects.filter(workspace=workspace)
    }
    assert set(said.filter(decision=WITHDRAWN).values_list("purpose__key", flat=True)) == {"phone"}


def test_what_was_granted_before_an_objection_never_counts_again(workspace: Workspace) -> None:
    erika, before = someone(workspace), timezone.now() - timedelta(hours=1)
    suppression.suppress(workspace, erika, Suppression.Reason.OBJECTION)
    say(workspace, erika, GRANTED, source="import", given_at=before)
    later = Purpose.objects.create(workspace=workspace, key="post", name="Letters")
    say(workspace, erika, GRANTED, "post", source="import", given_at=before)
    suppression.record_own(workspace, [Statement(erika, "phone", GRANTED, "preferences")])
    assert not suppression.entry(workspace, erika)
    for job, purpose in enumerate(("email", later.key)):
        assert leave(workspace, erika, purpose=purpose, job=f"job-{job}").allowed == []
    assert leave(workspace, erika, purpose="phone", job="phone").allowed == [erika]


@pytest.mark.parametrize("reason", [Suppression.Reason.OBJECTION, Suppression.Reason.COMPLAINT])
def test_who_turns_out_to_be_a_person_on_the_list_is_on_it_too(workspace: Workspace, reason: Suppression.Reason) -> None:
    erika, phone = someone(workspace), subject_of(workspace.pk, "phone", "+49 30 5550100")
    say(workspace, phone, GRANTED, "phone")
    leave(workspace, phone, purpose="phone")
    suppression.suppress(workspace, erika, reason)
    assert merge_subjects(workspace, erika, phone) == 1
    assert ConsentState.objects.get(subject=phone.index, purpose__key="phone").decision == DENIED
    assert Release.objects.get().removal == "queued"
    assert suppression.entry(workspace, erika).reason == reason  # type: ignore[union-attr]
    assert not suppression.is_unreachable(workspace, phone), "who only follows may ask anew"
    say(workspace, phone, GRANTED, "phone")
    assert leave(workspace, phone, purpose="phone", job="job-2").allowed == []
    suppression.record_own(workspace, [Statement(phone, "phone", GRANTED, "preferences")])
    merge_persons(workspace, [[phone, erika, someone(workspace, "later")]])
    assert leave(workspace, phone, purpose="phone", job="job-3").allowed == [phone], "said after it"


@pytest.mark.parametrize("reason", [Suppression.Reason.BOUNCE, Suppression.Reason.ERASURE])
def test_a_lost_address_shuts_no_other_one_of_whom_it_belonged_to(workspace: Workspace, reason: Suppression.Reason) -> None:
    old, new, browser = someone(workspace), someone(workspace, "new"), subject_of(workspace.pk, "device", "browser")
    say(workspace, old, GRANTED)
    say(workspace, browser, GRANTED, "analytics")
    merge_subjects(workspace, old, browser)
    suppression.suppress(workspace, old, reason)
    still = leave(workspace, old, browser, purpose="analytics").allowed
    assert still == ([browser] if reason == Suppression.Reason.BOUNCE else []), "an erasure ends what the whole person granted"
    say(workspace, new, GRANTED, source="double_opt_in")
    assert merge_subjects(workspace, new, browser) == 0
    suppression.record_own(workspace, [Statement(old, "email", GRANTED, "preferences")])
    assert leave(workspace, old, new, job="job-2").allowed == [new]
    assert set(Suppression.objects.values_list("subject", "reason")) == {(old.index, reason)}


@pytest.mark.parametrize("is_linked_first", [True, False])
@pytest.mark.parametrize("reason", [Suppression.Reason.OBJECTION, Suppression.Reason.COMPLAINT])
def test_a_merge_that_was_wrong_is_undone_on_the_list_too(
    workspace: Workspace, reason: Suppression.Reason, is_linked_first: bool
) -> None:
    erika, max_ = someone(workspace), someone(workspace, "max")
    for step in (merge_subjects, suppression.suppress) if is_linked_first else (suppression.suppress, merge_subjects):
        step(workspace, max_, erika if step == merge_subjects else reason)  # type: ignore[operator]
    say(workspace, erika, GRANTED)
    assert leave(workspace, erika).allowed == []
    merging.unlink(workspace, erika, max_)
    assert [row.subject for row in Suppression.objects.all()] == [max_.index]
    suppression.record_own(workspace, [Statement(erika, "phone", GRANTED, "preferences")])
    assert leave(workspace, erika, max_, purpose="phone", job="job-2").allowed == [erika]
    assert suppression.entry(workspace, max_)


def test_on_the_list_stays_who_said_so_themselves_or_is_one_person_with_another_who_did(workspace: Workspace) -> None:
    hub, one, two, said = (someone(workspace, name) for name in ("hub", "one", "two", "said"))
    merge_persons(workspace, [[hub, one, two, said]])
    for subject in (one, two, said):
        suppression.suppress(workspace, subject, Suppression.Reason.OBJECTION)
    merging.unlink(workspace, hub, said)
    merging.unlink(workspace, hub, one)
    assert Suppression.objects.count() == 4, "the hub is one person with two still"
    merging.unlink(workspace, hub, two)
    assert {row.subject for row in Suppression.objects.all()} == {one.index, two.index, said.index}


def test_a_new_consent_takes_all_identifiers_of_the_person_off_the_list(workspace: Workspace) -> None:
    erika, phone = someone(workspace), subject_of(workspace.pk, "phone", "+49 30 5550100")
    say(workspace, phone, GRANTED, "phone")
    merge_subjects(workspace, erika, phone)
    suppression.suppress(workspace, phone, Suppression.Reason.OBJECTION)
    suppression.record_own(workspace, [Statement(erika, "email", GRANTED, "preferences")])
    assert not Suppression.objects.exists()
    assert leave(workspace, erika).allowed == [erika]
    assert leave(workspace, phone, purpose="phone", job="job-2").allowed == []


def test_a_complaint_outlasts_a_new_consent(workspace: Workspace) -> None:
    erika = someone(workspace)
    suppression.suppress(workspace, erika, Suppression.Reason.COMPLAINT)
    suppression.record_own(workspace, [Statement(erika, "email", GRANTED, "preferences")])
    assert leave(workspace, erika).allowed == []


def test_an_erasure_that_is_repeated_says_nothing_twice(workspace: Workspace) -> None:
    erika = someone(workspace)
    say(workspace, erika, GRANTED)
    for _pass in range(2):
        suppression.suppress(workspace, erika, Suppression.Reason.ERASURE)
    assert list(ConsentEvent.objects.order_by("seq").values_list("decision", flat=True)) == [GRANTED, WITHDRAWN]


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["tracking_consentevent", "tracking_consenttext"])
def test_the_database_refuses_to_change_the_ledger(workspace: Workspace, statement: str, table: str) -> None:
    from tracking.consent.purposes import publish, purposes_of

    text = publish(purposes_of(workspace, ["email"])["email"], "de", "Ja, ich will den Newsletter.", by=None)
    say(workspace, someone(workspace), GRANTED, text=text)
    with pytest.raises((InternalError, ProgrammingError), match="append only"), transaction.atomic():
        connection.cursor().execute(statement.format(table))


def test_a_statement_cannot_come_from_the_future(workspace: Workspace) -> None:
    event = say(workspace, someone(workspace), GRANTED, given_at=timezone.now() + timedelta(days=1))
    assert event.given_at == event.at
    event.pk, event.seq, event.given_at = None, 99, event.at + timedelta(days=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        event.save()


FLIPPED = "overlay({0} placing translate(substr({0}, 9, 1), '0123456789abcdef', '123456789abcdef0') from 9 for 1)"


@pytest.mark.parametrize(
    ("column", "value"),
    [("subject", FLIPPED.format("subject")), ("proof", "'{\"form\": \"other\"}'"), ("decision", "'granted'"),
     ("at", "at + interval '1 microsecond'"), ("given_at", "given_at - interval '1 second'"), ("actor", "'person2'"),
     ("hash", FLIPPED.format("hash")), ("source", "'banner'")],
)  # fmt: skip
def test_one_changed_byte_is_found_in_its_row(workspace: Workspace, column: str, value: str) -> None:
    for decision in (GRANTED, DENIED, WITHDRAWN, DENIED, DENIED):
        say(workspace, someone(workspace), decision, proof={"form": "https://shop.example/newsletter", "button": "first layer"})
    assert chain.verify(workspace.pk) is None
    _tamper(f"UPDATE tracking_consentevent SET {column} = {value} WHERE seq = 3")
    broken = chain.verify(workspace.pk)
    assert broken is not None
    assert broken.seq == 3


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_a_removed_event_is_found_also_the_last(workspace: Workspace, seq: int) -> None:
    for decision in (GRANTED, DENIED, WITHDRAWN):
        say(workspace, someone(workspace), decision)
    _tamper(f"DELETE FROM tracking_consentevent WHERE seq = {seq}")
    broken = chain.verify(workspace.pk)
    assert broken is not None
    assert broken.seq == seq


BLANK = "UPDATE tracking_consentevent SET subject = '', proof = '{}', actor = ''"


def test_a_withdrawal_cannot_be_blanked_before_its_proof_time(workspace: Workspace) -> None:
    for decision in (GRANTED, WITHDRAWN):
        say(workspace, someone(workspace), decision)
    _tamper(f"{BLANK}, decision = 'granted' WHERE seq = 2")
    assert chain.verify(workspace.pk) == (2, "lost its subject before its time")
    _tamper("UPDATE tracking_consentevent SET at = at - interval '4 years', given_at = given_at - interval '4 years' WHERE seq = 2")
    assert chain.verify(workspace.pk) == (2, "earlier than the event before it")


def test_what_lost_its_subject_keeps_nothing_of_the_person(workspace: Workspace) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=1100)):
        say(workspace, someone(workspace), GRANTED, proof={"url": "https://shop.example/"})
    _tamper("UPDATE tracking_consentevent SET subject = ''")
    assert chain.verify(workspace.pk) == (1, "lost its subject but not its proof")
    _tamper(BLANK)
    assert chain.verify(workspace.pk) is None


def test_statements_made_while_the_chain_is_walked_break_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    say(workspace, someone(workspace), GRANTED)
    walk = chain._events

    def walk_late(workspace_id: int) -> Iterator[ConsentEvent]:
        say(workspace, someone(workspace), DENIED)
        yield from walk(workspace_id)
        say(workspace, someone(workspace), WITHDRAWN)

    monkeypatch.setattr(chain, "_events", walk_late)
    assert chain.verify(workspace.pk) is None


def _tamper(statement: str) -> None:
    """As somebody would who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE tracking_consentevent DISABLE TRIGGER tracking_consentevent_append_only")
        cursor.execute(statement)
        cursor.execute("ALTER TABLE tracking_consentevent ENABLE TRIGGER tracking_consentevent_append_only")


def test_it_counts_events_without_gaps(workspace: Workspace, other: Workspace) -> None:
    for space in (workspace, other, workspace):
        say(space, someone(space), GRANTED)
    assert list(ConsentEvent.objects.filter(workspace=workspace).order_by("seq").values_list("seq", flat=True)) == [1, 2]
