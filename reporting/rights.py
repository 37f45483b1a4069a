"""What dashboards know of people, for access, erasure and retention: nothing (`tracking.rights.registry`)."""

from tracking.rights.declaring import Room
from tracking.rights.registry import add

HARMLESS = {"reporting.SavedView": "member table name query"}


def declare() -> None:
    add(Room((), HARMLESS, {}, {}))
