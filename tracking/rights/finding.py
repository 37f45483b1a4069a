"""The rows of a person in every declared table: one lookup per table, named as in the registry."""

from collections.abc import Callable, Mapping
from typing import Any

from django.apps import apps
from django.db.models import Model, Q, QuerySet

from tracking.ingest import facts
from tracking.models import Event, Order, RawBody, Refund, Source, Ticket
from tracking.rights import registry, searching
from tracking.rights.person import DEVICE_KINDS, SENDER_KINDS, Kind, Person
from workspaces.models import Member, User

Lookup = Callable[[Person], Q]


def rows(table: str, person: Person) -> QuerySet[Any]:
    """Rows of `table` ("tracking.Event") that belong to the person, in the person's workspace."""
    model: type[Model] = apps.get_model(table)
    found = model._default_manager.filter(lookups()[table](person))
    columns = {field.name for field in model._meta.get_fields()}
    return found.filter(workspace=person.workspace) if "workspace" in columns else found


def sent_by(person: Person) -> Q:
    """Events: by profile, by user id, and by device where no other profile owns the event."""
    users, devices = person.values(*SENDER_KINDS), person.values(*DEVICE_KINDS)
    unowned = Q(profile_id=None) | Q(profile_id__in=person.profiles)
    by_device = Q(visitor__in=devices) | Q(anonymous_id__in=devices) | Q(previous_id__in=devices)
    by_user = Q(user_id__in=users) | Q(previous_id__in=users)
    return Q(profile_id__in=person.profiles) | by_user | (by_device & unowned)


def events(person: Person) -> QuerySet[Event]:
    return Event.objects.filter(sent_by(person), workspace=person.workspace)


def raw_bodies(person: Person) -> list[int]:
    """Bodies that brought the person's events or hold the person otherwise."""
    sent = RawBody.objects.filter(pk__in=events(person).values("raw_id"), workspace=person.workspace).exclude(body=b"")
    brought = set(sent.values_list("pk", flat=True))
    return [*brought, *searching.raw_bodies(person, brought)]


def _order_ids(person: Person) -> list[str]:
    """Orders the person's events tell of. In a browser anybody can name any order: of those only what the person's event made."""
    browsers = set(Source.objects.filter(workspace=person.workspace, kind=Source.Kind.BROWSER).values_list("pk", flat=True))
    told = events(person).filter(kind="order").values_list("pk", "source_id", "properties__order_id")
    said = [(pk, source, str(order_id)) for pk, source, order_id in told if order_id not in (None, "")]
    by_browser = {pk: order_id for pk, source, order_id in said if source in browsers}
    return [order_id for _pk, source, order_id in said if source not in browsers] + _made_by(by_browser, person)


def _made_by(by_browser: Mapping[int, str], person: Person) -> list[str]:
    """The orders that stand in the books as one of these events told: by event id, the order it names."""
    if not by_browser:
        return []
    orders = Order.objects.filter(workspace=person.workspace, source=Order.Source.WEBSITE, order_id__in=set(by_browser.values()))
    followed = facts.followed(person.workspace, "order", list(orders.values_list("order_id", flat=True)))
    return [order_id for order_id, event_id in followed.items() if event_id in by_browser]


def _orders(person: Person) -> Q:
    customers = Q(customer__key__in=person.keys) | Q(customer__key__iregex=_addresses(person))
    return customers | Q(order_id__in=_order_ids(person))


def _addresses(person: Person) -> str:
    """E-mail addresses as shops write them, in any mix of small and capital letters."""
    from re import escape

    return "^(" + "|".join(map(escape, person.values(Kind.EMAIL))) + ")$" if person.values(Kind.EMAIL) else "^$a"


def _customers(person: Person) -> Q:
    of_orders = Order.objects.filter(workspace=person.workspace, order_id__in=_order_ids(person)).values("customer")
    return Q(key__in=person.keys) | Q(key__iregex=_addresses(person)) | Q(pk__in=of_orders)


def _refunds(person: Person) -> Q:
    orders = Order.objects.filter(_orders(person), workspace=person.workspace)
    return Q(order__in=orders) | Q(order_id_text__in=orders.values("order_id"))


def _imported_rows(person: Person) -> Q:
    """What files wrote of the person's orders and refunds."""
    orders = Order.objects.filter(_orders(person), workspace=person.workspace).values("order_id")
    refunds = Refund.objects.filter(_refunds(person), workspace=person.workspace).values("refund_id")
    return Q(file__kind="orders", key__in=orders) | Q(file__kind="refunds", key__in=refunds)


def _sessions(person: Person) -> Q:
    return Q(visitor__in=person.values(*SENDER_KINDS, *DEVICE_KINDS)) | Q(pk__in=events(person).values("session_id"))


def _visits(person: Person) -> Q:
    return Q(visitor__in=person.values(*SENDER_KINDS, *DEVICE_KINDS)) | Q(profile_id__in=person.profiles)


def _subject(name: str = "subject") -> Lookup:
    return lambda person: Q(**{f"{name}__in": person.indexes})


def _profile(*names: str) -> Lookup:
    def lookup(person: Person) -> Q:
        found = Q(pk__in=[])
        for name in names:
            found |= Q(**{f"{name}__in": person.profiles})
        return found

    return lookup


def members(person: Person) -> QuerySet[User]:
    """Accounts with the person's address, of people who work in this workspace: elsewhere they are none of its business."""
    working = Member.objects.filter(workspace=person.workspace).values("user")
    return User.objects.filter(pk__in=working, email__in=person.values(Kind.EMAIL))


def _member(name: str) -> Lookup:
    return lambda person: Q(**{f"{name}__in": members(person)})


def _published(person: Person) -> Q:
    return Q(published_by__in=[str(user) for user in members(person)])


def _invited(person: Person) -> Q:
    return Q(email__in=person.values(Kind.EMAIL))


def _ticketed(person: Person) -> Q:
    """To whom one was sent, or who is named in its note."""
    notes = Ticket.objects.filter(workspace=person.workspace).exclude(note="").values_list("pk", "note")
    naming = [pk for pk, note in notes if searching.mentions(note, person)]
    return Q(sent_to__in=person.values(Kind.EMAIL)) | Q(pk__in=naming)


def is_addressee(ticket: Ticket, person: Person) -> bool:
    return ticket.sent_to in person.values(Kind.EMAIL)


def lookups() -> dict[str, Lookup]:
    """By table: how the rows of a person are found, also of the rooms above."""
    return LOOKUPS | {table: lookup for room in registry.rooms() for table, lookup in room.lookups.items()}


LOOKUPS: dict[str, Lookup] = {
    "tracking.ImportedRow": _imported_rows,
    "tracking.Refund": _refunds,
    "tracking.Order": _orders,
    "tracking.Customer": _customers,
    "tracking.RefusedRow": lambda person: Q(pk__in=searching.refused_rows(person)),
    "tracking.ImportFile": lambda person: Q(pk__in=searching.import_files(person)),
    "tracking.Rejection": lambda person: Q(pk__in=searching.rejections(person)),
    "tracking.RawBody": lambda person: Q(pk__in=raw_bodies(person)),
    "tracking.Touchpoint": lambda person: _visits(person) | Q(session__in=events(person).values("session_id")),
    "tracking.Conversion": lambda person: _visits(person) | Q(message_id__in=events(person).values("message_id")),
    "tracking.Session": _sessions,
    "tracking.EventKey": lambda person: Q(message_id__in=events(person).values("message_id")),
    "tracking.Event": sent_by,
    "tracking.DoubleOptIn": _subject(),
    "tracking.Release": _subject(),
    "tracking.SubjectLink": lambda person: Q(first__in=person.indexes) | Q(second__in=person.indexes),
    "tracking.ConsentState": _subject(),
    "tracking.BannerChoice": _subject(),
    "tracking.ConsentEvent": _subject(),
    "tracking.Suppression": _subject(),
    "tracking.DataSubjectRequest": _subject(),
    "tracking.AccessFile": _subject("request__subject"),
    "tracking.DuplicateSuggestion": _profile("first__profile", "second__profile"),
    "tracking.Merge": _profile("into", "source"),
    "tracking.Trait": _profile("identity__profile"),
    "tracking.IdentityLink": _profile("hub__profile", "leaf__profile"),
    "tracking.Identity": _profile("profile"),
    "tracking.Profile": _profile("pk"),
    "tracking.ConsentText": _published,
    "tracking.Ticket": _ticketed,
    "workspaces.User": lambda person: Q(pk__in=members(person)),
    "workspaces.Member": _member("user"),
    "workspaces.Invitation": _invited,
    "workspaces.AuditEvent": _member("actor"),
    "channels.Connection": _member("created_by"),
    "account.EmailAddress": _member("user"),
    "socialaccount.SocialAccount": _member("user"),
}
