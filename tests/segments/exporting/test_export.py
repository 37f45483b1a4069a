"""A file of members holds whoever may leave at that moment, and nobody else."""

import pytest
from django.test import Client

from mops.lib import clock
from segments.models import Membership, Segment
from tests.segments.webhooks.test_webhooks import person
from tracking.consent.purposes import purposes_of
from tracking.models import Release
from workspaces.models import AuditEvent, Member, Role, User, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def segment(client: Client) -> Segment:
    workspace = Workspace.objects.create(name="Nordlicht Outdoor (sample)", slug="nordlicht")
    user = User.objects.create_user("mia@example.org", name="Mia Muster", language="en")
    Member.objects.create(workspace=workspace, user=user, role=Role.MARKETER)
    client.force_login(user)
    purpose = purposes_of(workspace, ["email"])["email"]
    return Segment.objects.create(workspace=workspace, name="Win back", purpose=purpose, state="live")


def join(segment: Segment, *profiles: int) -> None:
    for profile in profiles:
        Membership.objects.create(
            workspace=segment.workspace, segment=segment, profile_id=profile, since=clock.now(), cause="build"
        )


def file(client: Client, segment: Segment) -> list[str]:
    answer = client.post(f"/nordlicht/segments/{segment.pk}/export", {"kind": "email"})
    return b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]


def test_it_holds_members_who_consented(client: Client, segment: Segment) -> None:
    join(
        segment,
        *(person(segment.workspace, name, decision) for name, decision in (("a", "granted"), ("b", "withdrawn"), ("c", ""))),
    )
    person(segment.workspace, "stranger")
    lines = file(client, segment)
    assert lines[0] == "profile;email"
    assert [line.partition(";")[2] for line in lines[1:]] == ["a@example.org"]
    assert Release.objects.get().destination == "export:csv"
    assert AuditEvent.objects.filter(action="segment.exported").count() == 1


def test_the_same_people_can_be_exported_again(client: Client, segment: Segment) -> None:
    join(segment, person(segment.workspace, "a"))
    assert len(file(client, segment)) == len(file(client, segment)) == 2


@pytest.mark.parametrize("purpose", [None, "ads_audience:meta"])
def test_without_a_purpose_for_files_nobody_leaves(client: Client, segment: Segment, purpose: str | None) -> None:
    segment.purpose = purposes_of(segment.workspace, [purpose])[purpose] if purpose else None
    segment.save()
    join(segment, person(segment.workspace, "a"))
    answer = client.post(f"/nordlicht/segments/{segment.pk}/export", {"kind": "email"})
    assert "a@example.org" not in answer.content.decode()
    assert not Release.objects.exists()
