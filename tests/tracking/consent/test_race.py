"""Withdrawals while uploads run: finding 5 of docs' failure model, small. `python -m tests.chaos.consent_race` is the long form."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from django.db import connection, connections, transaction

from tests.chaos.consent_race import race
from tests.tracking.consent.people import say, someone
from tracking.blind_index import Subject
from tracking.consent import chain, locking, suppression
from tracking.consent_models import Decision
from tracking.models import ConsentState
from workspaces.models import Workspace


@pytest.mark.django_db(transaction=True)
def test_nobody_leaves_after_they_withdrew() -> None:
    workspace = Workspace.objects.create(name="Race (sample)", slug="race")
    with ThreadPoolExecutor(8) as threads:
        outcome = race(workspace, 200, threads)
    print(outcome)
    assert (outcome.leaks, outcome.not_taken_back) == (0, 0)
    assert outcome.sent > 200, "the race was no race"
    assert chain.verify(workspace.pk) is None


@pytest.mark.django_db(transaction=True)
def test_an_objection_and_a_statement_may_make_the_purposes_at_the_same_time() -> None:
    workspace = Workspace.objects.create(name="Fresh (sample)", slug="fresh")
    erika, max_ = someone(workspace), someone(workspace, "max")
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            locking.links(workspace.pk, changing=False)  # as far as a statement has come when the objection begins
            objecting = threads.submit(_object, workspace, erika)
            _wait_for_a_waiter()
            say(workspace, max_, Decision.GRANTED)
        assert erika in objecting.result(timeout=20)
    assert ConsentState.objects.get(subject=erika.index, purpose__key="email").decision == Decision.DENIED
    assert ConsentState.objects.get(subject=max_.index).decision == Decision.GRANTED


def _object(workspace: Workspace, subject: Subject) -> set[Subject]:
    try:
        return suppression.suppress(workspace, subject, suppression.Reason.OBJECTION)
    finally:
        connections.close_all()


def _wait_for_a_waiter() -> None:
    for _try in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0]:
                return
        sleep(0.01)
    pytest.fail("nobody waits")
