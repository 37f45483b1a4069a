"""Contents of events are not encrypted: a person named in them is found in whatever form senders write an address."""

import hashlib
import json

import pytest

from mops.lib import clock
from tests.tracking.rights.planting import EMAIL, IDS, Planted
from tracking import partitions
from tracking.models import Event
from tracking.rights import access, erasure, person
from workspaces.models import Workspace

PHONE = IDS["phone"]
FORMS = {
    "plain": EMAIL.upper(),
    "in an address": f"/thanks?mail={EMAIL.replace('@', '%40')}&ok=1",
    "hashed for an ad platform": hashlib.sha256(EMAIL.encode()).hexdigest(),
    "telephone": f"call {PHONE}",
    "telephone with zeros": PHONE.replace("+", "00"),
    "telephone as dialled at home": "015155501234",
    "telephone hashed": hashlib.sha256(PHONE.lstrip("+").encode()).hexdigest().upper(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", ["properties", "context", "traits"])
def test_an_event_of_nobody_known_that_names_the_person_is_shown_and_erased(planted: Planted, form: str, column: str) -> None:
    partitions.ensure(clock.now().date().replace(day=1))
    content = {"page": {"path": [1, FORMS[form]]}, "price": 12}
    planted.event(message_id="of-nobody", **{column: content})
    whose = person.find(planted.workspace, "email", EMAIL)
    mentions = access.bundle(whose)["mentions"]
    assert {f"{column}.page.path.1": FORMS[form]} in [{k: v for k, v in one.items() if "." in k} for one in mentions]
    erasure.erase(whose)
    assert getattr(Event.objects.get(message_id="of-nobody"), column) == {"page": {"path": [1, "[erased]"]}, "price": 12}
    assert access.bundle(person.find(planted.workspace, "email", EMAIL))["mentions"] == []


def test_an_address_with_umlauts_is_found_as_mail_programs_write_it(workspace: Workspace) -> None:
    whose = person.find(workspace, "email", "jörg@köln.example")
    assert "jörg@xn--kln-sna.example" in whose.texts


def test_who_else_stands_in_the_event_is_not_told(planted: Planted) -> None:
    planted.event(message_id="of-bob", user_id="bob-1", properties={"friend": EMAIL, "from": "bob@example.org"})
    text = json.dumps(access.bundle(person.find(planted.workspace, "email", EMAIL)))
    assert "bob" not in text
