"""People as lists of members show them: clear identifiers only to who may see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tracking.models import Identity, Profile
from tracking.profiles.extract import STRENGTH, Kind
from tracking.profiles.reading import opened
from tracking.profiles.vault import Vault
from workspaces.models import Workspace

NAMED = (Kind.EMAIL, Kind.USER_ID, Kind.CRM_ID, Kind.PHONE)  # what somebody is called by, best first
SHORT = 8  # characters of an id


class Person(NamedTuple):
    id: int
    uuid: UUID
    name: str  # an identifier in clear, or the beginning of the profile's id
    is_clear: bool
    kinds: list[str]  # of identifiers known
    last_seen: datetime


def people(workspace: Workspace, ids: Sequence[int], *, clear: bool) -> list[Person]:
    """In the order of `ids`; two queries, and one for the key where identifiers are shown."""
    profiles = Profile.objects.filter(workspace=workspace, pk__in=ids).prefetch_related("identities").in_bulk()
    vault = Vault(workspace.pk) if clear and profiles else None
    return [_person(profiles[id_], vault) for id_ in ids if id_ in profiles]


def _person(profile: Profile, vault: Vault | None) -> Person:
    known = sorted(profile.identities.all(), key=lambda one: (STRENGTH[Kind(one.kind)], one.first_at))
    name = _name(known, vault) if vault else ""
    kinds = list(dict.fromkeys(one.get_kind_display() for one in known))
    return Person(profile.pk, profile.uuid, name or str(profile.uuid)[:SHORT], bool(name), kinds, profile.last_seen)


def _name(known: Sequence[Identity], vault: Vault) -> str:
    by_kind = {Kind(one.kind): one for one in reversed(known)}
    found = next((by_kind[kind] for kind in NAMED if kind in by_kind), None)
    return opened(vault, found) if found else ""
