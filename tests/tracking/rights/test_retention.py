"""Nothing outlives its time: with the clock moved, nothing older than the limit is left in any table."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.utils import ProgrammingError

from mops.lib import clock
from tests.tracking.consent.people import leave, say, someone
from tests.tracking.rights.planting import IDS, Planted
from tracking.blind_index import subject_of
from tracking.consent import chain, linking
from tracking.consent.merging import merge_subjects
from tracking.consent_models import Decision
from tracking.models import (
    AccessFile,
    ConsentEvent,
    ConsentState,
    Customer,
    DataSubjectRequest,
    DoubleOptIn,
    Event,
    EventKey,
    Identity,
    ImportFile,
    Order,
    Profile,
    RawBody,
    RefusedRow,
    Rejection,
    RetentionRule,
    Session,
    SubjectLink,
)
from tracking.rights import retention
from tracking.rights.declaring import Kept
from tracking.rights.registry import personal
from workspaces import audit
from workspaces.models import AuditEvent, User, Workspace

Travel = Callable[[timedelta], None]
YEAR = timedelta(days=365)


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> Travel:
    real = clock.now

    def travel(distance: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: real() + distance)

    return travel


def test_every_kind_has_a_timer_or_ends_with_something_else() -> None:
    assert {line.kept for line in personal()} - set(retention.TIMERS) == {Kept.BOOKS, Kept.ACCOUNT}
    assert set(retention.STEPS) == set(retention.TIMERS)


def test_a_month_later_bodies_files_and_refusals_are_gone(planted: Planted, travel: Travel) -> None:
    travel(timedelta(days=31))
    retention.apply(planted.workspace)
    tables = (RawBody, Rejection, ImportFile, RefusedRow, DoubleOptIn, AccessFile)
    assert {table.__name__: table.objects.count() for table in tables} == dict.fromkeys([t.__name__ for t in tables], 0)
    assert Event.objects.count() == 2  # their time is longer


def test_two_years_later_nobody_is_known_by_events_or_profiles(planted: Planted, travel: Travel) -> None:
    travel(2 * YEAR + timedelta(days=3))
    retention.apply(planted.workspace)
    assert [table.objects.count() for table in (Event, EventKey, Identity, Profile)] == [0, 0, 0, 0]
    assert Session.objects.get().visitor == ""
    assert ConsentEvent.objects.exclude(subject="").exists()  # the proof is still needed
    connection.check_constraints()
    retention.apply_to_installation()
    assert not planted.mail.exists()


def test_click_ids_of_orders_end_with_the_events_and_the_books_stay(planted: Planted, travel: Travel) -> None:
    travel(timedelta(days=420))
    retention.apply(planted.workspace)
    assert Order.objects.get().gclid == "canary-gclid"
    travel(timedelta(days=426))
    retention.apply(planted.workspace)
    order = Order.objects.get()
    assert (order.gclid, order.fbclid, order.referrer) == ("", "", "")
    assert (order.gross, order.net, order.channel, order.customer) == (119, 100, "direct", Customer.objects.get(key=IDS["user_id"]))


def test_contents_end_before_the_books_that_count_them(planted: Planted, travel: Travel) -> None:
    RetentionRule.objects.create(workspace=planted.workspace, kind=Kept.BODIES, days=3)
    travel(timedelta(days=5))
    retention.apply(planted.workspace)
    assert set(RawBody.objects.values_list("body", flat=True)) == {b""}
    assert RawBody.objects.count() == 3


def test_proof_ends_three_years_after_its_last_use_and_the_chain_still_holds(workspace: Workspace, travel: Travel) -> None:
    old, recent = someone(workspace, "old"), someone(workspace, "recent")
    travel(-6 * YEAR)
    say(workspace, old, Decision.GRANTED)
    say(workspace, recent, Decision.GRANTED)
    travel(-2 * YEAR)
    say(workspace, recent, Decision.GRANTED)
    travel(timedelta())
    retention.apply(workspace)
    assert set(ConsentEvent.objects.values_list("subject", flat=True)) == {"", recent.index}
    assert list(ConsentState.objects.values_list("subject", flat=True)) == [recent.index]
    assert chain.verify(workspace.pk) is None
    say(workspace, recent, Decision.WITHDRAWN)
    assert chain.verify(workspace.pk) is None


def test_proof_of_a_call_is_kept_five_years_after_the_last_call(workspace: Workspace, travel: Travel) -> None:
    called = subject_of(workspace.pk, "phone", "+4915155501234")
    travel(-4 * YEAR)
    say(workspace, called, Decision.GRANTED, "phone")
    travel(timedelta())
    retention.apply(workspace)
    assert ConsentEvent.objects.get().subject == called.index
    travel(2 * YEAR)  # the grant itself ended two years after it was given: it could have been used until then
    assert retention.apply(workspace)[Kept.PHONE_PROOF] == 0
    travel(3 * YEAR + timedelta(days=5))
    assert retention.apply(workspace)[Kept.PHONE_PROOF] == 1


def test_consent_to_calls_is_kept_as_long_by_whatever_identifier_it_was_given(workspace: Workspace, travel: Travel) -> None:
    by_mail, number = someone(workspace), subject_of(workspace.pk, "phone", "+4915155501234")
    travel(-4 * YEAR)
    say(workspace, by_mail, Decision.GRANTED, "phone")
    say(workspace, number, Decision.DENIED, "phone")  # nothing there that has to be proved
    travel(-4 * YEAR + timedelta(days=30))
    say(workspace, by_mail, Decision.WITHDRAWN, "phone")
    travel(timedelta())
    retention.apply(workspace)
    assert list(ConsentEvent.objects.order_by("seq").values_list("subject", flat=True)) == [by_mail.index, "", by_mail.index]
    travel(YEAR + timedelta(days=40))
    retention.apply(workspace)
    assert set(ConsentEvent.objects.values_list("subject", flat=True)) == {""}


def test_a_link_ends_with_the_last_statement_of_both(workspace: Workspace, travel: Travel) -> None:
    old, recent, gone = (someone(workspace, name) for name in ("old", "recent", "gone"))
    travel(-6 * YEAR)
    for person in (old, recent, gone):
        say(workspace, person, Decision.DENIED)
    merge_subjects(workspace, old, recent)
    merge_subjects(workspace, someone(workspace, "silent"), gone)
    SubjectLink.objects.update(linked_at=clock.now())
    travel(-YEAR)
    say(workspace, recent, Decision.GRANTED)
    travel(timedelta())
    retention.apply(workspace)
    assert linking.groups(workspace.pk, [recent])[recent] == {old, recent}
    assert SubjectLink.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_use_prolongs_the_proof(workspace: Workspace, travel: Travel) -> None:
    called = subject_of(workspace.pk, "phone", "+4915155501234")
    travel(-7 * YEAR)
    say(workspace, called, Decision.GRANTED, "phone")
    travel(-6 * YEAR)
    assert leave(workspace, called, purpose="phone").allowed == [called]
    travel(-YEAR)
    retention.apply(workspace)
    assert ConsentEvent.objects.get().subject == called.index


def test_the_database_refuses_to_forget_a_young_proof(workspace: Workspace) -> None:
    say(workspace, someone(workspace), Decision.GRANTED)
    with pytest.raises(ProgrammingError, match="append only"):
        ConsentEvent.objects.update(subject="", proof={}, actor="")


def test_old_entries_of_the_audit_log_go_and_young_ones_cannot(workspace: Workspace) -> None:
    AuditEvent.objects.create(workspace=workspace, actor_name="old", action="a", at=clock.now() - 3 * YEAR - timedelta(days=1))
    audit.record(workspace, None, "young")
    retention.apply(workspace)
    assert list(AuditEvent.objects.values_list("action", flat=True)) == ["young"]
    with pytest.raises(ProgrammingError, match="append only"):
        AuditEvent.objects.all().delete()


def test_answered_requests_end_and_open_ones_stay(planted: Planted, travel: Travel) -> None:
    open_one = DataSubjectRequest.objects.create(
        workspace=planted.workspace, kind="access", identifier_kind="email", subject="0" * 64, proof="x",
        received_at=clock.now(), due_at=clock.now(),
    )  # fmt: skip
    travel(3 * YEAR + timedelta(days=1))
    retention.apply(planted.workspace)
    assert DataSubjectRequest.objects.get() == open_one


def test_another_time_is_chosen_within_limits_and_audited(workspace: Workspace, marketer: User) -> None:
    assert retention.days(workspace)[Kept.EVENTS] == 425
    assert retention.choose(workspace, marketer, {Kept.EVENTS: 90}) == {"events": {"before": 425, "after": 90}}
    assert retention.days(workspace)[Kept.EVENTS] == 90
    assert AuditEvent.objects.get().details == {"events": {"before": 425, "after": 90}}
    with pytest.raises(ValueError, match="proof"):
        retention.choose(workspace, marketer, {Kept.PROOF: 10})


def test_one_workspace_does_not_end_what_another_keeps(planted: Planted, other: Workspace, travel: Travel) -> None:
    travel(timedelta(days=400))
    RetentionRule.objects.create(workspace=other, kind=Kept.EVENTS, days=30)
    retention.apply(other)
    assert Event.objects.count() == 2
    assert isinstance(clock.now(), datetime)
