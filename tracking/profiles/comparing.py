"""Two profiles that may be one person, side by side: what both are known by, so that a member can decide."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from django.db.models import Count

from tracking.models import DuplicateSuggestion, Identity, Order, Profile, Trait
from tracking.profiles import traits
from tracking.profiles.batch import strength
from tracking.profiles.vault import Vault, identity_owner
from workspaces.models import Workspace

NAMES = ("name", "first_name", "firstName", "last_name", "lastName")
PLACES = ("address", "street", "postal_code", "postalCode", "zip", "city")
MOST = 6  # identifiers of a profile


class Side(NamedTuple):
    """One of the two. Identifiers as (kind, masked value), the strongest first; `more` are not listed."""

    profile: Profile
    name: str
    address: str
    identifiers: Sequence[tuple[str, str]]
    more: int
    orders: int


class Pair(NamedTuple):
    suggestion: DuplicateSuggestion
    sides: tuple[Side, Side]


def pairs(workspace: Workspace, suggestions: Collection[DuplicateSuggestion]) -> list[Pair]:
    """In the sequence given, with four statements whatever their number."""
    profiles = {one.profile_id: one.profile for pair in suggestions for one in (pair.first, pair.second)}
    known: dict[int, list[Identity]] = defaultdict(list)
    for identity in Identity.objects.filter(workspace=workspace, profile__in=profiles):
        known[identity.profile_id].append(identity)
    said = _said(workspace, [identity.pk for own in known.values() for identity in own])
    bought = Order.objects.filter(workspace=workspace, customer__profile__in=profiles).order_by()
    orders = dict(bought.values_list("customer__profile").annotate(number=Count("pk")))
    vault = Vault(workspace.pk)
    sides = {
        pk: _side(vault, profile, known[pk], [said[one.pk] for one in known[pk]], orders.get(pk, 0))
        for pk, profile in profiles.items()
    }
    return [Pair(pair, (sides[pair.first.profile_id], sides[pair.second.profile_id])) for pair in suggestions]


def masked(kind: str, value: str) -> str:
    """Enough to compare two by eye, not enough to use: "m•••a@example.org", "+4•••67"."""
    name, at, domain = value.rpartition("@") if kind == Identity.Kind.EMAIL else (value, "", "")
    return f"{name[:2] if len(name) > 6 else name[:1]}•••{name[-2:] if len(name) > 6 else name[-1:]}{at}{domain}"


def _said(workspace: Workspace, identities: Sequence[int]) -> Mapping[int, list[Trait]]:
    """Names and addresses, the newest first."""
    found: dict[int, list[Trait]] = defaultdict(list)
    rows = Trait.objects.filter(workspace=workspace, identity__in=identities, name__in=[*NAMES, *PLACES])
    for trait in rows.select_related("source").order_by("-at", "-rank", "-digest"):
        found[trait.identity_id].append(trait)
    return found


def _side(vault: Vault, profile: Profile, known: Sequence[Identity], said: Sequence[Sequence[Trait]], orders: int) -> Side:
    newest: dict[str, str] = {}
    for trait in sorted((one for own in said for one in own), key=lambda one: one.at, reverse=True):
        if trait.name not in newest:
            newest[trait.name] = str(traits.as_shown(trait, vault).value)
    name = newest.get("name") or _joined(newest, NAMES[1:])
    ordered = sorted(known, key=lambda one: strength((one.kind, one.index)))
    identifiers = [
        (one.get_kind_display(), masked(one.kind, str(vault.open(bytes(one.sealed), identity_owner(one.kind, one.index)))))
        for one in ordered[:MOST]
    ]
    address = newest.get("address") or _joined(newest, PLACES[1:], ", ")
    return Side(profile, name, address, identifiers, max(len(ordered) - MOST, 0), orders)


def _joined(said: Mapping[str, str], names: Sequence[str], by: str = " ") -> str:
    return by.join(said[name] for name in names if name in said)
