"""What an event says about who it is from: identifiers by kind, and traits. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from tracking.profile_models import Identity
from tracking.profiles import normalise
from tracking.profiles.country import named

Kind = Identity.Kind
STRENGTH: dict[str, int] = {kind: place for place, kind in enumerate(Kind.values)}  # user id first, anonymous id last
EMAIL_KEYS = ("email", "e_mail", "emailAddress")
PHONE_KEYS = ("phone", "phoneNumber", "phone_number", "mobile")
COUNTRY_KEYS = ("country", "countryCode", "country_code")
CRM_KEYS = ("crm_id", "crmId", "customer_number", "customerNumber", "contact_id")
CRM_TYPES = frozenset({"crm_id", "crmid", "salesforce_id", "hubspot_id", "contact_id", "customer_number"})
TRAIT_LENGTH, MOST_TRAITS = 2_000, 100


class Said(NamedTuple):
    """One identifier, normalised."""

    kind: str
    value: str


class Told(Protocol):
    """What is read of an event; both tracking.ingest.arrival.Arrival and tracking.models.Event have it."""

    id: int
    type: str
    anonymous_id: str
    user_id: str
    previous_id: str
    context: dict[str, Any]
    traits: dict[str, Any]
    properties: dict[str, Any]
    occurred_at: datetime


def identities(event: Told, country: str) -> list[Said]:
    """The identifiers of an event, strongest first, each once. Never raises on what a sender may send.

    E-mail and telephone count where they describe the sender (traits), not among the properties of an event. A telephone number
    is read as people write it in the country that stands beside it, else in `country`.
    """
    found = dict.fromkeys(said for said in _all(event, country) if said.value)
    return sorted(found, key=lambda said: (STRENGTH[said.kind], said.value))


def _all(event: Told, country: str) -> Iterator[Said]:
    yield Said(Kind.USER_ID, normalise.identifier(event.user_id))
    yield Said(Kind.ANONYMOUS_ID, normalise.identifier(event.anonymous_id))
    yield Said(Kind.ANONYMOUS_ID, normalise.identifier(event.previous_id) if event.type == "alias" else "")
    for said in (event.traits if event.type == "identify" else {}, _object(event.context, "traits")):
        if not said:
            continue
        yield from (Said(Kind.EMAIL, normalise.email(value)) for value in _texts(said, EMAIL_KEYS))
        yield from (Said(Kind.PHONE, normalise.phone(value, _country(said) or country)) for value in _texts(said, PHONE_KEYS))
        yield from (Said(Kind.CRM_ID, normalise.identifier(value)) for value in _texts(said, CRM_KEYS))
    if device := _object(event.context, "device"):
        yield Said(Kind.DEVICE, normalise.identifier("".join(_texts(device, ("id",)))))
    yield from _external(event.context.get("externalIds"))


def _country(said: Mapping[str, Any]) -> str:
    """Of the address among these traits, else of the traits themselves; "" where they name none we know."""
    written = (*_texts(_object(said, "address"), COUNTRY_KEYS), *_texts(said, COUNTRY_KEYS))
    return next(filter(None, map(named, written)), "")


def _external(ids: Any) -> Iterator[Said]:
    """Segment's externalIds: [{"id", "type", "collection", "encoding"}]."""
    for one in ids[:20] if isinstance(ids, list) else ():
        if isinstance(one, Mapping) and str(one.get("type", "")).lower() in CRM_TYPES and one.get("collection") in (None, "users"):
            yield Said(Kind.CRM_ID, normalise.identifier("".join(_texts(one, ("id",)))))


def _texts(content: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = content.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield str(value)[: normalise.LONGEST + 1]


def _object(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def traits(event: Told) -> dict[str, Any]:
    """Name → JSON value, of an identify call or an event's context.traits; long and empty ones are left out."""
    said = {**_object(event.context, "traits"), **(event.traits if event.type == "identify" else {})}
    if not said:
        return {}
    kept = [(name, value) for name, value in said.items() if 0 < len(name) <= 120 and value not in (None, "")]
    return {name: value for name, value in kept[:MOST_TRAITS] if len(str(value)) <= TRAIT_LENGTH}
