"""Who a request is about: everything one identifier leads to, through profiles, merges and the consent ledger."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import quote, quote_plus

import phonenumbers
from django.db.models import Q

from tracking.blind_index import Indexer, Subject, Unidentifiable
from tracking.consent import linking
from tracking.models import Identity, Profile
from tracking.profiles.batch import SUBJECT_KINDS
from tracking.profiles.vault import Vault, identity_owner
from tracking.rights.spelling import Bound
from workspaces.models import Workspace

Kind = Identity.Kind
NORMALISED = (Kind.EMAIL, Kind.PHONE)
SENDER_KINDS = (Kind.USER_ID, Kind.CRM_ID)
DEVICE_KINDS = (Kind.ANONYMOUS_ID, Kind.DEVICE)
TELLING = 8  # characters from which on an id is searched for in the middle of a text; shorter ones only as a whole value


@dataclass(frozen=True)
class Person:
    """Profiles (ids, with those merged), readable identifiers by kind, and blind indexes of one person."""

    workspace: Workspace
    profiles: frozenset[int] = frozenset()
    known: frozenset[tuple[str, str]] = frozenset()
    subjects: frozenset[Subject] = frozenset()
    shared: frozenset[str] = field(default=frozenset())  # devices that many people use: they name nobody

    def values(self, *kinds: str) -> list[str]:
        """Readable identifiers of these kinds, shared devices left out."""
        return sorted({value for kind, value in self.known if kind in kinds and value not in self.shared})

    @property
    def indexes(self) -> list[str]:
        return sorted({subject.index for subject in self.subjects})

    @property
    def keys(self) -> list[str]:
        """What a shop may call its customer: any identifier that belongs to one person."""
        return self.values(*SENDER_KINDS, *NORMALISED)

    @property
    def needles(self) -> list[str]:
        """Texts that mean this person wherever they stand."""
        return [value for value in self.values(*Kind.values) if "@" in value or len(value) >= TELLING]

    @cached_property
    def bounds(self) -> dict[str, Bound]:
        """The needles in every way they are written into addresses, properties and hashes, in small letters, each with its kind."""
        found = {form.lower(): Bound.ADDRESS if "@" in needle else Bound.ID for needle in self.needles for form in _encoded(needle)}
        for address in self.values(Kind.EMAIL):
            found |= dict.fromkeys(_in_ascii(address), Bound.ADDRESS) | {_hash(address): Bound.HASH}
        for number in self.values(Kind.PHONE):
            digits = number.lstrip("+")
            found |= dict.fromkeys((*_encoded(number), *_dialled(number), digits), Bound.NUMBER)
            found |= {_hash(number): Bound.HASH, _hash(digits): Bound.HASH}
        return {text: bound for text, bound in found.items() if len(text) >= TELLING or "@" in text}

    @property
    def texts(self) -> list[str]:
        return sorted(self.bounds)

    @cached_property
    def escaped(self) -> dict[str, Bound]:
        """`bounds`, also of the texts as JSON writes them."""
        return {form: bound for text, bound in self.bounds.items() for form in (text, json.dumps(text)[1:-1].lower())}

    @property
    def quoted(self) -> list[str]:
        """Short ids as JSON writes a whole value: "17" is nobody's only because it is part of "2017"."""
        short = set(self.values(*Kind.values)) - set(self.needles)
        return sorted(json.dumps(value, ensure_ascii=False) for value in short)


def _encoded(needle: str) -> tuple[str, str, str]:
    return needle, quote(needle, safe="").lower(), quote_plus(needle).lower()


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _dialled(number: str) -> Iterator[str]:
    """As dialled at home, also where somebody put the country before its zero."""
    parsed = phonenumbers.parse(number)
    national = "".join(filter(str.isdigit, phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)))
    yield from (national, f"{parsed.country_code}{national}")


def _in_ascii(address: str) -> Iterator[str]:
    """The address as mail programs write a domain with umlauts."""
    name, _at, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            yield f"{name}@{domain.encode('idna').decode()}"
        except UnicodeError:  # no domain after all: nobody writes it any other way
            return


def find(workspace: Workspace, kind: str, identifier: str) -> Person:
    """The person known by this identifier; one nobody has seen gives a person of this identifier only. Raises Unidentifiable."""
    indexer = Indexer(workspace.pk)
    value = normal(kind, identifier)
    person = Person(workspace, known=frozenset({(kind, value)}), subjects=frozenset({subject_of(indexer, kind, value)}))
    return _completed(person, indexer)


def of_profile(profile: Profile) -> Person:
    """The person of a profile and of all profiles merged with it."""
    person = Person(profile.workspace, profiles=frozenset({profile.pk}))
    return _completed(person, Indexer(profile.workspace_id))


def of_indexes(workspace: Workspace, subjects: frozenset[Subject], known: frozenset[tuple[str, str]] = frozenset()) -> Person:
    """The person of blind indexes alone, as the journal of erasures keeps them."""
    return _completed(Person(workspace, known=known, subjects=subjects), Indexer(workspace.pk))


def as_lists(person: Person) -> dict[str, Any]:
    """The person as JSON, to be sealed while their own rows are erased."""
    indexer = Indexer(person.workspace.pk)
    return {
        "profiles": list(person.profiles), "known": list(person.known), "shared": list(person.shared),
        "subjects": [(subject.kind, subject.index) for subject in person.subjects],
        "identifiers": {subject_of(indexer, kind, value).index: value for kind, value in person.known},
    }  # fmt: skip


def of_lists(workspace: Workspace, found: Mapping[str, Any]) -> Person:
    """The person of `as_lists`, and whatever has come to them since."""
    person = Person(
        workspace, profiles=frozenset(found["profiles"]), known=frozenset((kind, value) for kind, value in found["known"]),
        subjects=frozenset(Subject(*subject) for subject in found["subjects"]), shared=frozenset(found["shared"]),
    )  # fmt: skip
    return _completed(person, Indexer(workspace.pk))


def _completed(person: Person, indexer: Indexer) -> Person:
    """Follow identities, merges and links of the consent ledger until nothing new comes."""
    while True:
        wider = _wider(person, indexer)
        if wider == person:
            return person
        person = wider


def _wider(person: Person, indexer: Indexer) -> Person:
    workspace = person.workspace
    named = Identity.objects.filter(workspace=workspace, index__in=person.indexes, guard=Identity.Guard.NONE)
    profiles = set(person.profiles) | set(named.values_list("profile_id", flat=True))
    kin = Profile.objects.filter(Q(pk__in=profiles) | Q(merged_into__in=profiles), workspace=workspace)
    for own, into in kin.values_list("pk", "merged_into"):
        profiles |= {own} if into is None else {own, into}
    vault, known, subjects, shared = Vault(workspace.pk), set(person.known), set(person.subjects), set(person.shared)
    for identity in Identity.objects.filter(workspace=workspace, profile__in=profiles):
        value = str(vault.open(bytes(identity.sealed), identity_owner(identity.kind, identity.index)))
        known.add((identity.kind, value))
        if identity.guard:
            shared.add(value)
        else:
            subjects.add(subject_of(indexer, identity.kind, value))
    for group in linking.groups(workspace.pk, subjects).values():
        subjects |= group
    return replace(person, profiles=frozenset(profiles), known=frozenset(known), subjects=frozenset(subjects),
                   shared=frozenset(shared))  # fmt: skip


def subject_of(indexer: Indexer, kind: str, value: str) -> Subject:
    """The blind index of a normalised identifier, under the name that the consent ledger has for its kind if it knows it."""
    name = SUBJECT_KINDS.get(Kind(kind), f"profile_{kind}")
    return Subject(str(name), indexer.index(name, value))


def normal(kind: str, identifier: str) -> str:
    """The identifier as it is compared. Raises Unidentifiable."""
    from tracking.profiles import normalise

    text = identifier.strip()
    if kind == Kind.EMAIL:
        value = normalise.email(text)
    elif kind == Kind.PHONE:
        value = normalise.phone(text, "DE")
    else:
        value = normalise.identifier(text)
    if not value:
        raise Unidentifiable(text[:60])
    return value
