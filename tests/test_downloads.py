"""No file leaves without an entry in the audit log that says who took what."""

import re
from pathlib import Path

import pytest
from django.db.models import Max
from django.test import Client
from django.urls import reverse

from tests.estate import Estate
from tests.people import ClientFor
from tests.routes import ROUTES, Page
from tests.test_permissions import address
from workspaces import api_keys
from workspaces.models import ApiKey, AuditEvent, Role, User, Workspace

ROOT = Path(__file__).parent.parent
ROOMS = ("mops", "workspaces", "channels", "tracking", "campaigns", "segments", "reporting")
PAGES = [name for name, page in ROUTES.items() if isinstance(page, Page) and "GET" in page.methods and not page.dials]
DOWNLOADS = {  # by GET; the others (members of a segment, a person's proof and copy) are tested in their rooms
    "imports:refused", "plan:export", "reporting:export", "reporting:chart_export", "rights:register_file",
    "workspaces:audit_csv",
}  # fmt: skip


def test_a_page_that_answers_with_a_file_notes_who_took_it(client_for: ClientFor, workspace: Workspace) -> None:
    estate, owner = Estate(workspace, "nordlicht"), client_for(Role.OWNER)
    estate.build()
    for name in PAGES:
        last = AuditEvent.objects.aggregate(last=Max("pk"))["last"] or 0
        response = owner.get(address(name, workspace, estate))
        assert response.has_header("Content-Disposition") == (name in DOWNLOADS), f"{name}: list a new download here"
        if name not in DOWNLOADS:
            continue
        (event,) = AuditEvent.objects.filter(pk__gt=last)
        assert (event.workspace, str(event.actor_id)) == (workspace, owner.session["_auth_user_id"]), name
        assert f'filename="{event.details["file"]}"' in response["Content-Disposition"]
        assert isinstance(event.details["rows"], int), name
        if name.startswith("reporting:"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\d – \d{4}-\d\d-\d\d", event.details["period"])


@pytest.mark.parametrize("format", ["csv", "csv_de", "xlsx"])
def test_a_file_from_the_api_names_the_key(format: str, workspace: Workspace, alice: User) -> None:
    _key, secret = api_keys.create(workspace, alice, name="Warehouse", scopes=[ApiKey.Scope.METRICS_READ], expires="0")
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    response = client.get(reverse("api_metrics"), {"metrics": "spend", "format": format})
    assert response.status_code == 200
    event = AuditEvent.objects.get(action="report.exported")
    assert (event.workspace, event.target, event.details["key"]) == (workspace, "api", "Warehouse")


def test_nothing_else_names_a_file() -> None:
    """Whoever writes the header by hand forgets the audit log."""
    found = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"Content-Disposition|FileResponse|as_attachment", path.read_text())
    }
    assert found == {"workspaces/downloads.py"}
