"""The words in which a room declares its personal data: by what it is found, what erasure does, which timer ends it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

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
