"""Events and visits of a person, without the person: they stay for the counts, but nothing leads to anybody any more.

Ids become random ones, one per row, so that the rows of a person are no longer one group; texts and contents go, and times
are rounded to the hour. Kept are what kind of event it was, its channel, source and hour.
"""

from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import QuerySet

from tracking.goals import days
from tracking.models import Conversion, Event, Session, Ticket
from tracking.rights import finding, searching
from tracking.rights.person import Person
from workspaces.models import Workspace

CHUNK = 2_000
GONE = "[erased]"
KEYS = """
UPDATE tracking_eventkey key SET message_id = new.id, received_at = date_trunc('hour', key.received_at)
FROM unnest(%(old)s::text[], %(new)s::text[]) AS new(old, id) WHERE key.workspace_id = %(workspace)s AND key.message_id = new.old
"""
EVENTS = """
UPDATE tracking_event e SET message_id = new.id, name = '', anonymous_id = '', user_id = '', previous_id = '', group_id = '',
    visitor = new.id, original_at = NULL, sent_at = NULL, occurred_at = date_trunc('hour', e.occurred_at),
    received_at = date_trunc('hour', e.received_at), properties = '{}', context = '{}', traits = '{}', acquisition = NULL,
    device = NULL, profile_id = NULL, session_id = NULL, notes = '[]', state = 'stored'
FROM unnest(%(ids)s::bigint[], %(new)s::text[]) AS new(event, id)
WHERE e.id = new.event AND e.workspace_id = %(workspace)s
"""
SESSIONS = """
UPDATE tracking_session SET id = gen_random_uuid(), visitor = 'erased-' || gen_random_uuid(), entry_page = '', acquisition = '{}',
    started_at = date_trunc('hour', started_at), ended_at = date_trunc('hour', ended_at)
WHERE workspace_id = %s AND id = ANY(%s)
"""
CONVERSIONS = """
UPDATE tracking_conversion SET message_id = 'erased-' || replace(gen_random_uuid()::text, '-', ''),
    visitor = 'erased-' || gen_random_uuid(), session_id = NULL, profile_id = NULL, occurred_at = date_trunc('hour', occurred_at)
WHERE id = ANY(%s)
"""
JSON_FIELDS = ("properties", "context", "traits", "acquisition", "notes")


def sessions(person: Person) -> int:
    """Visits. Before the events: they tell which visits there were."""
    ids = list(finding.rows("tracking.Session", person).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(SESSIONS, [person.workspace.pk, ids])
    return len(ids)


def conversions(found: QuerySet[Conversion]) -> int:
    """They stay for the counts of their goals, each of nobody and of a nobody of its own: "once per person" still counts them."""
    ids = list(found.exclude(message_id__startswith="erased-").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(CONVERSIONS, [ids])
    return len(ids)


def events(person: Person) -> int:
    """Events with their keys: an event and its key change together, so that each event still holds one."""
    count = 0
    while chunk := list(finding.events(person).values_list("id", "message_id")[:CHUNK]):
        strip(person.workspace, chunk)
        count += len(chunk)
    return count


@transaction.atomic
def strip(workspace: Workspace, chunk: list[tuple[int, str]]) -> None:
    """These events: (id, message id). Visits are counted again without the person."""
    days.mark_of_events(workspace, [pk for pk, _ in chunk])
    new = [f"erased-{uuid4().hex}" for _event in chunk]
    values: dict[str, Any] = {
        "workspace": workspace.pk,
        "ids": [pk for pk, _ in chunk],
        "old": [key for _, key in chunk],
        "new": new,
    }
    with connection.cursor() as cursor:
        cursor.execute(KEYS, values)
        cursor.execute(EVENTS, values)


def tickets(person: Person) -> int:
    """The note, and the addressee if it was the person."""
    rows = list(finding.rows("tracking.Ticket", person))
    for row in rows:
        row.sent_to, row.note = "" if finding.is_addressee(row, person) else row.sent_to, ""
    Ticket.objects.bulk_update(rows, ["sent_to", "note"])
    return len(rows)


def mentions(person: Person) -> int:
    """Other people's events in which the person is mentioned: only the texts that name them go."""
    count = 0
    for event in searching.events_naming(person):
        _blank(event, person)
        count += 1
    return count + _entry_pages(person)


def _entry_pages(person: Person) -> int:
    visits, naming = Session.objects.filter(workspace=person.workspace), set()
    for text in person.texts:
        pages = visits.filter(entry_page__icontains=text).values_list("pk", "entry_page")
        naming |= {pk for pk, page in pages if searching.mentions(page, person)}
    return visits.filter(pk__in=naming).update(entry_page="")


def _blank(event: Event, person: Person) -> None:
    changed = {name: without(getattr(event, name), person) for name in JSON_FIELDS}
    names = {
        name: GONE if searching.mentions(getattr(event, name), person) else getattr(event, name) for name in ("name", "group_id")
    }
    Event.objects.filter(pk=event.pk, received_at=event.received_at).update(**changed, **names)


def without(content: Any, person: Person) -> Any:
    """JSON content with every text that names the person replaced."""
    if isinstance(content, dict):
        return {GONE if searching.mentions(name, person) else name: without(part, person) for name, part in content.items()}
    if isinstance(content, list):
        return [without(part, person) for part in content]
    return GONE if searching.mentions(searching.as_text(content), person) else content
