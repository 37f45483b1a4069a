"""Everything known about a person is in the answer, in both forms, and nothing of anybody else."""

import io
import json
import time
import zipfile
from typing import Any

import pytest
from django.test import Client

from tests.tracking.rights.planting import EMAIL, IDS, PACKED, Planted
from tests.tracking.sending import a_source, send, track
from tracking.collector import hooks
from tracking.collector.limits import BATCH_EVENTS
from tracking.ingest import run
from tracking.models import Customer, Rejection
from tracking.rights import access, person
from workspaces.models import Workspace


def test_the_bundle_holds_every_canary(planted: Planted) -> None:
    data = access.bundle(person.find(planted.workspace, "email", EMAIL))["data"]
    missing = [key for key, text in planted.canaries.items() if text not in json.dumps(data[key[0]], ensure_ascii=False)]
    assert missing == []
    assert PACKED in json.dumps(data["tracking.RawBody"])


def test_any_identifier_leads_to_the_whole_person(planted: Planted) -> None:
    found = {kind: person.find(planted.workspace, kind, value) for kind, value in IDS.items()}
    assert {one.known for one in found.values()} == {frozenset(IDS.items())}


def test_the_bundle_names_texts_and_sources_and_nobody_else(planted: Planted) -> None:
    bundle = access.bundle(person.find(planted.workspace, "email", EMAIL))
    text = json.dumps(bundle)
    assert "canary-consent-text" in text
    assert bundle["sources"][0]["name"] == "server"
    assert "bob-1" not in text
    assert "bobs-own" not in text


BOB = {"id": "bob-1", "mail": "bob@example.org", "note": "bobs-own"}


def hooked(workspace: Workspace, content: Any, **fields: Any) -> None:
    """A webhook of somebody's own form, signed and received."""
    source = a_source(workspace, "webhook", name="CRM", dialect="mapped", **fields)
    source.secret = "geheim"
    source.save()
    raw = json.dumps(content).encode()
    headers = hooks.sign("geheim", raw, int(time.time()))
    assert Client().post(f"/v1/hooks/{source.write_key}", raw, content_type="application/json", headers=headers).status_code == 200


def nested(depth: int) -> Any:
    content: Any = "anna@example.org"
    for _level in range(depth):
        content = [content, "bob@example.org"]
    return content


def of_anna(workspace: Workspace, table: str, field: str) -> Any:
    """What her bundle shows of the only row of this table."""
    (row,) = access.bundle(person.find(workspace, "email", "anna@example.org"))["data"][table]
    assert "bob" not in json.dumps(row)
    return row[field]


def test_of_a_webhook_with_many_people_only_ones_own_elements_are_handed_out(workspace: Workspace) -> None:
    anna = {"id": "anna-1", "mail": "Anna@example.org", "note": "her own", "address": {"city": "Ulm"}, "friends": [BOB, "bob-1"]}
    mapping = {"each": "contacts", "event": "=Lead Generated", "userId": "id", "traits.email": "mail"}
    hooked(workspace, {"sent_by": "bob@example.org", "contacts": [BOB, anna, BOB]}, mapping=mapping)
    kept = {name: value for name, value in anna.items() if name != "friends"}
    assert of_anna(workspace, "tracking.RawBody", "body") == {"contacts": [kept]}


def test_a_webhook_about_one_person_is_handed_out_whole(workspace: Workspace) -> None:
    content = {"number": "4711", "buyer": {"id": "anna-1", "mail": "anna@example.org"}, "total": "12.00"}
    hooked(workspace, content, mapping={"type": "=identify", "userId": "buyer.id", "traits.email": "buyer.mail"})
    while run.run_batch():
        pass
    assert of_anna(workspace, "tracking.RawBody", "body") == content


@pytest.mark.parametrize(("content", "shown"), [
    ({"people": {"1": BOB, "2": {"mail": "anna@example.org", "n": 4}}}, {"people": {"2": {"mail": "anna@example.org", "n": 4}}}),
    ([BOB, {"mail": "anna@example.org"}], [{"mail": "anna@example.org"}]),
    (nested(600), {".".join(["0"] * 600): "anna@example.org"}),
    ({"by_address": {"anna@example.org": 3, "bob@example.org": 4}}, {"by_address.anna@example.org": 3}),
])  # fmt: skip
def test_of_a_webhook_no_mapping_fits_only_ones_own_part_is_handed_out(workspace: Workspace, content: Any, shown: Any) -> None:
    hooked(workspace, content)
    assert Rejection.objects.get().reason == "mapping"
    assert of_anna(workspace, "tracking.Rejection", "payload") == shown


def test_of_a_batch_refused_as_a_whole_only_ones_own_events_are_handed_out(workspace: Workspace) -> None:
    mine, naming = track("m-a", userId="anna@example.org", properties={"n": 1}), track("m-b", userId="bob-1", properties={
        "friend": "anna@example.org", "from": "bob@example.org"})  # fmt: skip
    batch = [mine, naming, *({"type": "track", "userId": "bob-1"} for _ in range(BATCH_EVENTS))]
    assert send(a_source(workspace), "batch", {"batch": batch}).status_code == 413
    assert of_anna(workspace, "tracking.Rejection", "payload") == [mine, {"properties.friend": "anna@example.org"}]


def test_of_what_is_no_json_only_the_persons_texts_are_handed_out(workspace: Workspace) -> None:
    assert send(a_source(workspace), "batch", b'{"batch": [{"userId": "bob-1"}, {"userId": "anna@example.org"').status_code == 400
    assert of_anna(workspace, "tracking.Rejection", "payload") == ["anna@example.org"]


def test_the_zip_is_readable_in_both_languages(planted: Planted) -> None:
    content = access.content_of(planted.file)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert sorted(archive.namelist()) == ["data-de.html", "data-en.html", "data.json"]
        german, english = archive.read("data-de.html").decode(), archive.read("data-en.html").decode()
    assert "Was über Sie bekannt ist" in german
    assert "What is known about you" in english
    assert all(IDS["user_id"] in page for page in (german, english))


def test_a_person_of_another_workspace_is_not_found(planted: Planted, other: Workspace) -> None:
    Customer.objects.create(workspace=other, key="canary-elsewhere")
    data = access.bundle(person.find(other, "email", EMAIL))["data"]
    assert [table for table, rows in data.items() if rows] == []
