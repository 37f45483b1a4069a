"""What an event says about who it is from."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.profiles.seeing import NOON
from tracking.profiles import extract


def an_event(type_: str = "track", **said: Any) -> Any:
    fields = {"id": 1, "type": type_, "anonymous_id": "", "user_id": "", "previous_id": "", "occurred_at": NOON}
    return SimpleNamespace(**{**fields, "context": {}, "traits": {}, "properties": {}, **said})


def kinds(event: Any) -> list[tuple[str, str]]:
    return [(str(said.kind), said.value) for said in extract.identities(event, "DE")]


def test_it_names_the_strongest_identifier_first() -> None:
    traits = {"email": "Mia@Example.org", "phone": "0171 1234567", "crm_id": 77}
    event = an_event("identify", anonymous_id="a-1", user_id="u-1", traits=traits)
    assert kinds(event) == [
        ("user_id", "u-1"), ("crm_id", "77"), ("email", "mia@example.org"), ("phone", "+491711234567"), ("anonymous_id", "a-1"),
    ]  # fmt: skip


def test_it_reads_context_traits_devices_and_external_ids() -> None:
    ids = [{"id": "C-9", "type": "crm_id", "collection": "users"}, {"id": "x", "type": "advertising"}, "nonsense"]
    event = an_event(context={"traits": {"email": "m@example.org"}, "device": {"id": "D-1"}, "externalIds": ids})
    assert kinds(event) == [("crm_id", "C-9"), ("email", "m@example.org"), ("device", "D-1")]


def test_it_reads_a_telephone_number_as_it_is_written_where_the_person_lives() -> None:
    told: list[tuple[dict[str, Any], str]] = [
        ({"address": {"country": "Österreich"}}, "+436641234567"),
        ({"address": {"country": "AT"}, "country": "DE"}, "+436641234567"),
        ({"country_code": "aut"}, "+436641234567"),
        ({"address": "Wien", "country": 43}, "+496641234567"),
        ({"address": {"country": "Atlantis"}}, "+496641234567"),
    ]
    for traits, number in told:
        assert kinds(an_event("identify", traits={"phone": "0664 1234567", **traits})) == [("phone", number)], traits
    assert kinds(an_event(context={"traits": {"phone": "+49 171 1234567", "country": "AT"}})) == [("phone", "+491711234567")]


def test_it_does_not_take_an_address_in_an_order_for_the_sender() -> None:
    assert kinds(an_event(user_id="u-1", properties={"email": "gift.for@example.org"})) == [("user_id", "u-1")]
    assert kinds(an_event(user_id="u-1", traits={"email": "m@example.org"})) == [("user_id", "u-1")]


def test_it_joins_the_previous_id_of_an_alias_only() -> None:
    assert ("anonymous_id", "a-0") in kinds(an_event("alias", user_id="u-1", previous_id="a-0"))
    assert ("anonymous_id", "a-0") not in kinds(an_event("track", user_id="u-1", previous_id="a-0"))


NAMES = st.sampled_from(["traits", "device", "id", "email", "phone", "externalIds", "type", "address", "country"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(context=st.dictionaries(NAMES, JSON), traits=st.dictionaries(st.text(max_size=5), JSON))
def test_it_never_fails_on_what_a_sender_may_send(context: dict[str, Any], traits: dict[str, Any]) -> None:
    event = an_event("identify", context=context, traits=traits)
    assert all(said.value for said in extract.identities(event, "DE"))
    assert all(value not in (None, "") for value in extract.traits(event).values())
