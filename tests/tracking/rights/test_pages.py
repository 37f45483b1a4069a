"""Privacy officers note a request, answer it, and get the file; nobody else does."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from mops.lib import clock
from tests.people import member, person
from tests.tracking.rights.planting import EMAIL, IDS, Planted
from tracking.models import AccessFile, ConsentEvent, DataSubjectRequest, RetentionRule, Suppression
from tracking.rights import access, finding, journal
from tracking.rights import person as people
from tracking.rights import requests as rights
from workspaces.models import AuditEvent, User, Workspace

LATELY = f"{timezone.localdate() - timedelta(days=9):%Y-%m-%d}"
ASKED = {"identifier_kind": "email", "identifier": EMAIL, "proof": "identity card", "received_on": LATELY}


@pytest.fixture
def officer(workspace: Workspace) -> User:
    user = person("Petra")
    member(workspace, user, "privacy")
    return user


@pytest.fixture
def page(client: Client, officer: User) -> Client:
    client.force_login(officer)
    return client


def note(page: Client, kind: str) -> str:
    response = page.post("/nordlicht/rights/", {"kind": kind, **ASKED})
    assert response.status_code == 302, response.context["form"].errors
    return str(response["Location"])


def test_a_request_is_due_a_month_after_it_came_in(page: Client, workspace: Workspace) -> None:
    note(page, "erasure")
    found = DataSubjectRequest.objects.get()
    assert f"{timezone.localtime(found.received_at):%Y-%m-%d}" == LATELY
    assert 28 <= (found.due_at - found.received_at).days <= 31
    assert EMAIL.encode() not in bytes(found.sealed_identifier)
    assert EMAIL in page.get("/nordlicht/rights/1/".replace("1", str(found.pk))).content.decode()
    assert EMAIL not in str(list(AuditEvent.objects.values_list("target", "details")))


def test_what_is_no_identifier_is_said_so(page: Client, workspace: Workspace) -> None:
    response = page.post("/nordlicht/rights/", {"kind": "access", **ASKED, "identifier": "nobody"})
    assert "identifier" in response.context["form"].errors
    assert not DataSubjectRequest.objects.exists()


def test_the_file_is_its_makers_for_seven_days(
    page: Client, planted: Planted, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = note(page, "access")
    page.post(f"{address}answer")
    made = AccessFile.objects.get(created_by=officer)
    url = f"/nordlicht/rights/files/{made.pk}.zip"
    response = page.get(url)
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert EMAIL in archive.read("data.json").decode()
    assert response["Cache-Control"].count("no-store") == 1
    assert AuditEvent.objects.filter(action="rights.access_downloaded").exists()
    other = Client()
    other.force_login(planted.member)  # a privacy officer too
    assert other.get(url).status_code == 404
    at = clock.now() + timedelta(days=7, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: at)
    assert page.get(url).status_code == 404


def test_an_objection_closes_the_gate(page: Client, planted: Planted) -> None:
    page.post(f"{note(page, 'objection')}answer")
    assert Suppression.objects.filter(workspace=planted.workspace, subject_kind="email", reason="objection").count() == 1
    assert Suppression.objects.get(workspace=planted.workspace, reason="objection", by_link=False).subject_kind == "email"
    assert DataSubjectRequest.objects.filter(kind="objection").get().state == "done"
    said = ConsentEvent.objects.filter(workspace=planted.workspace, source="objection").values_list("subject", "purpose")
    assert len(said) == len(set(said)) > 0  # of several linked identifiers each is told once


def test_an_erasure_is_handed_to_a_worker_once(page: Client, planted: Planted) -> None:
    address = note(page, "erasure")
    page.post(f"{address}answer")
    asked = DataSubjectRequest.objects.get(kind="erasure")
    assert asked.state == "running"
    assert list(rights.due()) == [asked]
    page.post(f"{address}answer")
    assert AuditEvent.objects.filter(action="rights.erasure_started").count() == 1
    rights.run(asked.pk)
    assert "Events" in page.get(address).content.decode()


def test_a_refusal_needs_a_reason(page: Client, workspace: Workspace) -> None:
    address = note(page, "erasure")
    page.post(f"{address}refuse", {"reason": ""})
    assert DataSubjectRequest.objects.get().state == "open"
    page.post(f"{address}refuse", {"reason": "Not the person they claim to be"})
    assert DataSubjectRequest.objects.get().state == "refused"
    page.post(f"{address}answer")
    assert DataSubjectRequest.objects.get().state == "refused"


def test_how_long_data_is_kept_is_chosen_on_a_page(page: Client, workspace: Workspace) -> None:
    form = page.get("/nordlicht/rights/retention/").context["form"]
    values = {name: field.initial for name, field in form.fields.items()}
    assert page.post("/nordlicht/rights/retention/", {**values, "events": 90}).status_code == 302
    assert RetentionRule.objects.get().days == 90
    assert page.post("/nordlicht/rights/retention/", {**values, "audit": 5}).status_code == 200


def test_commands_write_a_bundle_and_replay_the_journal(
    planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("access_bundle", planted.workspace.slug, "email", EMAIL, to=tmp_path / "person.zip")
    assert zipfile.is_zipfile(tmp_path / "person.zip")
    monkeypatch.setattr(settings, "MOPS_HOME", tmp_path)
    journal.note(people.find(planted.workspace, "email", EMAIL))
    with pytest.raises(CommandError, match="waits"):
        call_command("replay_erasures")
    assert "1 erasures replayed" in capsys.readouterr().out
    assert len(journal.path().read_text().splitlines()) == 1


def test_the_day_of_today_is_offered_as_browsers_read_it(page: Client, officer: User) -> None:
    User.objects.filter(pk=officer.pk).update(language="de")
    form = page.get("/nordlicht/rights/").context["form"]
    assert f'value="{timezone.localdate():%Y-%m-%d}"' in str(form["received_on"])


@pytest.mark.parametrize(("days", "taken"), [(-1, False), (0, True), (364, True), (367, False)])
def test_a_request_came_in_within_the_last_year(page: Client, workspace: Workspace, days: int, taken: bool) -> None:
    day = timezone.localdate() - timedelta(days=days)
    page.post("/nordlicht/rights/", {"kind": "access", **ASKED, "received_on": f"{day:%Y-%m-%d}"})
    assert DataSubjectRequest.objects.exists() == taken


def test_whoever_answers_sees_first_who_is_meant_and_what_is_held(page: Client, planted: Planted) -> None:
    address = note(page, "erasure")
    shown = page.get(address).content.decode()
    assert f'hx-get="{address}held"' in shown
    assert f'data-confirm="Erase {EMAIL} and everything' in shown
    held = page.get(f"{address}held")
    assert {EMAIL, IDS["phone"]} <= {one.value for one in held.context["held"].identifiers}
    counts = dict(held.context["held"].rows)
    assert counts["Events"] == finding.events(people.find(planted.workspace, "email", EMAIL)).count()
    assert counts["Mentions in events of others"] == 1
    assert "Nothing is held" not in held.content.decode()


def test_of_somebody_unknown_page_and_file_say_that_nothing_is_held(page: Client, workspace: Workspace) -> None:
    address = note(page, "access")
    assert "Nothing is held about this person" in page.get(f"{address}held").content.decode()
    page.post(f"{address}answer")
    assert "Nothing is held about this person" in page.get(f"{address}held").content.decode()  # also of the answered request
    with zipfile.ZipFile(io.BytesIO(access.content_of(AccessFile.objects.get()))) as archive:
        assert "Nothing is held about you" in archive.read("data-en.html").decode()


def test_of_an_erased_person_nothing_is_shown(page: Client, workspace: Workspace) -> None:
    address = note(page, "erasure")
    DataSubjectRequest.objects.update(state="running")
    assert page.get(f"{address}held").status_code == 404
    assert "held" not in page.get(address).content.decode().partition("<main")[2]
