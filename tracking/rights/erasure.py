"""Erase a person from every table, file and queue the registry names (Art. 17 GDPR), target by target.

What cannot end at once waits: a file that is being imported, a platform that has not yet confirmed a removal. Until then the
request stays open and is worked on again. Every step may be repeated.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import uuid4

from django.db import transaction
from django.db.models import F

from mops.lib.locks import lock_in_transaction
from tracking.consent import removals, suppression
from tracking.models import Customer, Identity, Order, Release, Suppression
from tracking.rights import bodies, finding, journal, outside, registry, stripping
from tracking.rights.declaring import Erasure, Kept, Personal
from tracking.rights.person import NORMALISED, Person

FILES, QUEUES, MENTIONS = "files", "valkey", "mentions"


class Target(NamedTuple):
    """What became of one target: rows erased or kept, and rows that wait."""

    state: str  # "done", "waiting", "kept"
    rows: int
    waiting: int = 0


Outcome = Mapping[str, Target]


def erase(person: Person, *, noted: bool = False) -> Outcome:
    """Erase in the registry's order. The journal is written first; marketing is closed before anything else happens."""
    if not noted:
        journal.note(person)
    suppress(person)
    outcome: dict[str, Target] = {}
    for line in registry.personal():
        if line.table not in outcome:
            outcome[line.table] = steps().get(line.table, _by_rule)(person, line)
        if line.table == "tracking.Event":
            outcome[MENTIONS] = _done(stripping.mentions(person))
    outcome[FILES] = _done(outside.files(person))
    outcome[QUEUES] = _queues(person)
    return outcome


def forget_profile(person: Person) -> None:
    """Only what hangs on profiles: identifiers, traits, merges. For people nobody has seen for long."""
    for line in registry.tables(Erasure.DELETE):
        if line.kept == Kept.PROFILES:
            steps().get(line.table, _by_rule)(person, line)


def is_complete(outcome: Outcome) -> bool:
    return all(not target.waiting for target in outcome.values())


def suppress(person: Person) -> None:
    """Close the gate for every address: grants end, what left is called back."""
    for subject in sorted(person.subjects, key=lambda subject: subject.index):
        if subject.kind in NORMALISED:
            suppression.suppress(person.workspace, subject, Suppression.Reason.ERASURE)


def _done(rows: int, waiting: int = 0) -> Target:
    return Target("waiting" if waiting else "done", rows, waiting)


def _by_rule(person: Person, line: Personal) -> Target:
    """Tables that need nothing but what their declaration says."""
    rows = finding.rows(line.table, person)
    if line.erasure == Erasure.DELETE:
        return _done(rows.delete()[1].get(line.table, 0))
    if line.erasure == Erasure.KEEP:
        return Target("kept", rows.count())
    raise RuntimeError(f"{line.table} says {line.erasure} and has no step for it")


def _orders(person: Person, _line: Personal) -> Target:
    orders = list(finding.rows("tracking.Order", person).values_list("pk", flat=True))
    return _done(Order.objects.filter(pk__in=orders).update(gclid="", fbclid="", referrer=""))


def _customers(person: Person, _line: Personal) -> Target:
    """The shop's key becomes a random one: the books still tell a buyer's first order from the next, but not who it was."""
    with transaction.atomic():
        lock_in_transaction("orders", person.workspace.pk)  # as whoever writes customers
        found = list(finding.rows("tracking.Customer", person).exclude(key__startswith="erased-"))
        for customer in found:
            customer.key, customer.user_index, customer.crm_index, customer.profile = f"erased-{uuid4().hex}", "", "", None
        return _done(Customer.objects.bulk_update(found, ["key", "user_index", "crm_index", "profile"]))


def _import_files(person: Person, _line: Personal) -> Target:
    return _done(*bodies.import_files(person))


def _releases(person: Person, _line: Personal) -> Target:
    """First the destinations forget, then we do: the ledger is the only memory of what has to come back."""
    rows = finding.rows("tracking.Release", person)
    removals.queue(person.workspace.pk, rows.filter(removal="").values_list("purpose", "subject").distinct())
    deleted, _per_table = rows.filter(removal=Release.Removal.VERIFIED).delete()
    return _done(deleted, rows.count())


def _identities(person: Person, line: Personal) -> Target:
    """Identities that only began in one of these profiles belong to somebody else now."""
    moved = Identity.objects.filter(home__in=person.profiles).exclude(profile__in=person.profiles)
    moved.update(home=F("profile"))
    return _by_rule(person, line)


def _requests(person: Person, _line: Personal) -> Target:
    """What earlier requests named; the one being worked on forgets when it ends (`requests.run`)."""
    rows = finding.rows("tracking.DataSubjectRequest", person).exclude(state__in=["open", "running"])
    return _done(rows.update(sealed_identifier=b"", proof="", note=""))


def _queues(person: Person) -> Target:
    from redis.exceptions import RedisError

    try:
        return _done(outside.valkey(person))
    except RedisError:
        return _done(0, 1)


def _counted(step: Callable[[Person], int]) -> "Step":
    return lambda person, _line: _done(step(person))


def steps() -> "dict[str, Step]":
    """By table: what needs more than its declaration says, also in the rooms above."""
    return STEPS | {table: _counted(strip) for room in registry.rooms() for table, strip in room.strips.items()}


Step = Callable[[Person, Personal], Target]
STEPS: dict[str, Step] = {
    "tracking.Order": _orders,
    "tracking.Customer": _customers,
    "tracking.ImportFile": _import_files,
    "tracking.Rejection": _counted(bodies.rejections),
    "tracking.RawBody": _counted(bodies.raw_bodies),
    "tracking.Conversion": _counted(lambda person: stripping.conversions(finding.rows("tracking.Conversion", person))),
    "tracking.Session": _counted(stripping.sessions),
    "tracking.EventKey": lambda person, _line: _done(finding.rows("tracking.EventKey", person).count()),  # with their events
    "tracking.Event": _counted(stripping.events),
    "tracking.Release": _releases,
    "tracking.DataSubjectRequest": _requests,
    "tracking.Identity": _identities,
    "tracking.Ticket": _counted(stripping.tickets),
}
