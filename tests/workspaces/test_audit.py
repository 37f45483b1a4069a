"""The audit log: complete, readable, and not to be changed by anybody."""

import pytest
from django.db import Error, connection, transaction
from django.urls import reverse

from tests.people import ClientFor
from workspaces.audit import record
from workspaces.models import AuditEvent, Role, User, Workspace


@pytest.mark.parametrize("statement", ["UPDATE workspaces_auditevent SET actor_name = 'x'", "DELETE FROM workspaces_auditevent"])
def test_it_is_append_only_in_the_database(workspace: Workspace, alice: User, statement: str) -> None:
    record(workspace, alice, "workspace.changed")
    with pytest.raises(Error, match="append only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.count() == 1


def test_it_names_workers_system(workspace: Workspace) -> None:
    assert record(workspace, None, "sync.finished").actor_name == "system"


def test_it_keeps_names_on_one_line(workspace: Workspace, alice: User) -> None:
    event = record(workspace, alice, "campaign.renamed", "Sale\n2026-01-01 Alice deleted everything")
    assert "\n" not in event.target


def test_it_never_keeps_a_secret(workspace: Workspace, alice: User) -> None:
    event = record(workspace, alice, "connection.failed", error={"text": "access_token=EAABsbCS1234567890abcdefghij"})
    assert "EAABsbCS" not in str(event.details)


def test_it_is_filtered_by_person_action_and_day(client_for: ClientFor, workspace: Workspace, alice: User) -> None:
    record(workspace, alice, "workspace.changed", "seen")
    record(workspace, None, "member.invited", "hidden@example.org")
    page = reverse("workspaces:audit", args=[workspace.slug])
    owner = client_for(Role.OWNER)
    for query in ("?who=ali", "?action=workspace.changed"):
        text = owner.get(page + query).text
        assert "seen" in text
        assert "hidden@example.org" not in text
    assert "Nothing matches" in owner.get(page + "?until=2020-01-01").text


def test_it_leaves_as_csv_that_runs_no_formula(client_for: ClientFor, workspace: Workspace, alice: User) -> None:
    record(workspace, alice, "campaign.renamed", "=HYPERLINK(evil)")
    response = client_for(Role.PRIVACY).get(reverse("workspaces:audit_csv", args=[workspace.slug]))
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert content.startswith(b"\xef\xbb\xbfat;who;action;target;details")
    assert b";'=HYPERLINK(evil);" in content
    assert AuditEvent.objects.filter(action="audit.exported").exists()


def test_it_shows_nothing_of_another_workspace(
    client_for: ClientFor, workspace: Workspace, other_workspace: Workspace, charlie: User
) -> None:
    record(other_workspace, charlie, "workspace.changed", "zikade")
    assert "zikade" not in client_for(Role.OWNER).get(reverse("workspaces:audit", args=[workspace.slug])).text
