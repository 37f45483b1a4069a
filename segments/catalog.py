"""What the data offers to choose from: names of events and properties, values, traits, campaigns.

Everything is read from indexes or from the newest rows only and kept for a few minutes, so that the builder opens as fast
with ten million events as with ten. Personal values are never offered.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import connection

from channels.taxonomy import CHANNELS
from segments.models import Segment
from tracking.models import Event, Purpose
from tracking.profiles.traits import PLAIN
from workspaces.models import Workspace

KEPT = 300  # seconds
MOST_NAMES, MOST_VALUES, LONGEST = 300, 50, 200
NEWEST = 400  # events of a name that are looked into
NEWEST_SESSIONS = 20_000
SAMPLED_TRAITS = 50_000  # rows, about
DEEPEST = 3  # of properties within properties
DIMENSIONS = {"campaign": "utm_campaign", "source": "utm_source", "medium": "utm_medium"}
# One step of the index for every name instead of one for every event
NAMES = """
WITH RECURSIVE names AS (
    (SELECT name FROM tracking_event WHERE workspace_id = %(workspace)s AND state = 'stored' AND name > '' ORDER BY name LIMIT 1)
    UNION ALL
    SELECT (SELECT e.name FROM tracking_event e WHERE e.workspace_id = %(workspace)s AND e.state = 'stored' AND e.name > names.name
            ORDER BY e.name LIMIT 1)
    FROM names WHERE names.name IS NOT NULL
)
SELECT names.name, newest.type FROM (SELECT name FROM names WHERE name IS NOT NULL LIMIT %(most)s) AS names
CROSS JOIN LATERAL (
    SELECT e.type FROM tracking_event e WHERE e.workspace_id = %(workspace)s AND e.state = 'stored' AND e.name = names.name
    ORDER BY e.occurred_at DESC LIMIT 1
) AS newest
"""
PROPERTIES = """
SELECT properties FROM tracking_event WHERE workspace_id = %(workspace)s AND state = 'stored' AND name = %(name)s
ORDER BY occurred_at DESC LIMIT %(most)s
"""
TRAITS = """
SELECT name, value FROM tracking_trait TABLESAMPLE SYSTEM (%(percent)s) WHERE workspace_id = %(workspace)s LIMIT %(most)s
"""
ROWS = "SELECT greatest(reltuples, 1) FROM pg_class WHERE oid = %s::regclass"
ORIGINS = """
SELECT newest.acquisition ->> %(key)s AS value FROM (
    SELECT acquisition FROM tracking_session WHERE workspace_id = %(workspace)s ORDER BY day DESC LIMIT %(most)s
) AS newest WHERE newest.acquisition ->> %(key)s > '' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %(values)s
"""
T = TypeVar("T")


def _kept(workspace: Workspace, name: str, find: Callable[[], T]) -> T:
    key = f"segments:catalog:{workspace.pk}:{name}"
    found: T | None = cache.get(key)
    if found is None:
        found = find()
        cache.set(key, found, KEPT)
    return found


def forget(workspace: Workspace) -> None:
    """For tests and imports: look again at the names of events and traits."""
    cache.delete_many([f"segments:catalog:{workspace.pk}:{name}" for name in ("events", "traits")])


def _rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def events(workspace: Workspace, event_type: str) -> list[str]:
    """Names of events of a type, by name."""
    found = _kept(workspace, "events", lambda: _rows(NAMES, workspace=workspace.pk, most=MOST_NAMES))
    return [name for name, its_type in found if its_type == event_type and len(name) <= LONGEST]


def kinds() -> list[tuple[str, str]]:
    """Kinds of events with their labels: the same for every shop system."""
    return [(code, str(label)) for code, label in Event.Kind.choices]


def properties(workspace: Workspace, name: str) -> list[str]:
    """Properties the newest events of a name carry, the most frequent first; "*" stands for any element of a list."""
    found = _newest(workspace, name)
    counted = Counter(path for one in found for path in {path for path, _value in _paths(one)})
    return [path for path, _number in counted.most_common(MOST_VALUES)]


def values(workspace: Workspace, name: str, path: str) -> list[str]:
    """Values the newest events of a name have there, the most frequent first."""
    found = (value for one in _newest(workspace, name) for at, value in _paths(one) if at == path)
    return [value for value, _number in Counter(found).most_common(MOST_VALUES)]


def _newest(workspace: Workspace, name: str) -> list[dict[str, Any]]:
    if not name or "\0" in name:
        return []
    rows = _rows(PROPERTIES, workspace=workspace.pk, name=name[:LONGEST], most=NEWEST)
    return [json.loads(properties) for (properties,) in rows]  # Django's cursor leaves JSON as text


def _paths(content: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every plain value inside, with its path."""
    inner: Iterable[tuple[str, Any]] = ()
    if isinstance(content, dict):
        inner = content.items()
    elif isinstance(content, list):
        inner = (("*", one) for one in content[:10])
    elif isinstance(content, str | int | float) and len(str(content)) <= LONGEST:
        yield prefix, str(content).lower() if isinstance(content, bool) else str(content)
    for key, value in inner if depth < DEEPEST else ():
        yield from _paths(value, f"{prefix}.{key}" if prefix else key, depth + 1)


def trait_names(workspace: Workspace) -> list[str]:
    return sorted(_traits(workspace))


def is_personal(name: str) -> bool:
    """Whether only equality can be asked: the value is kept encrypted."""
    return name not in PLAIN


def trait_values(workspace: Workspace, name: str) -> list[str]:
    """Frequent values of a trait that says nothing personal."""
    return _traits(workspace).get(name, [])


def _traits(workspace: Workspace) -> dict[str, list[str]]:
    return _kept(workspace, "traits", lambda: _look_at_traits(workspace))


def _look_at_traits(workspace: Workspace) -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(ROWS, ["tracking_trait"])
        percent = min(100.0, 100 * SAMPLED_TRAITS / cursor.fetchone()[0])
    counted: dict[str, Counter[str]] = {}
    for name, value in _rows(TRAITS, workspace=workspace.pk, percent=percent, most=2 * SAMPLED_TRAITS):
        values = counted.setdefault(name, Counter())
        if not is_personal(name) and value is not None:
            values.update(text for path, text in _paths(json.loads(value)) if not path)
    return {name: [text for text, _number in values.most_common(MOST_VALUES)] for name, values in counted.items()}


def origins(workspace: Workspace, dimension: str) -> list[str]:
    """Campaigns, sources or media of the newest visits, the most frequent first."""
    parameters = {"workspace": workspace.pk, "key": DIMENSIONS[dimension], "most": NEWEST_SESSIONS, "values": MOST_VALUES}
    found = _kept(workspace, f"origin-{dimension}", lambda: _rows(ORIGINS, **parameters))
    return [value for (value,) in found if len(value) <= LONGEST]


def channels() -> list[tuple[str, str]]:
    return [(channel.code, str(channel.label)) for channel in CHANNELS.values()]


def purposes(workspace: Workspace) -> list[tuple[str, str]]:
    """Key and name."""
    return list(Purpose.objects.filter(workspace=workspace).order_by("name").values_list("key", "name"))


def segments(workspace: Workspace, *, without: int | None = None) -> list[tuple[str, str]]:
    """Id and name of segments a rule may refer to."""
    found = Segment.objects.filter(workspace=workspace).exclude(state=Segment.State.ARCHIVED).exclude(pk=without or 0)
    return [(str(pk), name) for pk, name in found.order_by("name").values_list("pk", "name")]
