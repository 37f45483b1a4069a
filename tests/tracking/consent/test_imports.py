"""Consents from another tool: what was shown must have been there to be seen."""

import pytest
import time_machine

from tests.tracking.consent.people import leave, someone
from tracking.consent import imports, purposes
from tracking.models import ConsentEvent
from workspaces.models import Workspace

HEADER = "identifier;purpose;given_at;url;mechanism;text_version;language;wording"
WAY = "https://shop.example/;unticked box"


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (f"2025-06-02T10:00:00Z;{WAY};1;de;", True),
        (f"2025-05-31T10:00:00Z;{WAY};1;de;", False),  # the text came a day later
        (f"2025-05-31T10:00:00Z;{WAY};1;de;Ja, gern.", True),
        (f"2025-05-31T10:00:00Z;{WAY};;;Ja, gern.", True),
        ("2025-05-31T10:00:00Z;https://shop.example/;;;;Ja, gern.", False),
    ],
)
def test_only_what_was_there_to_be_read_proves_a_consent(workspace: Workspace, said: str, counts: bool) -> None:
    with time_machine.travel("2025-06-01T10:00:00Z"):
        purposes.publish(purposes.purposes_of(workspace, ["email"])["email"], "de", "Ja, ich will Post.", by=None)
    imports.store(workspace, f"{HEADER}\nerika@example.org;email;{said}\n".encode(), "old.csv", by=None)
    assert bool(leave(workspace, someone(workspace)).allowed) is counts
    event = ConsentEvent.objects.get()
    assert (event.text is not None) is said.startswith("2025-06")
    assert event.proof.get("wording", "") == ("Ja, gern." if "gern" in said else "")
