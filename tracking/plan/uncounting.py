"""Take out of the counts what some events brought in: a file that was imported by mistake.

The events are held once more against the version that counted when they came and go out as they went in. Numbers that others
changed or retention took meanwhile never fall below zero, and no more are good than there are: a source may be on another
legal basis now than when they came. Events of people who were erased stay counted, as they do without an undo: nothing tells
any more what they were counted as.
"""

from collections.abc import Sequence

from django.db import connection

from tracking.ingest.arrival import Arrival
from tracking.models import Event, PlanVersion
from tracking.plan import checking, counting
from workspaces.models import Workspace

# Rows are locked in the sequence ingest writes them in. Where a name was too many, the row without names counted it.
QUALITY = """
WITH t AS (
    SELECT t.*, source.consent_mode = 'declared' AND source.legal_basis <> '' AS declared
    FROM unnest(%(source)s::bigint[], %(day)s::date[], %(release)s::text[], %(events)s::bigint[], %(checked)s::bigint[],
        %(invalid)s::bigint[], %(consented)s::bigint[], %(identified)s::bigint[], %(late)s::bigint[], %(tagged)s::bigint[],
        %(tagged_whole)s::bigint[])
        AS t(source_id, day, release, events, checked, invalid, consented, identified, late, tagged, tagged_whole)
    JOIN tracking_source source ON source.id = t.source_id
),
gone AS (
    SELECT coalesce(named.id, nameless.id) AS id, sum(t.events) AS events, sum(checked) AS checked, sum(invalid) AS invalid,
        sum(CASE WHEN declared THEN t.events ELSE consented END) AS grounded, sum(identified) AS identified, sum(late) AS late,
        sum(tagged) AS tagged, sum(tagged_whole) AS tagged_whole
    FROM t LEFT JOIN (SELECT id, source_id, day, release FROM tracking_qualityday) named USING (source_id, day, release)
    LEFT JOIN (SELECT id, source_id, day FROM tracking_qualityday WHERE release = '') nameless USING (source_id, day)
    GROUP BY 1
),
locked AS (
    SELECT q.id FROM tracking_qualityday q WHERE q.id IN (SELECT id FROM gone) ORDER BY source_id, day, release FOR UPDATE
),
_ AS (
    DELETE FROM tracking_qualityday q USING gone JOIN locked USING (id) WHERE q.id = gone.id AND q.events <= gone.events
)
UPDATE tracking_qualityday q SET events = q.events - gone.events,
    checked = least(greatest(q.checked - gone.checked, 0), q.events - gone.events),
    invalid = least(greatest(q.invalid - gone.invalid, 0), greatest(q.checked - gone.checked, 0), q.events - gone.events),
    grounded = least(greatest(q.grounded - gone.grounded, 0), q.events - gone.events),
    identified = least(greatest(q.identified - gone.identified, 0), q.events - gone.events),
    late = least(greatest(q.late - gone.late, 0), q.events - gone.events),
    tagged = least(greatest(q.tagged - gone.tagged, 0), q.events - gone.events),
    tagged_whole = least(greatest(q.tagged_whole - gone.tagged_whole, 0), greatest(q.tagged - gone.tagged, 0),
        q.events - gone.events)
FROM gone JOIN locked USING (id) WHERE q.id = gone.id AND q.events > gone.events
"""
VIOLATIONS = """
WITH t AS (
    SELECT * FROM unnest(%(source)s::bigint[], %(day)s::date[], %(version)s::bigint[], %(release)s::text[], %(event)s::text[],
        %(kind)s::text[], %(property)s::text[], %(number)s::bigint[])
        AS t(source_id, day, version_id, release, event, kind, property, number)
),
gone AS (
    SELECT coalesce(named.id, nameless.id) AS id, sum(t.number) AS number
    FROM t LEFT JOIN (SELECT id, source_id, day, version_id, release, event, kind, property FROM tracking_planviolation) named
        USING (source_id, day, version_id, release, event, kind, property)
    LEFT JOIN (SELECT id, source_id, day, version_id, kind FROM tracking_planviolation
        WHERE (event, property, release) = ('', '', '')) nameless USING (source_id, day, version_id, kind)
    GROUP BY 1
),
locked AS (
    SELECT v.id FROM tracking_planviolation v WHERE v.id IN (SELECT id FROM gone)
    ORDER BY source_id, day, version_id, event, kind, property, release FOR UPDATE
),
_ AS (
    DELETE FROM tracking_planviolation v USING gone JOIN locked USING (id) WHERE v.id = gone.id AND v.number <= gone.number
)
UPDATE tracking_planviolation v SET number = v.number - gone.number
FROM gone JOIN locked USING (id) WHERE v.id = gone.id AND v.number > gone.number
"""


def uncount(workspace: Workspace, events: Sequence[Event]) -> None:
    """Call last in the transaction that removes `events`, which were stored, with their `source`."""
    versions = list(PlanVersion.objects.filter(workspace=workspace).order_by("-number").values_list("pk", "made_at"))
    arrivals = [_as_it_came(event) for event in events if not event.is_erased]
    for arrival in arrivals:
        counted = next((pk for pk, made_at in versions if made_at <= arrival.received_at), 0)
        checking.check_one(arrival, counted)
    for statement, columns in ((QUALITY, counting.quality(arrivals)), (VIOLATIONS, counting.violations(arrivals))):
        if columns:
            with connection.cursor() as cursor:
                cursor.execute(statement, columns)


def _as_it_came(event: Event) -> Arrival:
    arrival = Arrival(
        event.pk, event.workspace_id, event.source_id, event.source.kind, event.raw_id, event.message_id, event.type, event.name,
        event.anonymous_id, event.user_id, event.previous_id, event.group_id, event.received_at, event.original_at, event.sent_at,
        event.properties, event.context, event.traits,
    )  # fmt: skip
    arrival.occurred_at, arrival.acquisition, arrival.profile_id = event.occurred_at, event.acquisition, event.profile_id
    return arrival
