"""Where personal data can be: every model field, declared. A field that is declared nowhere fails the build.

Access shows what is declared here, erasure goes through it, retention ends it (`personal`, `harmless` hold the lines).
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from django.apps import apps
from django.db.models import Q

if TYPE_CHECKING:
    from tracking.rights.person import Person


class Found(StrEnum):
    """By what the rows of a person are found."""

    PROFILE = "profile"  # the profile itself, or a row that hangs on it
    SUBJECT = "subject"  # blind index of an identifier
    SENDER = "sender"  # ids of who sent an event, or its profile
    BUYER = "buyer"  # the shop's customer key, or an order among the person's events
    CONTENT = "content"  # search through what was sent or uploaded
    MEMBER = "member"  # a person who works here, by login address


class Erasure(StrEnum):
    DELETE = "delete"  # the row goes
    STRIP = "strip"  # the row stays for counts, without anything that leads to a person
    RANDOM = "random"  # the key becomes a random one
    KEEP = "keep"  # stays as it is, for the reason given


class Kept(StrEnum):
    """Kinds of data with a timer of their own (`tracking.rights.retention`)."""

    BODIES = "bodies"
    REJECTIONS = "rejections"
    EVENTS = "events"
    PROFILES = "profiles"
    IMPORTS = "imports"
    EXPORTS = "exports"
    OPT_INS = "opt_ins"
    PROOF = "proof"
    PHONE_PROOF = "phone_proof"
    REQUESTS = "requests"
    AUDIT = "audit"
    BOOKS = "books"  # what bookkeeping law asks for: no timer here
    ACCOUNT = "account"  # as long as a person works here


class Personal(NamedTuple):
    """The personal fields of one table. `reason` says why something stays after erasure."""

    table: str  # "tracking.Event"
    fields: tuple[str, ...]
    found: Found
    erasure: Erasure
    kept: Kept
    reason: str = ""


class Room(NamedTuple):
    """What a room above this one declares: its lines, how rows are found, and how a table is stripped (rows changed)."""

    personal: tuple[Personal, ...]
    harmless: Mapping[str, str]
    lookups: Mapping[str, Callable[["Person"], Q]]
    strips: Mapping[str, Callable[["Person"], int]]


_rooms: list[Room] = []


def add(room: Room) -> None:
    """Called once, when the room's app is ready."""
    _rooms.append(room)


def rooms() -> tuple[Room, ...]:
    return tuple(_rooms)


def personal() -> tuple[Personal, ...]:
    """All lines; rooms above first, because their rows hang on people who go last."""
    from tracking.rights.personal import PERSONAL

    return (*(line for room in _rooms for line in room.personal), *PERSONAL)


def tables(*erasures: Erasure) -> list[Personal]:
    """Declarations with one of these ways of erasure, in the order in which erasure works."""
    return [line for line in personal() if line.erasure in erasures]


def every_field() -> Iterator[tuple[str, str]]:
    """(table, field) of every column of every model, but for ids and the workspace."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if getattr(field, "column", None) and field.name not in ("id", "workspace"):
                yield model._meta.label, field.name


def problems() -> list[str]:
    """What is declared nowhere, twice, or no longer there. Empty when all is well."""
    from tracking.rights.harmless import HARMLESS

    declared = [(line.table, field) for line in personal() for field in line.fields]
    harmless = [*HARMLESS.items(), *(line for room in _rooms for line in room.harmless.items())]
    declared += [(table, field) for table, fields in harmless for field in fields.split()]
    there = set(every_field())
    found = [f"{table}.{field} is declared nowhere" for table, field in sorted(there - set(declared))]
    found += [f"{table}.{field} does not exist" for table, field in sorted(set(declared) - there)]
    found += [f"{table}.{field} is declared twice" for table, field in sorted({d for d in declared if declared.count(d) > 1})]
    found += [f"{line.table} stays without a reason" for line in personal() if line.erasure == Erasure.KEEP and not line.reason]
    return found
