"""The API of segments: what it reads, and that members pass the gate of consent."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from segments import versions
from segments.models import Segment
from segments.rules.parsing import parse
from tests.segments.pages.street import Street
from tracking.blind_index import subject_of
from tracking.consent import purposes
from tracking.consent.ledger import Statement, record
from tracking.consent_models import Decision
from tracking.models import Release
from workspaces import api_keys
from workspaces.models import ApiKey, User, Workspace

pytestmark = pytest.mark.django_db(transaction=True)
EVERYBODY = {"kind": "person", "fact": "first_seen", "operator": "newer_than", "value": 30}


@pytest.fixture
def api(workspace: Workspace, alice: User) -> Client:
    secret = api_keys.create(workspace, alice, name="Reader", scopes=[ApiKey.Scope.SEGMENTS_READ], expires="0")[1]
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def segment(workspace: Workspace) -> Segment:
    """Three people, of whom u-1 agreed to the newsletter."""
    cache.clear()
    street = Street(workspace)
    for number in (1, 2, 3):
        street.is_known(f"u-{number}", email=f"person{number}@example.org")
    street.settle()
    email = purposes.purposes_of(workspace, ["email"])["email"]
    person = subject_of(workspace.pk, "email", "person1@example.org")
    record(workspace, Statement(person, "email", Decision.GRANTED, source="api"))
    segment = Segment(workspace=workspace, name="Everybody", purpose=email)
    versions.save(segment, parse({"version": 1, "where": EVERYBODY}), None)
    street.settle()
    return segment


def get(api: Client, path: str) -> Any:
    answer = api.get(f"/api/v1/segments{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_it_lists_segments_and_reads_a_rule(api: Client, segment: Segment) -> None:
    listed = get(api, "")["segments"]
    assert [(one["name"], one["size"], one["purpose"]) for one in listed] == [("Everybody", 3, "email")]
    assert get(api, f"/{segment.pk}")["rule"]["where"] == EVERYBODY


def test_only_members_who_consented_are_told_and_it_is_noted(api: Client, segment: Segment) -> None:
    page = get(api, f"/{segment.pk}/members")
    assert [one["identifiers"] for one in page["members"]] == [{"email": ["person1@example.org"]}]
    assert page["withheld"] == 2
    assert page["next"] is None
    assert Release.objects.filter(state="sent", destination__startswith="api:").count() == 1


def test_pages_follow_the_cursor_to_the_end(api: Client, segment: Segment) -> None:
    cursor, seen = "0", 0
    while cursor is not None:
        page = get(api, f"/{segment.pk}/members?limit=1&cursor={cursor}")
        seen += len(page["members"]) + page["withheld"]
        cursor = page["next"]
    assert seen == 3


def test_without_a_purpose_nobody_leaves(api: Client, segment: Segment) -> None:
    Segment.objects.update(purpose=None)
    assert api.get(f"/api/v1/segments/{segment.pk}/members").status_code == 409
    assert not Release.objects.exists()


def test_a_made_up_cursor_is_refused(api: Client, segment: Segment) -> None:
    for query in ("cursor=x", "limit=0", "limit=100000", "cursor=-1"):
        assert api.get(f"/api/v1/segments/{segment.pk}/members?{query}").status_code == 400
