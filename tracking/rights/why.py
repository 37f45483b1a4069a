"""What a person is told beside their data (Art. 15(1)): for what, on what basis, how long, and to whom it went."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Max, Min

from tracking.models import Event, Source
from tracking.rights import activities, finding, registry, retention
from tracking.rights.declaring import Personal
from tracking.rights.person import Person
from workspaces.models import Workspace

Row = dict[str, Any]


def activities_of(workspace: Workspace, data: Mapping[str, Sequence[Row]]) -> Iterator[Row]:
    """Activities with rows of the person: {"activity", "purpose", "legal_basis", "tables", "kept": [{"kind", "days"}]}.

    `days` is None where no timer of ours ends it.
    """
    days = retention.days(workspace)
    declared = {line.kept for line in registry.personal()}
    lines = [line for line in registry.personal() if any(_says(row, line) for row in data[line.table])]
    for activity in activities.ACTIVITIES:
        tables = list(dict.fromkeys(line.table for line in lines if line.kept in activity.kinds))
        kinds = [kind for kind in activity.kinds if kind not in declared or any(line.kept == kind for line in lines)]
        if tables:
            yield {
                "activity": activity.name, "purpose": activity.purpose, "tables": tables,
                "legal_basis": [activity.basis] if activity.basis else activities.bases(sources_of(data)),
                "kept": [{"kind": str(kind), "days": days.get(kind)} for kind in kinds],
            }  # fmt: skip


def _says(row: Row, line: Personal) -> bool:
    """Whether the row holds anything of these fields; what is sealed is shown by another name and counts as held."""
    return any(row.get(field, True) for field in line.fields)


def sources_of(data: Mapping[str, Sequence[Row]]) -> list[Source]:
    events = Event.objects.filter(pk__in=[row["id"] for row in data["tracking.Event"]])
    return list(Source.objects.filter(pk__in=events.values("source_id").distinct()).order_by("name"))


def purposes(person: Person) -> Iterator[Row]:
    """What the person said of each purpose: {"purpose", "legal_basis", "decision", "expires_at"}."""
    states = finding.rows("tracking.ConsentState", person).select_related("purpose").order_by("purpose__key", "pk")
    for state in states:
        yield {
            "purpose": state.purpose.name, "legal_basis": activities.basis_of(state.purpose), "decision": state.decision,
            "expires_at": state.expires_at and state.expires_at.isoformat(),
        }  # fmt: skip


def recipients(person: Person) -> Iterator[Row]:
    """To whom it went: {"destination", "company", "country", "beyond", "purpose", "first_at", "last_at"}."""
    rows = finding.rows("tracking.Release", person).order_by("destination", "purpose__name")
    went = rows.values_list("destination", "purpose__name").annotate(first=Min("at"), last=Max("at"))
    for destination, purpose, first, last in went:
        known = activities.recipient(destination)
        yield {
            "destination": destination, "company": known.company if known else "", "country": known.country if known else "",
            "beyond": known.beyond if known else "", "purpose": purpose,
            "first_at": first.isoformat(), "last_at": last.isoformat(),
        }  # fmt: skip
