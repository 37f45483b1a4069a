"""Which names and releases a sender made up may be kept in counts: those that look like names and not like somebody's data.

A sender can put anything into the name of an event or a property, also an address or an id. Counts stay when the events
are long deleted, so whatever may lead to a person is left out of them: it is counted under no name.
"""

import re
from collections.abc import Mapping
from typing import Any

from tracking.ingest.arrival import text
from tracking.plan_models import NAME_LENGTH, PROPERTY_LENGTH, RELEASE_LENGTH

MOST_DIGITS = 5  # more of them are an id, a telephone number or a date
NAME = re.compile(r"\w[\w $:/&()+.,'’#%!?-]*")
RELEASE = re.compile(r"[\w.][\w.+ /-]*")


def event_name(name: str) -> str:
    """The name, "" where it does not look like one."""
    return name if len(name) <= NAME_LENGTH and _is_name(name) else ""


def property_name(name: str) -> str:
    return name if len(name) <= PROPERTY_LENGTH and _is_name(name) else ""


def _is_name(name: str) -> bool:
    return bool(NAME.fullmatch(name)) and sum(char.isdigit() for char in name) <= MOST_DIGITS


def release_of(context: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    """The version of what sent an event: of the app or website, else what it calls its release, else of the client library.

    "" where none is named. At most 60 characters; what does not look like a version is none.
    """
    for found in (text(context, "app", "version"), text(properties, "release"), _library(context)):
        if found:
            return found if len(found) <= RELEASE_LENGTH and RELEASE.fullmatch(found) else ""
    return ""


def _library(context: Mapping[str, Any]) -> str:
    version = text(context, "library", "version")
    return f"{text(context, 'library', 'name')} {version}".strip() if version else ""
