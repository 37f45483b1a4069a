"""People by pasted identifiers, many at once, however each is written."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from tracking.blind_index import Indexer
from tracking.models import Identity
from tracking.profiles import normalise
from tracking.profiles.batch import key_of
from tracking.profiles.country import country_of
from tracking.profiles.extract import Kind, Said
from workspaces.models import Workspace

WHOLE = (Kind.USER_ID, Kind.CRM_ID, Kind.DEVICE, Kind.ANONYMOUS_ID)


class Found(NamedTuple):
    """`profiles` are ids; texts nobody has, and texts several people have, are counted only."""

    profiles: list[int]
    unknown: int
    ambiguous: int


def find(workspace: Workspace, texts: Sequence[str]) -> Found:
    """One query per kind of identifier."""
    keys = _keys(workspace, texts)
    wanted: dict[str, set[str]] = defaultdict(set)
    for kind, index in (key for found in keys.values() for key in found):
        wanted[kind].add(index)
    owners: dict[tuple[str, str], int] = {}
    for kind, indexes in wanted.items():
        rows = Identity.objects.filter(workspace=workspace, kind=kind, index__in=indexes).values_list("index", "profile_id")
        owners |= {(kind, index): profile_id for index, profile_id in rows}
    people = [{owners[key] for key in found if key in owners} for found in keys.values()]
    one = {next(iter(found)) for found in people if len(found) == 1}
    return Found(sorted(one), sum(not found for found in people), sum(len(found) > 1 for found in people))


def _keys(workspace: Workspace, texts: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Everything each text may be, as kind and blind index."""
    indexer, country = Indexer(workspace.pk), country_of(workspace.time_zone)
    found: dict[str, list[tuple[str, str]]] = {}
    for text in texts:
        plain = normalise.identifier(text)
        said = [Said(Kind.EMAIL, normalise.email(text)), Said(Kind.PHONE, normalise.phone(text, country))]
        said += [Said(kind, plain) for kind in WHOLE]
        found[text] = [key_of(indexer, one) for one in said if one.value]
    return found
