"""After an erasure the person is nowhere: not in the database's bytes, not on disk, not in a queue. Others lose nothing."""

import hashlib
import io
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from mops.lib import clock
from tests import people
from tests.tracking.rights.planting import EMAIL, IDS, PACKED, Planted
from tests.tracking.sending import a_source, send, track
from tracking.consent import by_hand, chain
from tracking.ingest import run
from tracking.invariants import broken
from tracking.models import (
    Customer,
    DataSubjectRequest,
    Event,
    Identity,
    ImportFile,
    Order,
    RawBody,
    RefusedRow,
    Release,
    Suppression,
)
from tracking.packing import unpack
from tracking.rights import erasure, journal, person, registry, requests
from tracking.rights.declaring import Erasure
from workspaces.models import Workspace

KEPT = {  # what stays by declaration, and where: everything else is searched for in the whole dump
    (line.table, field) for line in registry.personal() if line.erasure == Erasure.KEEP for field in line.fields
}


def dump() -> dict[str, bytes]:
    """Every table as PostgreSQL writes it out, and after it what is packed in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind IN ('r') AND relnamespace = 'public'::regnamespace")
        names = [name for (name,) in cursor.fetchall()]
        copies = {}
        for name in names:
            file = io.BytesIO()
            with cursor.copy(f'COPY "{name}" TO STDOUT') as copy:
                for data in copy:
                    file.write(data)
            copies[name] = file.getvalue() + unpacked(file.getvalue())
    return copies


def unpacked(content: bytes) -> bytes:
    """What bytea beginning like gzip holds."""
    return b"".join(unpack(bytes.fromhex(found.decode())) for found in re.findall(rb"\\\\x(1f8b[0-9a-f]+)", content))


def forms(text: str) -> list[bytes]:
    """A canary as it would stand in a dump: as text, and as the hex digits of bytea."""
    return [text.encode(), text.encode().hex().encode(), hashlib.sha256(text.encode()).hexdigest().encode()]


def hits(canaries: list[str], allowed: set[str]) -> list[tuple[str, str]]:
    return [
        (table, text)
        for table, content in dump().items()
        if table not in allowed
        for text in canaries
        if any(form in content for form in forms(text))
    ]


KEEPERS = {line.table.lower().replace(".", "_") for line in registry.personal() if line.erasure == Erasure.KEEP}


def asked(planted: Planted) -> DataSubjectRequest:
    return requests.receive(
        planted.workspace, planted.member, kind="erasure", identifier_kind="email", identifier=EMAIL, proof="id card"
    )


def settled(planted: Planted) -> None:
    Release.objects.filter(workspace=planted.workspace).update(removal="verified", removal_queued_at=clock.now())


def test_nothing_of_the_person_is_left_in_the_database(planted: Planted) -> None:
    kept = {text for key, text in planted.canaries.items() if key in KEPT} - {EMAIL}
    erased = [text for text in planted.canaries.values() if "canary" in text.lower() and text not in kept]
    assert len(hits([*erased, *IDS.values()], set())) > 40  # the search finds what is there
    assert hits([PACKED], set()) == [("tracking_rawbody", PACKED)]  # also what is packed
    settled(planted)
    request = asked(planted)
    requests.start_erasure(request, planted.member)
    assert requests.run(request.pk)
    request.refresh_from_db()
    assert request.state == "done", request.outcome
    left = {(table, text) for table, text in hits([*erased, *IDS.values()], set())}
    assert {table for table, _text in left} <= {"workspaces_user", "account_emailaddress"}, left  # the account of a member
    assert {text for _table, text in left} <= {EMAIL}


def test_only_declared_fields_of_the_kept_tables_still_speak(planted: Planted) -> None:
    kept = [text for key, text in planted.canaries.items() if key in KEPT and "canary" in text.lower() and text != EMAIL]
    settled(planted)
    erasure.erase(person.find(planted.workspace, "email", EMAIL))
    assert {table for table, _text in hits(kept, set())} <= KEEPERS


def test_files_and_queues_forget_too(planted: Planted) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        queue = "queue-of-this-test"  # others may still be asking for work in the default one
        client.set("mops:1:page", f"cached {EMAIL}")
        client.rpush(queue, json.dumps({"body": "e30=", "for": IDS["phone"]}), "someone else's")
        erasure.erase(person.find(planted.workspace, "email", EMAIL))
        assert client.get("mops:1:page") is None
        assert client.lrange(queue, 0, -1) == [b"someone else's"]
        client.delete(queue)
    assert not planted.mail.exists()
    everything = b"".join(path.read_bytes() for path in Path(settings.MOPS_HOME).rglob("*") if path.is_file())
    assert EMAIL.encode() not in everything


def test_other_people_keep_theirs(planted: Planted) -> None:
    erasure.erase(person.find(planted.workspace, "email", EMAIL))
    other = Event.objects.get(message_id="of-somebody-else")
    assert other.user_id == "bob-1"
    assert other.properties == {"friend": "[erased]", "price": 12}
    batch = json.loads(bytes(RawBody.objects.get(pk=1).body))["batch"]
    assert [item["event"] for item in batch] == ["bobs-own"]
    assert bytes(RawBody.objects.get(pk=2).body) == b""
    batch = json.loads(bytes(RawBody.objects.get(pk=3).body))["batch"]
    assert [item["event"] for item in batch] == ["bobs-own"] * 100
    assert RefusedRow.objects.get().cells == ["bob-1"]


def test_books_still_balance(planted: Planted) -> None:
    before = [(i.invariant.holds, i.rows) for i in broken(clock.now() - timedelta(days=30))]
    erasure.erase(person.find(planted.workspace, "email", EMAIL))
    assert [(i.invariant.holds, i.rows) for i in broken(clock.now() - timedelta(days=30))] == before
    assert chain.verify(planted.workspace.pk) is None
    order = Order.objects.get(order_id="canary-order-1")
    assert (order.gross, order.gclid) == (119, "")
    assert all(key.startswith("erased-") for key in Customer.objects.values_list("key", flat=True))


def test_every_receipt_of_the_collector_still_adds_up(workspace: Workspace) -> None:
    source = a_source(workspace)
    mine = {"userId": "erika-4711", "traits": {"email": EMAIL}}
    batch = [
        track("m-1", **mine),
        track("m-2", userId="bob"),
        track("m-2", userId="bob"),
        {"type": "identify", "messageId": "m-3", **mine},
    ]
    for content in ({"batch": batch}, {"batch": [track("m-4", properties=EMAIL, **mine)]}, {"batch": [track("m-5", **mine)]}):
        assert send(source, "batch", content).status_code == 200
    while run.run_batch():
        pass
    call_command("verify_invariants")
    erasure.erase(person.find(workspace, "email", EMAIL))
    assert not Event.objects.filter(user_id="erika-4711").exists()
    call_command("verify_invariants")


def test_the_person_is_never_written_to_again(planted: Planted) -> None:
    whose = person.find(planted.workspace, "email", EMAIL)
    erasure.erase(whose)
    blocked = set(Suppression.objects.filter(workspace=planted.workspace).values_list("subject", flat=True))
    assert {subject.index for subject in whose.subjects if subject.kind in ("email", "phone")} <= blocked


def test_an_erasure_waits_for_the_platforms(planted: Planted) -> None:
    request = asked(planted)
    requests.start_erasure(request, planted.member)
    requests.run(request.pk)
    request.refresh_from_db()
    assert request.state == "running"
    assert request.outcome["tracking.Release"]["waiting"] == 1
    assert not requests.run(request.pk)  # not before an hour
    settled(planted)
    DataSubjectRequest.objects.filter(pk=request.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    assert requests.run(request.pk)
    request.refresh_from_db()
    assert (request.state, request.identifier, request.proof) == ("done", "", "")
    assert request.outcome["tracking.Event"]["rows"] == 1  # of the first pass


def erasure_by_user_id(planted: Planted) -> DataSubjectRequest:
    """Its first pass, asked for by another identifier than what has to wait is found by."""
    request = requests.receive(planted.workspace, planted.member, kind="erasure", identifier_kind="user_id",
                               identifier=IDS["user_id"], proof="id card")  # fmt: skip
    requests.start_erasure(request, planted.member)
    return passed(request)


def passed(request: DataSubjectRequest) -> DataSubjectRequest:
    DataSubjectRequest.objects.filter(pk=request.pk).update(lease_until=None)
    assert requests.run(request.pk)
    request.refresh_from_db()
    return request


def test_what_waits_is_found_again_by_every_identifier_of_the_person(planted: Planted) -> None:
    ImportFile.objects.filter(name__contains=EMAIL).update(state="running", lease_until=clock.now() + timedelta(minutes=5))
    request = erasure_by_user_id(planted)
    assert not Identity.objects.filter(workspace=planted.workspace).exists()  # nothing leads from the user id to the address
    assert EMAIL.encode() not in bytes(request.sealed_identifier)
    request = passed(request)
    waiting = {table: target["waiting"] for table, target in request.outcome.items() if target["waiting"]}
    assert (request.state, waiting) == ("running", {"tracking.Release": 1, "tracking.ImportFile": 1})
    destination = Release.objects.get(workspace=planted.workspace).destination
    assert [line.identifier for line in by_hand.lines(planted.workspace, destination)] == [EMAIL]  # somebody has to remove it there
    settled(planted)
    ImportFile.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    request = passed(request)
    assert (request.state, bytes(request.sealed_identifier), request.found) == ("done", b"", {})
    assert not Release.objects.filter(workspace=planted.workspace).exists()
    assert not ImportFile.objects.filter(name__contains=EMAIL).exists()
    assert not ImportFile.objects.exclude(content=b"").exists()


def test_a_device_of_many_stays_a_device_of_many_while_an_erasure_waits(planted: Planted) -> None:
    Identity.objects.filter(kind="device").update(guard=Identity.Guard.SHARED)
    request = erasure_by_user_id(planted)
    planted.event(message_id="of-the-family", anonymous_id=IDS["device"], visitor=IDS["device"])
    passed(request)
    assert Event.objects.filter(message_id="of-the-family").exists()


def test_a_file_that_is_being_imported_waits(planted: Planted) -> None:
    ImportFile.objects.filter(name__contains=EMAIL).update(state="running", lease_until=clock.now() + timedelta(minutes=5))
    outcome = erasure.erase(person.find(planted.workspace, "email", EMAIL))
    assert outcome["tracking.ImportFile"] == ("waiting", 0, 1)
    assert not erasure.is_complete(outcome)


def test_a_restored_backup_forgets_again(planted: Planted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "MOPS_HOME", tmp_path)
    journal.note(person.find(planted.workspace, "email", EMAIL))  # noted, and then yesterday's backup came back
    assert EMAIL not in journal.path().read_text()
    settled(planted)
    replayed = [erasure.erase(whose) for entry in journal.entries() if (whose := journal.person_of(entry))]
    assert len(replayed) == 1
    assert {table for table, _ in hits([IDS["user_id"], IDS["phone"], "canary-body"], set())} == set()


def test_the_journal_finds_who_never_had_a_profile(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MOPS_HOME", tmp_path)
    Customer.objects.create(workspace=workspace, key="shop-4711-anna")
    journal.note(person.find(workspace, "user_id", "shop-4711-anna"))
    (entry,) = journal.entries()
    whose = journal.person_of(entry)
    assert whose is not None
    erasure.erase(whose)
    assert Customer.objects.get().key.startswith("erased-")


def test_a_missing_journal_is_no_empty_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MOPS_HOME", tmp_path)
    with pytest.raises(CommandError, match=r"erasures\.jsonl.*Put back"):
        call_command("replay_erasures")
    journal.path().parent.mkdir()
    journal.path().touch()
    call_command("replay_erasures")


def test_a_damaged_journal_is_no_short_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MOPS_HOME", tmp_path)
    journal.path().parent.mkdir()
    journal.path().write_text("{}\n")
    with pytest.raises(ValueError, match="Line 1"):
        list(journal.entries())


def test_an_emptied_file_tells_its_reader_why_in_their_language(planted: Planted, client: Client) -> None:
    with translation.override("en"):  # the worker's
        erasure.erase(person.find(planted.workspace, "email", EMAIL))
    file = ImportFile.objects.exclude(error_message="").get()
    reader = people.person("Rita", language="de")
    people.member(planted.workspace, reader, "owner")
    client.force_login(reader)
    page = client.get(reverse("imports:file", args=[planted.workspace.slug, file.pk])).content.decode()
    assert "gelöscht" in page
    assert file.error_message not in page
