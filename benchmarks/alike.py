"""The least a bulk load of events can cost: COPY into a temporary table, then INSERT … ON CONFLICT into tables with the same
columns and indexes as the collector's. No parsing, no receipt, no raw body."""

import time
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

MADE = """
CREATE TABLE alike_key (LIKE tracking_eventkey INCLUDING ALL);
CREATE TABLE alike_event (LIKE tracking_event INCLUDING ALL);
"""
STAGED = """
CREATE TEMP TABLE staged (message_id text, type text, name text, anonymous_id text, user_id text, previous_id text, group_id text,
    original_at timestamptz, sent_at timestamptz, properties jsonb, context jsonb, traits jsonb) ON COMMIT DROP
"""
LOAD = """
WITH fresh AS (
    INSERT INTO alike_key (workspace_id, message_id, received_at)
    SELECT DISTINCT ON (message_id) %(workspace)s, message_id, %(at)s FROM staged ON CONFLICT DO NOTHING RETURNING message_id
)
INSERT INTO alike_event (workspace_id, source_id, raw_id, message_id, type, name, anonymous_id, user_id, previous_id, group_id,
    visitor, received_at, original_at, sent_at, occurred_at, properties, context, traits)
SELECT DISTINCT ON (message_id) %(workspace)s, %(source)s, 0, message_id, type, name, anonymous_id, user_id, previous_id, group_id,
    anonymous_id, %(at)s, original_at, sent_at, %(at)s, properties, context, traits FROM staged JOIN fresh USING (message_id)
"""


def load(requests: Sequence[Any]) -> float:
    """Seconds to load the parsed events of these requests (tracking.collector.store.Request), each in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(MADE)
    started = time.perf_counter()
    for request in requests:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(STAGED)
            with cursor.copy("COPY staged FROM STDIN") as copy:
                for _index, event in request.events:
                    copy.write_row(event)
            cursor.execute(LOAD, {"workspace": request.source.workspace_id, "source": request.source.id, "at": request.received_at})
    seconds = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE alike_key, alike_event")
    return seconds
