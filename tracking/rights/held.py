"""What is held about a person, in numbers: whoever answers a request sees first whom it means."""

from typing import Any, NamedTuple

from tracking.models import DataSubjectRequest
from tracking.rights import finding, labels, registry, searching
from tracking.rights.person import Person

ASKING = ("tracking.DataSubjectRequest", "tracking.AccessFile")  # what asking leaves behind itself


class Identifier(NamedTuple):
    kind: str  # as people call it
    value: str
    is_shared: bool  # by many people: it leads to nobody


class Held(NamedTuple):
    identifiers: list[Identifier]
    rows: list[tuple[str, int]]  # by what the table is called, in reading order; empty: nothing is held but the request


def of(person: Person) -> Held:
    """Reads what was sent and uploaded byte by byte: seconds in a large workspace."""
    kinds = dict(DataSubjectRequest.IdentifierKind.choices)
    known = [Identifier(str(kinds.get(kind, kind)), value, value in person.shared) for kind, value in sorted(person.known)]
    declared = dict.fromkeys(line.table for line in registry.personal() if line.table not in ASKING)
    counts = {table: finding.rows(table, person).count() for table in declared} | {"mentions": _mentions(person)}
    return Held(known, [(labels.table(table), count) for table in labels.ordered(counts) if (count := counts[table])])


def _mentions(person: Person) -> int:
    own = set(finding.events(person).values_list("pk", flat=True))
    return sum(event.pk not in own for event in searching.events_naming(person))


def is_anything(content: dict[str, Any]) -> bool:
    """Whether a bundle of access holds more than that somebody asked."""
    return any(rows for table, rows in content["data"].items() if table not in ASKING) or bool(content["mentions"])
