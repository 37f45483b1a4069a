"""The record of processing activities (Art. 30 GDPR) of a workspace, made from what is there: nobody has to keep it up by hand.

It says what the product does and knows. What it cannot know (`open_points`) is left to people and shown as missing.
"""

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _

from channels.connectors import PLATFORMS
from channels.models import Connection
from mops.lib.tables import Sheet, xlsx
from tracking.models import Order, Purpose, Release, Source
from tracking.rights import activities, labels, reading, registry, retention
from tracking.rights.activities import ACTIVITIES, Activity
from workspaces.models import Workspace


class Entry(NamedTuple):
    """One activity, in the reader's language."""

    name: str
    purpose: str
    bases: list[str]
    people: str
    data: list[tuple[str, list[str]]]  # table and its personal fields
    recipients: list[str]
    periods: list[tuple[str, str]]  # what is kept, and how long
    sources: list[str]


class Party(NamedTuple):
    """Somebody who may receive data, and why."""

    name: str
    where: str
    safeguard: str
    reasons: list[str]


def entries(workspace: Workspace) -> list[Entry]:
    days, all_sources = retention.days(workspace), list(Source.objects.filter(workspace=workspace).order_by("name"))
    known = parties(workspace)
    found = []
    for activity in ACTIVITIES:
        bases, name = [activity.basis] if activity.basis else activities.bases(all_sources), activity.name
        purpose, people = activity.purpose, activity.people
        found.append(Entry(
            _(name), _(purpose), [_(basis) for basis in bases], _(people), _data(activity),
            [party.name for party in known] if activity.hands_on else [],
            [reading.period(kind, days.get(kind)) for kind in activity.kinds], _sources(workspace, activity, all_sources),
        ))  # fmt: skip
    return found


def _data(activity: Activity) -> list[tuple[str, list[str]]]:
    """The personal fields of its tables, as the registry declares them."""
    found: dict[str, list[str]] = {}
    for line in registry.personal():
        if line.kept in activity.kinds:
            fields = found.setdefault(labels.table(line.table), [])
            fields += [label for field in line.fields if (label := labels.field(field)) not in fields]
    return list(found.items())


def _sources(workspace: Workspace, activity: Activity, sources: list[Source]) -> list[str]:
    if activity.key == "orders":
        ways = Order.objects.filter(workspace=workspace).values_list("source", flat=True).order_by("source").distinct()
        return [str(Order.Source(way).label) for way in ways]
    return [] if activity.basis else [f"{source.name} ({source.get_kind_display()})" for source in sources]


def parties(workspace: Workspace) -> list[Party]:
    """Companies behind purposes, connections and what was handed on; then the other ways on which data left."""
    reasons: dict[str, tuple[activities.Recipient | None, list[str]]] = {}
    for destination, reason in _reasons(workspace):
        known, way = activities.recipient(destination), activities.WAYS.get(destination.partition(":")[0])
        name = known.company if known else _(way) if way else destination
        said = reasons.setdefault(name, (known, []))[1]
        said += [reason] if reason not in said else []
    return [_party(name, known, said) for name, (known, said) in sorted(reasons.items())]


def _party(name: str, known: activities.Recipient | None, reasons: list[str]) -> Party:
    safeguard = activities.SAFEGUARDS.get(known.beyond, "") if known else ""
    place = reading.where(known.country, known.beyond) if known else ""
    return Party(name, place, _(safeguard) if safeguard else "", reasons)


def _reasons(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """(destination, why it counts)."""
    for purpose in Purpose.objects.filter(workspace=workspace).exclude(destination="").order_by("key"):
        yield purpose.destination, _("Purpose: %(name)s") % {"name": purpose.label}
    platforms = Connection.objects.filter(workspace=workspace).values_list("platform", flat=True).order_by("platform").distinct()
    for platform in platforms:
        yield platform, _("Connected: %(name)s") % {"name": PLATFORMS[platform].label}
    for destination in Release.objects.filter(workspace=workspace).values_list("destination", flat=True).distinct():
        yield destination, _("Data was handed on")


def asked(workspace: Workspace) -> list[tuple[str, str, str, int]]:
    """Purposes people are asked about: name, legal basis, recipient, months a consent holds."""
    found = []
    for purpose in Purpose.objects.filter(workspace=workspace).order_by("key"):
        known = activities.recipient(purpose.destination)
        found.append((purpose.label, purpose.get_legal_basis_display(), known.company if known else "", purpose.expiry_months))
    return found


def open_points() -> list[str]:
    """What the law asks for and the product cannot know."""
    return [
        _("Name and contact details of the controller, and of a representative"),
        _("Contact details of the data protection officer"),
        _("Who hosts this installation and sends its mail: processors with their contracts (Art. 28 GDPR)"),
        _("What was agreed with each recipient, and which safeguards apply outside the EEA (Art. 44 to 49 GDPR)"),
        _("Measures of your own: premises, devices, instructions, backups (Art. 32 GDPR)"),
    ]


def measures() -> list[str]:
    """Technical and organisational measures that the product itself takes (Art. 30(1)(g), 32)."""
    return [
        _("Identifiers of profiles, credentials and answers to people are encrypted in the database; contents of events are not."),
        _("The consent ledger and the journal of erasures name people by keyed hashes only."),
        _("Everybody sees what their role needs, and nothing of other workspaces; a second factor can be used at sign-in."),
        _("Who did what stands in an audit log that cannot be changed, and consents in a chain that shows every change."),
        _("Data leaves through one gate that asks the consent ledger and notes what left; a withdrawal asks for it back."),
        _("What is older than its period ends every night; the journal of erasures lets a restored backup forget again."),
    ]


def workbook(workspace: Workspace) -> bytes:
    """The record as XLSX: activities, recipients, purposes, and what is to be added."""
    header = [_("Activity"), _("Purpose"), _("Legal basis"), _("People"), _("Data"), _("Recipients"), _("Kept for"), _("Sources")]
    return xlsx([
        Sheet(_("Activities"), header, [_cells(entry) for entry in entries(workspace)]),
        Sheet(_("Recipients"), [_("Recipient"), _("Country"), _("Safeguard"), _("Reason")],
              [(party.name, party.where, party.safeguard, "; ".join(party.reasons)) for party in parties(workspace)]),
        Sheet(_("Purposes"), [_("Purpose"), _("Legal basis"), _("Recipient"), _("Valid for months")], asked(workspace)),
        Sheet(_("Measures"), [_("Measures")], [(measure,) for measure in measures()]),
        Sheet(_("To be added by you"), [_("To be added by you")], [(point,) for point in open_points()]),
    ])  # fmt: skip


def _cells(entry: Entry) -> tuple[str, ...]:
    data = "; ".join(f"{table}: {', '.join(fields)}" for table, fields in entry.data)
    periods = "; ".join(f"{what}: {time}" for what, time in entry.periods)
    return (entry.name, entry.purpose, "; ".join(entry.bases), entry.people, data, "; ".join(entry.recipients), periods,
            "; ".join(entry.sources))  # fmt: skip
