"""Traits: the newest by time wins, of equal times the better source, of equal sources the larger value: in any order the same."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from django.utils.translation import gettext_lazy as _

from mops.lib import clock
from tracking.blind_index import Indexer
from tracking.models import DuplicateSuggestion, Identity, Trait
from tracking.profiles import extract, normalise, store
from tracking.profiles.vault import Vault, trait_owner
from workspaces.models import Workspace

RANK = {"import": 0, "browser": 1, "server": 2, "webhook": 3, "shop": 4}  # by kind of source: who is believed more
PLAIN = frozenset({  # everything else may say who somebody is and is kept encrypted
    "plan", "language", "locale", "currency", "country", "created_at", "createdAt", "newsletter", "logins", "orders",
    "lifetime_value", "customer_group", "tier", "subscription", "is_test",
})  # fmt: skip
LABELS = {
    "name": _("Name"), "first_name": _("First name"), "firstName": _("First name"), "last_name": _("Last name"),
    "lastName": _("Last name"), "email": _("E-mail address"), "phone": _("Telephone number"), "address": _("Address"),
    "street": _("Street"), "postal_code": _("Postal code"), "postalCode": _("Postal code"), "zip": _("Postal code"),
    "city": _("City"), "state": _("Region"), "country": _("Country"), "language": _("Language"), "locale": _("Language"),
    "currency": _("Currency"), "birthday": _("Date of birth"), "gender": _("Gender"), "company": _("Company"), "plan": _("Plan"),
    "created_at": _("Account since"), "createdAt": _("Account since"), "newsletter": _("Newsletter"), "logins": _("Logins"),
    "orders": _("Orders"), "lifetime_value": _("Lifetime value"), "customer_group": _("Customer group"), "tier": _("Tier"),
    "subscription": _("Subscription"), "is_test": _("Test account"),
}  # fmt: skip
UPSERT = """
INSERT INTO tracking_trait AS old (workspace_id, identity_id, name, value, sealed, index, source_id, rank, at, digest)
SELECT %s, t.identity, t.name, t.value::jsonb, t.sealed, t.index, t.source, t.rank, t.at, t.digest
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bytea[], %s::text[], %s::bigint[], %s::smallint[], %s::timestamptz[],
    %s::text[]) AS t (identity, name, value, sealed, index, source, rank, at, digest)
ON CONFLICT (identity_id, name) DO UPDATE SET value = excluded.value, sealed = excluded.sealed, index = excluded.index,
    source_id = excluded.source_id, rank = excluded.rank, at = excluded.at, digest = excluded.digest
WHERE (excluded.at, excluded.rank, excluded.digest) > (old.at, old.rank, old.digest)
"""
SAME = """
SELECT DISTINCT least(one.identity_id, other.identity_id), greatest(one.identity_id, other.identity_id)
FROM tracking_trait one JOIN tracking_trait other ON other.workspace_id = one.workspace_id AND other.index = one.index
JOIN tracking_identity a ON a.id = one.identity_id JOIN tracking_identity b ON b.id = other.identity_id
WHERE one.workspace_id = %s AND one.index = ANY(%s) AND one.index <> '' AND a.profile_id <> b.profile_id LIMIT 200
"""


class Sent(extract.Told, Protocol):
    """An event with the source it came from."""

    source_id: int
    source_kind: str


class Shown(NamedTuple):
    """A trait of a profile; `value` is None where the reader may not see it."""

    name: str
    value: Any
    is_personal: bool
    source: str
    at: datetime
    identity_id: int

    @property
    def label(self) -> str:
        """As people call it; a name of the sender's own as it came."""
        return str(LABELS.get(self.name, self.name))


def keep(workspace: Workspace, indexer: Indexer, told: Iterable[tuple[int, Sent]]) -> None:
    """Write the traits of events under the identity each stands for; two statements, three where a duplicate may show."""
    best: dict[tuple[int, str], tuple[Any, ...]] = {}
    for identity_id, event in told:
        said = extract.traits(event)
        person = person_index(indexer, said) if said else ""
        for name, value in said.items():
            content = json.dumps(value, sort_keys=True)
            order = (event.occurred_at, RANK.get(event.source_kind, 0), indexer.index("trait", content))
            before = best.get((identity_id, name))
            if before is None or order > before[0]:
                index = person if name == "address" or (name == "street" and "address" not in said) else ""
                best[identity_id, name] = order, value, content, index, event.source_id
    if not best:
        return
    vault, rows = Vault(workspace.pk), []
    for (identity_id, name), (order, value, content, index, source) in sorted(best.items(), key=lambda item: item[0]):
        plain = name in PLAIN
        sealed = b"" if plain else vault.seal(value, trait_owner(identity_id, name))
        rows.append((identity_id, name, content if plain else None, sealed, index, source, order[1], order[0], order[2]))
    store.write(UPSERT, rows, workspace.pk)
    if people := sorted({row[4] for row in rows if row[4]}):
        same = store.run(SAME, workspace.pk, people)
        store.write(store.SUGGEST, same, workspace.pk, DuplicateSuggestion.Reason.SAME_PERSON, clock.now())


def person_index(indexer: Indexer, said: Mapping[str, Any]) -> str:
    """Blind index of a person's name and address together, "" where one is missing."""
    name = said.get("name") or " ".join(_text(said, "first_name", "firstName") + _text(said, "last_name", "lastName"))
    called = normalise.name_key(name) if isinstance(name, str) else ""
    inner = said.get("address")
    address: Mapping[str, Any] = inner if isinstance(inner, Mapping) else said
    street, code, city = (
        " ".join(_text(address, *names)) for names in (("street",), ("postal_code", "postalCode", "zip"), ("city",))
    )
    place = normalise.address_key(street, code, city)
    return indexer.index("person", f"{called}|{place}") if called and place else ""


def _text(content: Mapping[str, Any], *names: str) -> list[str]:
    return [str(content[name]) for name in names if isinstance(content.get(name), str | int)][:1]


def of_profile(workspace: Workspace, identities: Sequence[Identity], *, clear: bool) -> list[Shown]:
    """The newest of each name over the identities of a profile, by name. Personal values only if `clear`."""
    order = ("name", "-at", "-rank", "-digest")
    found = Trait.objects.filter(workspace=workspace, identity__in=identities).select_related("source").order_by(*order)
    newest: dict[str, Trait] = {}
    for trait in found:
        newest.setdefault(trait.name, trait)
    vault = Vault(workspace.pk) if clear else None
    return [as_shown(trait, vault) for trait in newest.values()]


ADDRESS = ("street", "postal_code", "postalCode", "zip", "city", "state", "country")  # as it is written on a letter


def _readable(value: Any) -> Any:
    """Lists and objects as people write them: an address in its usual sequence."""
    if isinstance(value, dict):
        places = sorted(value, key=lambda name: (ADDRESS.index(name) if name in ADDRESS else len(ADDRESS), name))
        value = [value[name] for name in places]
    return ", ".join(str(_readable(part)) for part in value) if isinstance(value, list) else value


def as_shown(trait: Trait, vault: Vault | None) -> Shown:
    """As a member may read it: without `vault` no personal value."""
    sealed = bytes(trait.sealed)
    value = trait.value
    if sealed:
        value = vault.open(sealed, trait_owner(trait.identity_id, trait.name)) if vault else None
    return Shown(trait.name, _readable(value), bool(sealed), trait.source.name if trait.source else "", trait.at, trait.identity_id)
