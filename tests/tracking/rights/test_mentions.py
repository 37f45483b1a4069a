"""Contents of events are not encrypted: a person named in them is found in whatever form senders write an address."""

import hashlib
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mops.lib import clock
from tests.tracking.rights.planting import EMAIL, IDS, Planted
from tracking import partitions
from tracking.models import Event
from tracking.rights import access, erasure, person, searching
from tracking.rights.person import Person
from tracking.rights.spelling import Bound, is_named
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


MAIL = "anna@web.example"
WHOLE = {  # by identifier: texts in which it stands as a whole, texts in which it is a part of somebody else's
    (MAIL, Bound.ADDRESS): (
        [f"Anna <{MAIL.upper()}>, bob", f"{MAIL}.", f"of {MAIL}.csv", f"{MAIL}-2026.pdf", f"%2F{MAIL}%20", f"hello\\n{MAIL}\\r",
         f"hello\n{MAIL}", f'{{\\"m\\":\\"{MAIL}\\"}}', f"\u200b{MAIL}"],
        [f"joh{MAIL}", f"jo.{MAIL}", f"jo+{MAIL}", f"o'{MAIL}", f"{MAIL}.com", f"{MAIL}-mail.net", f"{MAIL}%2Ecom", f"jo%2B{MAIL}",
         f"joh\\u00e4{MAIL}", f"jo\u0308{MAIL}"],
    ),
    ("anna%40web.example", Bound.ADDRESS): (["q=to+anna%40web.example+now"], ["johanna%40web.example", "jo%2banna%40web.example"]),
    (f"n{MAIL}", Bound.ADDRESS): ([f"\\nn{MAIL}"], [f"hello\\n{MAIL}"]),
    (f"20{MAIL}", Bound.ADDRESS): ([f"%2020{MAIL}"], [f"?to=%20{MAIL}"]),
    ("customer-1", Bound.ID): (
        ["/customer-1/", "customer-1.", "id:customer-1"],
        ["customer-17", "old-customer-1", "customer-1-2", "customer-1.5", "customer-1@web.example", "a_customer-1"],
    ),
    ("4915155501234", Bound.NUMBER): (
        ["+4915155501234", "004915155501234", "Tel.4915155501234", "q=call+4915155501234"],
        ["14915155501234", "49151555012345", "1-4915155501234", "a4915155501234", "12004915155501234"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("form", "bound"), WHOLE)
def test_an_identifier_is_found_as_a_whole_however_it_is_written_and_never_as_a_part(form: str, bound: Bound) -> None:
    whole, parts = WHOLE[form, bound]
    assert [text for text in whole if not is_named(text.lower(), form, bound)] == []
    assert [text for text in parts if is_named(text.lower(), form, bound)] == []


ALNUM = "abcxyz0189"
WAYS: list[Callable[[str], str]] = [
    str,
    str.upper,
    quote,
    lambda text: quote(text, safe=""),
    json.dumps,
    lambda text: f"?to={quote(text)}&x",
]
LOCAL = st.text(ALNUM, min_size=1, max_size=8)


@given(mine=LOCAL, more=st.text(ALNUM + ".+-_", max_size=5), edge=st.sampled_from(ALNUM), tail=LOCAL, write=st.sampled_from(WAYS))
def test_nothing_names_me_whose_identifiers_merely_hold_mine(
    mine: str, more: str, edge: str, tail: str, write: Callable[[str], str]
) -> None:
    address, number = f"{mine}@shop.example", f"customer-{mine}"
    me = Person(Workspace(pk=1), known=frozenset({("email", address), ("user_id", number)}))
    others = (f"{edge}{more}{edge}{address}", f"{address}.{tail}", f"{number}{edge}{more}", f"{tail}-{number}", f"{number}-{tail}")
    assert [other for other in others if searching.mentions(write(other), me)] == []
    assert searching.names({"text": write(f"of {address}")}, me)
    assert searching.names({"text": write(f"of {number}, and")}, me)
