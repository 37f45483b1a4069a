"""Where personal data can be: every model field, declared. A field that is declared nowhere fails the build.

Access shows what is declared here, erasure goes through it, retention ends it (`personal`, `harmless` hold the lines).
"""

from collections.abc import Iterator

from django.apps import apps

from tracking.rights.declaring import Erasure, Personal, Room
from tracking.rights.harmless import HARMLESS
from tracking.rights.personal import PERSONAL

_rooms: list[Room] = []


def add(room: Room) -> None:
    """Called once, when the room's app is ready."""
    _rooms.append(room)


def rooms() -> tuple[Room, ...]:
    return tuple(_rooms)


def personal() -> tuple[Personal, ...]:
    """All lines; rooms above first, because their rows hang on people who go last."""
    return (*(line for room in _rooms for line in room.personal), *PERSONAL)


def tables(*erasures: Erasure) -> list[Personal]:
    """Declarations with one of these ways of erasure, in the order in which erasure works."""
    return [line for line in personal() if line.erasure in erasures]


def every_field() -> Iterator[tuple[str, str]]:
    """(table, field) of every column of every model, but for ids and the workspace."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if getattr(field, "column", None) and field.name not in ("id", "workspace"):
                yield model._meta.label, field.name


def problems() -> list[str]:
    """What is declared nowhere, twice, or no longer there. Empty when all is well."""
    declared = [(line.table, field) for line in personal() for field in line.fields]
    harmless = [*HARMLESS.items(), *(line for room in _rooms for line in room.harmless.items())]
    declared += [(table, field) for table, fields in harmless for field in fields.split()]
    there = set(every_field())
    found = [f"{table}.{field} is declared nowhere" for table, field in sorted(there - set(declared))]
    found += [f"{table}.{field} does not exist" for table, field in sorted(set(declared) - there)]
    found += [f"{table}.{field} is declared twice" for table, field in sorted({d for d in declared if declared.count(d) > 1})]
    found += [f"{line.table} stays without a reason" for line in personal() if line.erasure == Erasure.KEEP and not line.reason]
    return found
