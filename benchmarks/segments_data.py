"""A workspace of a given size for the segments' benchmark, made inside PostgreSQL: people, what they did, orders, consents.

Few people do much and many do little (the square of a uniform number picks who); the last days of each are spread over a year.
"""

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection, connections

PEOPLE = """
INSERT INTO tracking_profile (id, uuid, created_at, first_seen, last_seen, workspace_id)
OVERRIDING SYSTEM VALUE
SELECT n, md5('p' || n)::uuid, %(now)s - interval '400 days', %(now)s - random() * interval '365 days', %(now)s, %(workspace)s
FROM generate_series(1, %(people)s) AS n;
INSERT INTO tracking_identity (id, kind, index, sealed, first_at, last_at, cluster, users, others, leaves, guard, marks,
    workspace_id, home_id, profile_id)
OVERRIDING SYSTEM VALUE
SELECT n, 'email', md5('i' || n) || md5('j' || n), '', %(now)s, %(now)s, n, 0, 0, 0, '', '{}', %(workspace)s, n, n
FROM generate_series(1, %(people)s) AS n;
INSERT INTO tracking_trait (name, value, sealed, index, rank, at, digest, identity_id, workspace_id)
SELECT 'country', to_jsonb((ARRAY['DE', 'DE', 'AT', 'CH', 'FR'])[1 + n %% 5]), '', '', 1, %(now)s,
    md5('t' || n) || md5('u' || n), n, %(workspace)s
FROM generate_series(1, %(people)s) AS n WHERE n %% 10 < 6;
INSERT INTO tracking_consentstate (subject_kind, subject, decision, since, expires_at, event_seq, workspace_id, purpose_id)
SELECT 'email', md5('i' || n) || md5('j' || n), CASE WHEN n %% 7 = 0 THEN 'withdrawn' ELSE 'granted' END, %(now)s,
    CASE WHEN n %% 7 = 0 THEN NULL ELSE %(now)s + interval '700 days' END, n,
    %(workspace)s, %(purpose)s
FROM generate_series(1, %(people)s) AS n WHERE n %% 2 = 0;
INSERT INTO tracking_customer (id, workspace_id, key, acquisition_channel, acquisition_campaign, crm_index, user_index, profile_id)
OVERRIDING SYSTEM VALUE
SELECT n, %(workspace)s, 'c' || n, '', '', '', '', n FROM generate_series(1, %(people)s) AS n WHERE n %% 5 = 0;
INSERT INTO tracking_order (workspace_id, customer_id, order_id, ordered_at, day, gross, net, currency, utm_source, utm_medium,
    utm_campaign, utm_id, gclid, fbclid, channel, source, channel_rule, referrer)
SELECT %(workspace)s, 5 * (1 + floor(power(random(), 2) * (%(people)s / 5 - 1))::int), 'o' || n, at, at::date, gross, gross / 1.19,
    'EUR', '', '', '', '', '', '', 'direct', 'api', '', ''
FROM (SELECT n, %(now)s - random() * interval '365 days' AS at, round((20 + random() * 180)::numeric, 2) AS gross
      FROM generate_series(1, %(people)s * 3 / 10) AS n OFFSET 0) AS o;
"""
EVENTS = """
INSERT INTO tracking_event (workspace_id, source_id, raw_id, message_id, type, name, anonymous_id, user_id, previous_id, group_id,
    visitor, received_at, occurred_at, properties, context, traits, state, kind, channel, channel_rule, session_id, profile_id,
    notes)
SELECT %(workspace)s, %(source)s, 0, %(month)s || '-' || n, CASE WHEN dice < 0.25 THEN 'page' ELSE 'track' END,
    CASE WHEN dice < 0.25 THEN '' WHEN dice < 0.86 THEN 'Product Viewed' WHEN dice < 0.94 THEN 'Cart Updated'
         WHEN dice < 0.97 THEN 'Order Completed' ELSE 'Signed Up' END,
    '', '', '', '', who::text, at, at,
    jsonb_build_object('product_id', (n %% 200)::text, 'price', n %% 150), '{}', '{}', 'stored',
    CASE WHEN dice < 0.25 THEN 'page' WHEN dice < 0.86 THEN 'product' WHEN dice < 0.94 THEN 'cart' ELSE '' END,
    CASE WHEN n %% 6 = 0 THEN (ARRAY['paid_social', 'paid_search', 'email'])[1 + n %% 3] ELSE '' END, '',
    md5(who || '-' || at::date)::uuid, who, '[]'
FROM (SELECT n, random() AS dice, 1 + floor(power(random(), 2) * %(people)s)::bigint AS who,
          %(since)s::timestamptz + random() * (%(until)s::timestamptz - %(since)s::timestamptz) AS at
      FROM generate_series(1, %(events)s) AS n OFFSET 0) AS e
"""
INDEXES = """
SELECT i.indexname, i.indexdef FROM pg_indexes i
WHERE i.tablename = 'tracking_event' AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)
"""
ROOM = "SET maintenance_work_mem = '512MB'; SET synchronous_commit = off; SET statement_timeout = 0"


def create(people: int, events: int) -> tuple[Any, Any]:
    """(workspace, source). Indexes of the events are made after them."""
    from tests.tracking.sending import a_source
    from tracking.consent import purposes
    from tracking.models import Purpose
    from workspaces.models import Workspace

    workspace = Workspace.objects.create(name="Benchmark (sample)", slug="benchmark-segments", currency="EUR")
    purposes.ensure(workspace)
    source = a_source(workspace)
    purpose = Purpose.objects.get(workspace=workspace, key="email")
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute(ROOM)
        cursor.execute(PEOPLE, {"workspace": workspace.pk, "people": people, "now": now, "purpose": purpose.pk})
        for table in ("tracking_profile", "tracking_identity", "tracking_customer"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    _fill(workspace, source, people, events, now)
    with connection.cursor() as cursor:
        cursor.execute(ROOM)
        for _name, definition in indexes:
            cursor.execute(definition.replace(" ON ONLY ", " ON "))
        cursor.execute("VACUUM ANALYZE")
    connection.close()
    return workspace, source


def _fill(workspace: Any, source: Any, people: int, events: int, now: datetime) -> None:
    """Thirteen months, two at a time; everybody's events are as dense on every day."""
    from tracking import partitions

    partitions.ensure_ahead()
    first = now - timedelta(days=365)
    edges = [first, *(month for month in _months(first, now)), now]
    for edge in edges:
        partitions.ensure(edge.date().replace(day=1))
    jobs = [
        {"workspace": workspace.pk, "source": source.pk, "people": people, "month": f"{since:%Y%m}", "since": since, "until": until,
         "events": round(events * (until - since) / (now - first))}
        for since, until in pairwise(edges)
    ]  # fmt: skip

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute(ROOM)
            while jobs:
                try:
                    cursor.execute(EVENTS, jobs.pop())
                except IndexError:
                    break
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _months(first: datetime, last: datetime) -> list[datetime]:
    found = []
    month = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while True:
        month = (month + timedelta(days=32)).replace(day=1)
        if month >= last:
            return found
        found.append(month)
