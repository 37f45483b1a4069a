"""The printed proof, imports and the command: what a court, an auditor or a mover brings."""

import re
import shutil
import subprocess
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.utils import timezone, translation

from tests.tracking.consent.people import leave, say, someone
from tracking.consent import evidence, imports, proof, purposes
from tracking.consent_models import Decision
from tracking.models import BlindKey, ChainHead, ConsentEvent, ConsentState, ConsentText
from workspaces.models import AuditEvent, Workspace

BERLIN = ZoneInfo("Europe/Berlin")
TEXT = "Ja, Nordlicht darf mir Neuigkeiten mailen. #strong[kein] *Markup* & <b>nichts</b>"


@pytest.fixture
def text(workspace: Workspace) -> ConsentText:
    return purposes.publish(purposes.purposes_of(workspace, ["email"])["email"], "de", TEXT, by=None)


def as_text(pdf: bytes, folder: Path) -> str:
    (folder / "proof.pdf").write_bytes(pdf)
    found = subprocess.run(["pdftotext", "-layout", folder / "proof.pdf", "-"], capture_output=True, text=True, check=True)
    return " ".join(found.stdout.split())


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler-utils")
def test_the_proof_names_text_time_way_version_and_place_in_the_chain(
    workspace: Workspace, text: ConsentText, tmp_path: Path
) -> None:
    given = {"url": "https://shop.example/newsletter", "mechanism": "unticked box", "user_agent": "Firefox, Linux"}
    event = say(workspace, someone(workspace), Decision.GRANTED, text=text, proof=given)
    say(workspace, someone(workspace), Decision.DENIED, "phone", source="banner")
    with translation.override("de"):
        page = as_text(proof.pdf(workspace, someone(workspace), "erika@example.org"), tmp_path)
    way = ["https://shop.example/newsletter", "unticked box", "Firefox, Linux"]
    chained = [event.hash, event.prev_hash, text.sha256, f"{timezone.localtime(event.at, BERLIN):%H:%M:%S}"]
    for wanted in ["erika@example.org", TEXT, "Fassung 1 (de)", *way, *chained]:
        assert wanted in page
    pages = subprocess.run(["pdfinfo", tmp_path / "proof.pdf"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Pages:\s+1\n", pages)


def test_the_proof_of_somebody_unknown_is_empty(workspace: Workspace) -> None:
    assert proof.pdf(workspace, someone(workspace), "erika@example.org").startswith(b"%PDF")
    assert proof.timeline(workspace, someone(workspace)) == []


HEADER = "identifier;purpose;decision;given_at;url;mechanism;text_version;language;ip\n"
FULL = "2025-03-01 10:00;https://shop.example/;unticked box;1;de;203.0.113.7"


def test_an_import_without_proof_is_never_usable(workspace: Workspace, text: ConsentText) -> None:
    lines = [
        f"full@example.org;email;granted;{FULL}",
        "bare@example.org;email;granted;;;;;;",
        "partly@example.org;email;granted;2025-03-01;https://shop.example/;;1;de;",
        "wrong-version@example.org;email;granted;2025-03-01;https://shop.example/;box;9;de;",
        "no@example.org;email;withdrawn;;;;;;",
        "nobody;email;granted;;;;;;",
        "full@example.org;nothing;granted;;;;;;",
        "full@example.org;email;perhaps;;;;;;",
    ]
    outcome = imports.store(workspace, (HEADER + "\n".join(lines)).encode(), "old-tool.csv", by=None)
    assert outcome[:3] == (1, 3, 1)
    assert [refused.line for refused in outcome.refused] == [7, 8, 9]
    everyone = [someone(workspace, name) for name in ("full", "bare", "partly", "wrong-version", "no")]
    assert leave(workspace, *everyone).allowed == [someone(workspace, "full")]
    assert "203.0.113.7" not in str(list(ConsentEvent.objects.values_list("proof", flat=True)))
    assert AuditEvent.objects.get(action="consent.imported").details["unproven"] == 3


def test_an_imported_consent_is_as_old_as_it_says(workspace: Workspace, text: ConsentText) -> None:
    say(workspace, someone(workspace, "full"), Decision.WITHDRAWN)
    imports.store(workspace, (HEADER + f"full@example.org;email;granted;{FULL}").encode(), "old.csv", by=None)
    assert ConsentState.objects.get().decision == "withdrawn"


def test_the_command_tells_where_the_chain_breaks(
    workspace: Workspace, other: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    event = say(workspace, someone(workspace), Decision.GRANTED)
    say(other, someone(other), Decision.GRANTED)
    call_command("verify_consent_chain", "nordlicht", hash=event.hash)
    assert f"nordlicht: 1 events hold, last {event.hash}" in capsys.readouterr().out
    ChainHead.objects.filter(workspace=other).update(hash="0" * 64)
    with pytest.raises(CommandError, match="not as written in suedwind"):
        call_command("verify_consent_chain")
    with pytest.raises(CommandError, match="No such workspace"):
        call_command("verify_consent_chain", "nowhere")


def test_a_network_address_is_kept_as_hmac_whose_pepper_is_thrown_away(workspace: Workspace) -> None:
    request = RequestFactory().post(
        "/", headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/128.0"}, REMOTE_ADDR="203.0.113.7"
    )
    found = evidence.of_request(request, workspace.pk, mechanism="button")
    assert "203.0.113.7" not in str(found)
    assert found["user_agent"] == "Firefox, Linux"
    assert found["ip_hmac"] == evidence.address_proof(workspace.pk, "203.0.113.7")["ip_hmac"]
    BlindKey.objects.filter(name__startswith="ip:").update(created_at=timezone.now() - evidence.KEPT * 2)
    assert evidence.drop_old_peppers() == 1
    assert found["ip_hmac"] != evidence.address_proof(workspace.pk, "203.0.113.7")["ip_hmac"]
