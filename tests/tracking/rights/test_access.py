"""Everything known about a person is in the answer, in both forms, and nothing of anybody else."""

import io
import json
import zipfile

from tests.tracking.rights.planting import EMAIL, IDS, PACKED, Planted
from tracking.models import Customer
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
