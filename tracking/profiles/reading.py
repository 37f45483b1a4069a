"""What a member sees of a person: identifiers, timeline, why profiles were merged. Clear text only where the role may see it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from tracking.blind_index import Indexer
from tracking.consent.proof import SOURCE_LABELS
from tracking.ingest.arrival import text
from tracking.models import ConsentEvent, DuplicateSuggestion, Event, Identity, Merge, Order, Profile
from tracking.profiles import normalise
from tracking.profiles.batch import SUBJECT_KINDS, key_of
from tracking.profiles.country import country_of
from tracking.profiles.extract import STRENGTH, Kind, Said
from tracking.profiles.vault import Vault, identity_owner
from workspaces.models import Workspace

HIDDEN = "•••"
LATEST = 100  # entries of each kind in a timeline


class Shown(NamedTuple):
    """An identifier as a member may see it."""

    identity: Identity
    value: str


class Entry(NamedTuple):
    """One line of a timeline."""

    at: datetime
    icon: str
    title: str
    detail: str
    order: Order | None = None


def find(workspace: Workspace, written: str) -> list[Profile]:
    """Profiles that have exactly this identifier, whatever kind it is, however it is written."""
    exact, phone = normalise.identifier(written), normalise.phone(written, country_of(workspace.time_zone))
    said = [Said(Kind.EMAIL, normalise.email(written)), Said(Kind.PHONE, phone)]
    said += [Said(kind, exact) for kind in (Kind.USER_ID, Kind.CRM_ID, Kind.DEVICE, Kind.ANONYMOUS_ID)]
    indexer = Indexer(workspace.pk)
    wanted = Q()
    for kind, index in (key_of(indexer, one) for one in said if one.value):
        wanted |= Q(identities__kind=kind, identities__index=index)
    if not wanted:
        return []
    return list(Profile.objects.filter(wanted, workspace=workspace).distinct().order_by("pk"))


def identities(workspace: Workspace, profile: Profile, *, clear: bool) -> list[Shown]:
    """Strongest first."""
    vault = Vault(workspace.pk) if clear else None
    found = sorted(Identity.objects.filter(profile=profile), key=lambda one: (STRENGTH[Kind(one.kind)], one.first_at))
    return [Shown(one, opened(vault, one)) for one in found]


def opened(vault: Vault | None, identity: Identity) -> str:
    return str(vault.open(bytes(identity.sealed), identity_owner(identity.kind, identity.index))) if vault else HIDDEN


def timeline(workspace: Workspace, profile: Profile, known: Sequence[Identity], *, with_consents: bool) -> list[Entry]:
    """Events, orders and, where the role may see them, consents; newest first."""
    entries = [*_events(workspace, profile), *_orders(workspace, known)]
    if with_consents:
        entries += _consents(workspace, known)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[: 2 * LATEST]


def _events(workspace: Workspace, profile: Profile) -> Iterator[Entry]:
    family = Profile.objects.filter(Q(pk=profile.pk) | Q(merged_into=profile)).values_list("pk", flat=True)
    events = Event.objects.filter(workspace=workspace, profile_id__in=list(family)).select_related("source")
    for event in events.order_by("-occurred_at")[:LATEST]:
        page = text(event.context, "page", "path") if event.type in ("page", "screen") else ""
        detail = " · ".join(part for part in (page, event.source.name, event.get_channel_display()) if part)
        yield Entry(event.occurred_at, "mouse-pointer-click", event.name or event.get_type_display(), detail)


def _orders(workspace: Workspace, known: Sequence[Identity]) -> Iterator[Entry]:
    """Orders whose customer key is a user or CRM id of this person."""
    vault = Vault(workspace.pk)
    keys = [opened(vault, one) for one in known if one.kind in (Kind.USER_ID, Kind.CRM_ID)]
    orders = Order.objects.filter(workspace=workspace, customer__key__in=keys).order_by("-ordered_at")
    for order in orders[:LATEST]:
        title = _("Order %(id)s") % {"id": order.order_id}
        yield Entry(order.ordered_at, "shopping-bag", title, order.get_channel_display(), order)


def _consents(workspace: Workspace, known: Sequence[Identity]) -> Iterator[Entry]:
    subjects = [one.index for one in known if one.kind in SUBJECT_KINDS]
    events = ConsentEvent.objects.filter(workspace=workspace, subject__in=subjects).select_related("purpose").order_by("-seq")
    said = events.exclude(proof__has_key="said_by").exclude(source="merge")  # once, not again for every linked identifier
    for event in said[:LATEST]:
        title = f"{event.purpose.label}: {event.get_decision_display()}"
        way = [event.get_subject_kind_display(), str(SOURCE_LABELS[event.source])]
        way += [str(event.proof[name]) for name in ("data_source", "url") if event.proof.get(name)]
        yield Entry(event.given_at, "shield-check", title, " · ".join(way))


def merges(profile: Profile) -> list[dict[str, Any]]:
    """Why profiles were merged into this one, newest first: the merge, and the kinds of identifiers seen together."""
    labels = dict(Identity.Kind.choices)
    found = Merge.objects.filter(Q(into=profile) | Q(source=profile)).select_related("source", "into", "undone_by")
    return [
        {
            "merge": merge,
            "why": [[labels.get(kind, kind) for kind in link["kinds"]] for link in merge.evidence.get("links", [])],
            "can_undo": merge.undone_at is None and merge.into_id == profile.pk,
        }
        for merge in found.order_by("-merged_at", "-pk")[:LATEST]
    ]


def open_suggestions(workspace: Workspace) -> QuerySet[DuplicateSuggestion]:
    """Pairs nobody decided on whose profiles are still two, newest first."""
    found = DuplicateSuggestion.objects.filter(workspace=workspace, state=DuplicateSuggestion.State.OPEN)
    two = found.exclude(first__profile=F("second__profile")).select_related("first__profile", "second__profile")
    return two.order_by("-found_at", "-pk")
