"""The printed proof, imports and the command: what a court, an auditor or a mover brings."""

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone, translation

from tests.tracking.consent.people import leave, say, someone
from tracking.blind_index import subject_of
from tracking.consent import checking, evidence, imports, ledger, printing, proof, purposes, suppression
from tracking.consent.merging import merge_subjects
from tracking.consent_models import Decision
from tracking.models import BlindKey, ChainHead, ConsentEvent, ConsentState, ConsentText, Suppression
from workspaces.models import AuditEvent, Workspace

BERLIN = ZoneInfo("Europe/Berlin")
TEXT = "Ja, Nordlicht darf mir Neuigkeiten mailen. #strong[kein] *Markup* & <b>nichts</b>"


@pytest.fixture
def text(workspace: Workspace) -> ConsentText:
    with time_machine.travel("2025-01-01T00:00:00Z"):
        return purposes.publish(purposes.purposes_of(workspace, ["email"])["email"], "de", TEXT, by=None)


def as_text(pdf: bytes, folder: Path) -> str:
    (folder / "proof.pdf").write_bytes(pdf)
    found = subprocess.run(["pdftotext", "-layout", folder / "proof.pdf", "-"], capture_output=True, text=True, check=True)
    (folder / "words.txt").write_text(found.stdout)
    return " ".join(found.stdout.split())


needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler-utils")
GIVEN = {"url": "https://shop.example/newsletter", "mechanism": "unticked box", "user_agent": "Firefox, Linux"}


def printed(workspace: Workspace, folder: Path) -> str:
    return as_text(printing.pdf(workspace, someone(workspace), "erika@example.org"), folder)


def in_groups(sha256: str) -> str:
    return " ".join(sha256[place : place + 8] for place in range(0, 64, 8))


@needs_poppler
def test_the_proof_names_text_time_way_version_and_place_in_the_chain(
    workspace: Workspace, text: ConsentText, tmp_path: Path
) -> None:
    event = say(workspace, someone(workspace), Decision.GRANTED, text=text, proof=GIVEN)
    with translation.override("de"):
        page = printed(workspace, tmp_path)
    chained = [in_groups(event.hash), in_groups(event.prev_hash), in_groups(text.sha256)]
    given_at = timezone.localtime(event.at, BERLIN)
    times = [f"{given_at:%H:%M:%S} (UTC{given_at.isoformat()[-6:]})"]
    for wanted in ["erika@example.org", TEXT, "Fassung 1 (de)", *GIVEN.values(), *chained, *times]:
        assert wanted in page


@needs_poppler
def test_a_withdrawal_or_the_end_of_a_grant_takes_nothing_off_the_proof(
    workspace: Workspace, text: ConsentText, tmp_path: Path
) -> None:
    long = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA" * 34
    with time_machine.travel(datetime(2024, 1, 31, 12, tzinfo=UTC)) as travel:
        say(workspace, someone(workspace), Decision.GRANTED, text=text, proof=GIVEN)
        travel.shift(timedelta(days=30))
        say(workspace, someone(workspace), Decision.WITHDRAWN, source="one_click", proof={"mechanism": "one-click header"})
        travel.shift(timedelta(days=30))
        say(workspace, someone(workspace), Decision.GRANTED, text=text, proof={"tc_string": long})
        travel.shift(timedelta(days=900))
        ledger.expire_due(workspace)
        page = printed(workspace, tmp_path)
    assert page.count(TEXT) == page.count(in_groups(text.sha256)) == 2
    assert all(in_groups(event.hash) in page for event in ConsentEvent.objects.all())
    shown = ["Jan. 31, 2026 13:00:00 (UTC+01:00)", "One-click withdrawal", "one-click header", "End of validity"]
    for wanted in [*shown, *GIVEN.values()]:
        assert wanted in page
    assert long in re.sub(r"\s", "", (tmp_path / "words.txt").read_text()).replace("NordlichtOutdoor(sample)·Proofofconsent1/2", "")


@needs_poppler
def test_the_proof_is_of_the_person_by_every_identifier(workspace: Workspace, tmp_path: Path) -> None:
    number, device = subject_of(workspace.pk, "phone", "+4915155501234"), subject_of(workspace.pk, "device", "a-device")
    for person in (number, device, someone(workspace, "stranger")):
        say(workspace, person, Decision.GRANTED, "analytics", proof={"mechanism": f"by {person.kind}"})
    for other in (number, device):
        merge_subjects(workspace, someone(workspace), other)
    say(workspace, device, Decision.WITHDRAWN, "analytics")
    assert "Objections and other entries of the suppression list None." in printed(workspace, tmp_path)
    suppression.suppress(workspace, device, Suppression.Reason.OBJECTION)
    page = printed(workspace, tmp_path)
    for wanted in (in_groups(number.index), "by phone", "by device", "3 · Telephone number Objection"):
        assert wanted in page
    assert f"Said by identifier Device · {in_groups(device.index)}" in page
    for hidden in ("4915155501234", "a-device", "by email", in_groups(someone(workspace, "stranger").index)):
        assert hidden not in page


@needs_poppler
def test_the_proof_says_what_the_check_found(workspace: Workspace, text: ConsentText, tmp_path: Path) -> None:
    say(workspace, someone(workspace), Decision.GRANTED, text=text)
    assert "1, checked now: each gives its hash. Check of the whole chain Not checked yet" in printed(workspace, tmp_path)
    checking.run()
    assert "(UTC+01:00): 1 statements are as they were written." in printed(workspace, tmp_path)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE tracking_consentevent DISABLE TRIGGER tracking_consentevent_append_only")
    ConsentEvent.objects.update(proof={"url": "https://other.example/"})
    assert "NOT AS WRITTEN: 1" in printed(workspace, tmp_path)


@needs_poppler
def test_a_sign_without_a_font_stands_as_its_code_point(workspace: Workspace, tmp_path: Path) -> None:
    say(
        workspace, someone(workspace), Decision.GRANTED, proof={"button": "Ja 🎉 bitte", "url": "https://例え.example/" + "ö" * 300}
    )
    page = printed(workspace, tmp_path)
    assert "Ja [U+1F389] bitte" in page
    assert "[U+4F8B]" in page


def test_the_proof_of_somebody_unknown_is_empty(workspace: Workspace) -> None:
    assert printing.pdf(workspace, someone(workspace), "erika@example.org").startswith(b"%PDF")
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
