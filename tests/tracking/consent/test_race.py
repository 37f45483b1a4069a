"""Withdrawals while uploads run: finding 5 of docs' failure model, small. `python -m tests.chaos.consent_race` is the long form."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos.consent_race import race
from tracking.consent import chain
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
