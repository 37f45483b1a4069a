"""Segments: twelve standard rules beside SQL by hand and person by person, many rules in one pass, builds, and the live process.

50,000 people with 500,000 events; --full: 1 million with 10 million (about 4 minutes to make, 20 to measure, 9 GB of disk). The
live process is the real one; events are written with the notes the ingest writes, and a reader asks for the membership.
"""

import os
import statistics
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection, connections, transaction

from benchmarks.segments_data import create
from benchmarks.segments_joint import joint
from benchmarks.segments_rules import bought, did, many, standard

SECONDS = 20  # of one measurement of the live process
RATES = (500, 2_000)
LIVE = (50, 200)  # segments


def main(people: int = 50_000, events: int = 500_000) -> bool:
    """Print the tables; True when every form names the same people and every membership is right at the end."""
    started = time.perf_counter()
    workspace, source = create(people, events)
    print(f"  {people:,} people, {events:,} events made in {time.perf_counter() - started:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET work_mem = '128MB'")
    right = rules_beside_sql(workspace)
    right &= many_in_one_pass(workspace)
    right &= builds(workspace)
    counts(workspace)
    editor(workspace)
    for number in LIVE:
        right &= live(workspace, source, number, people)
    print(f"  {'right' if right else 'WRONG'}")
    return right


def rules_beside_sql(workspace: Any) -> bool:
    """Members and moments of each rule, against the two other forms. Medians of three, in turn."""
    from mops.lib import clock
    from segments.compiling import everybody, members
    from segments.rules.parsing import parse

    right, ratios, gains = True, [], []
    now = clock.now()
    values = {"now": now, "workspace": workspace.pk}
    for rule in standard():
        statement = members(workspace, parse({"version": 1, "where": rule.where}), everybody(), now)
        ours, hand = [], []
        for _round in range(3):
            mine = timed(f"SELECT count(*), sum(profile_id) FROM ({statement.sql}) AS m WHERE is_member", statement.params, ours)
            theirs = timed(f"SELECT count(*), sum(profile_id) FROM ({rule.by_hand}) AS m", values, hand)
        slow: list[float] = []
        each = timed(
            "SELECT count(*), sum(p.id) FROM tracking_profile p WHERE p.workspace_id = %(workspace)s AND p.merged_into_id IS NULL"
            f" AND {rule.per_person}", values, slow,
        )  # fmt: skip
        right &= mine == theirs == each
        ratio, gain = statistics.median(ours) / statistics.median(hand), slow[0] / statistics.median(ours)
        ratios.append(ratio)
        gains.append(gain)
        print(f"  {rule.name:<40} {mine[0]:>8,} people {1000 * statistics.median(ours):8.0f} ms  {ratio:5.2f}x by hand"
              f"  {gain:6.1f}x faster than each{'' if mine == theirs == each else '  WRONG'}")  # fmt: skip
    print(f"  median of the twelve: {statistics.median(ratios):.2f}x by hand, {statistics.median(gains):.1f}x faster than person"
          f" by person; all together {sum(gains) / len(gains):.1f}x")  # fmt: skip
    return right


def many_in_one_pass(workspace: Any) -> bool:
    """Beside one rule, and beside one statement by hand that answers the same rules. Best of three, in turn."""
    from mops.lib import clock
    from segments.compiling import everybody, verdicts
    from segments.rules.parsing import parse

    right, first = True, 0.0
    for number in (1, 50, 200):
        wheres = dict(enumerate(many(number), 1))
        rules = {id_: parse({"version": 1, "where": where}) for id_, where in wheres.items()}
        now = clock.now()
        started = time.perf_counter()
        statement = verdicts(workspace, rules, everybody(), now)
        compiled = time.perf_counter() - started
        ours, hand = [], []
        for _round in range(3):
            mine = timed(f"SELECT count(*), sum(cardinality(segments)) FROM ({statement.sql}) AS v", statement.params, ours)
            theirs = timed(f"SELECT count(*), sum(cardinality(segments)) FROM ({joint(wheres)}) AS v",
                           {"now": now, "workspace": workspace.pk}, hand)  # fmt: skip
        right &= mine == theirs
        first = first or min(ours)
        beside = f"{min(ours) / first:5.1f}x one, {min(ours) / min(hand):5.2f}x by hand"
        print(f"  {number:>3} rules in one pass {min(ours):8.2f} s, {beside}, {1000 * min(ours) / number:7.1f} ms each;"
              f" compiled in {1000 * compiled:.0f} ms; {mine[1]:,} in"
              f"{'' if mine == theirs else '  WRONG'}")  # fmt: skip
    return right


def builds(workspace: Any) -> bool:
    """A large segment built, built again with the same rule, and with another; the floor is one full hash join of its members."""
    from segments.engine import building, changing, checking
    from segments.models import Segment

    def built(segment: Any, where: dict[str, Any]) -> Any:
        changing.save_rule(segment, {"version": 1, "where": where})
        return run(segment)

    def run(segment: Any) -> Any:
        build = segment.builds.latest("pk")
        building.run(build.pk)
        build.refresh_from_db()
        return build

    large = Segment.objects.create(workspace=workspace, name="Large")
    report_build("a large segment, new", built(large, did("Product Viewed")))
    segment = Segment.objects.get(pk=large.pk)
    changing.build(segment, segment.version)
    report_build("the same again: the difference is nothing", run(segment))
    report_build("another rule: few come, few go", built(segment, did("Product Viewed", "gte", 2)))
    seconds: list[float] = []
    timed("SELECT count(*), sum(coalesce(a.profile_id, b.profile_id)) FROM segments_membership a FULL JOIN"
          " (SELECT DISTINCT profile_id FROM tracking_event WHERE workspace_id = %(workspace)s AND name = 'Product Viewed') b"
          " ON b.profile_id = a.profile_id", {"workspace": workspace.pk}, seconds)  # fmt: skip
    print(f"  floor: evaluate by hand and one full hash join                 {seconds[0]:8.2f} s")
    inner = {"kind": "segment", "segment": large.pk, "member": True}
    outer = Segment.objects.create(workspace=workspace, name="Segment in segment")
    report_build("a segment in a segment", built(outer, {"all": [inner, bought("count", "gte", 1)]}))
    wrong = checking.check(workspace)
    return not wrong


def report_build(what: str, build: Any) -> None:
    seconds = (build.finished_at - build.started_at).total_seconds()
    print(f"  build: {what:<46} {seconds:8.2f} s  {build.size:>9,} members, {build.entered:,} came, {build.left:,} went")


def counts(workspace: Any) -> None:
    """The live count while a rule is written: forty different rules."""
    from mops.lib import clock
    from segments import preview
    from segments.rules.parsing import parse

    times = []
    for where in many(40):
        rule = parse({"version": 1, "where": where})
        started = time.perf_counter()
        preview.count(workspace, rule, clock.now())
        times.append(1000 * (time.perf_counter() - started))
    report_times("live count of 40 rules", times)


def editor(workspace: Any) -> None:
    """The builder's page with everything it suggests, opened by a member."""
    from django.test import Client
    from django.urls import reverse

    from mops.demo.assets import collect_static
    from workspaces.models import Member, Role, User

    collect_static()
    user = User.objects.create_user(f"bench{workspace.pk}-{time.time_ns()}@example.org", name="Sample Person", language="en")
    Member.objects.create(workspace=workspace, user=user, role=Role.MARKETER)
    client = Client(headers={"Host": "localhost"})
    client.force_login(user)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        status = client.get(reverse("segments:new", args=[workspace.slug]), secure=True).status_code
        times.append(1000 * (time.perf_counter() - started))
    print(f"  editor opened: first {times[0]:.0f} ms, then {statistics.median(times[1:]):.0f} ms (status {status})")


def live(workspace: Any, source: Any, number: int, people: int) -> bool:
    """Events at a rate, with so many live segments: until a reader sees the membership; then moments that come."""
    from mops.demo import processes
    from segments.engine import checking
    from tests.chaos.standalone import Program

    probe = prepare(workspace, number)
    program = Program(Path(os.environ["MOPS_HOME"]), dict(os.environ), processes.live())
    program.start()
    try:
        wait_for_live()
        for rate in RATES:
            feed(workspace, source, probe, people, rate=100, seconds=3)
            before = memory(program.pid)
            times, sent, waited = feed(workspace, source, probe, people, rate=rate, seconds=SECONDS)
            what = f"{number} live segments, {sent / SECONDS:,.0f} events/s (asked: {rate:,})"
            report_times(f"{what}: visible after", times)
            print(f"    caught up {waited:.1f} s after the last event; live process {before:.0f} → {memory(program.pid):.0f} MB")
        late = moments(workspace, source)
        report_times(f"{number} live segments, 1,000 moments in 5 s: applied late by", late)
    finally:
        program.stop()
    wrong = checking.check(workspace)
    if wrong:
        print(f"  WRONG: {wrong}")
    return not wrong


FILL = """
WITH v AS MATERIALIZED ({verdicts}), moments AS (
    INSERT INTO segments_due (workspace_id, profile_id, at) SELECT {workspace}, profile_id, due FROM v WHERE due IS NOT NULL
)
INSERT INTO segments_membership (workspace_id, segment_id, profile_id, since, cause, detail)
SELECT {workspace}, s, profile_id, now(), 'build', '' FROM v, unnest(segments) AS s
"""

SIZES = """
UPDATE segments_segment s SET size = (
    SELECT count(*) FROM segments_membership m WHERE m.workspace_id = s.workspace_id AND m.segment_id = s.id) WHERE s.state = 'live'
"""


def prepare(workspace: Any, number: int) -> Any:
    """So many live segments with their members, all asked in one pass; the last is the one probes come into."""
    from mops.lib import clock
    from segments.compiling import everybody, verdicts
    from segments.models import Due, Membership, PastMembership, Segment, SegmentVersion, Touched
    from segments.rules.parsing import parse

    with connection.cursor() as cursor:
        tables = ", ".join(model._meta.db_table for model in (Membership, PastMembership, Due, Touched))
        cursor.execute(f"TRUNCATE {tables}")
    Segment.objects.filter(workspace=workspace).update(state="archived", size=0)
    rules = {}
    for place, where in enumerate([*many(number - 1), did("Probed", days=7)]):
        segment = Segment.objects.create(workspace=workspace, name=f"{number} live, {place}", state="live", size=0)
        stored = {"version": 1, "where": where}
        segment.version = SegmentVersion.objects.create(workspace=workspace, segment=segment, number=1, rule=stored)
        segment.save()
        rules[segment.pk] = parse(stored)
    started = time.perf_counter()
    statement = verdicts(workspace, rules, everybody(), clock.now())
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(verdicts=statement.sql, workspace=workspace.pk), statement.params)
        cursor.execute(SIZES)
        cursor.execute("VACUUM ANALYZE segments_membership, segments_due")
        cursor.execute("SELECT count(*) FROM segments_membership")
        print(
            f"  {number} segments asked and {cursor.fetchone()[0]:,} memberships written in {time.perf_counter() - started:.1f} s"
        )
    return segment


EVENT = """
INSERT INTO tracking_event (workspace_id, source_id, raw_id, message_id, type, name, anonymous_id, user_id, previous_id, group_id,
    visitor, received_at, occurred_at, properties, context, traits, state, kind, session_id, profile_id, notes)
SELECT %s, %s, 0, gen_random_uuid()::text, 'track', t.name, '', '', '', '', t.who::text, t.received, t.at,
    '{"price": 12}', '{}', '{}', 'stored', '', gen_random_uuid(), t.who, '[]'
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[]) AS t (who, name, at, received)
"""


def write(workspace: Any, source: Any, rows: list[tuple[int, str, Any, Any]]) -> None:
    """What the ingest leaves behind: stored events and the word of whose data changed, in one transaction."""
    from tracking import changes

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EVENT, [workspace.pk, source.pk, *map(list, zip(*rows, strict=True))])
        changes.tell(workspace.pk, ((who, f"track:{name}") for who, name, _at, _received in rows))


def feed(workspace: Any, source: Any, probe: Any, people: int, *, rate: int, seconds: float) -> tuple[list[float], int, float]:
    """(milliseconds from commit to visible, of one new member of each batch; events; seconds until nothing waits)."""
    import random

    from mops.lib import clock
    from segments.models import Membership, Touched

    chance = random.Random(rate)
    fresh = iter(chance.sample(sorted(set(range(1, people + 1))), min(people, 5_000)))
    inside = set(Membership.objects.filter(segment=probe).values_list("profile_id", flat=True))
    names = ("Product Viewed", "Product Viewed", "Product Viewed", "Cart Updated", "Signed Up", "Order Completed")
    waiting: dict[int, float] = {}
    times: list[float] = []
    over = threading.Event()
    reader = threading.Thread(target=watch, args=(workspace.pk, probe.pk, waiting, times, over))
    reader.start()
    batch, sent, began = max(1, rate // 20), 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        now = clock.now()
        rows = [(1 + int(chance.random() ** 2 * people), chance.choice(names), now, now) for _ in range(batch - 1)]
        somebody = next(one for one in fresh if one not in inside)
        write(workspace, source, [*rows, (somebody, "Probed", now, now)])
        waiting[somebody] = time.perf_counter()
        sent += batch
        time.sleep(max(0.0, began + sent / rate - time.perf_counter()))
    ended = time.perf_counter()
    while (waiting or Touched.objects.exists()) and time.perf_counter() - ended < 120:
        time.sleep(0.02)
    waited = time.perf_counter() - ended
    over.set()
    reader.join()
    return times, sent, waited


def watch(workspace_id: int, segment_id: int, waiting: dict[int, float], times: list[float], over: threading.Event) -> None:
    """A reader on a connection of its own, every few milliseconds."""
    sql = "SELECT profile_id FROM segments_membership WHERE workspace_id = %s AND segment_id = %s AND profile_id = ANY(%s)"
    with connection.cursor() as cursor:
        while not over.is_set():
            if asked := list(waiting):
                cursor.execute(sql, [workspace_id, segment_id, asked])
                for (profile_id,) in cursor.fetchall():
                    times.append(1000 * (time.perf_counter() - waiting.pop(profile_id)))
            time.sleep(0.003)
    connections.close_all()


def moments(workspace: Any, source: Any) -> list[float]:
    """Milliseconds between the moment a window ends and the end of the stay, for 1,000 people within five seconds."""
    from mops.lib import clock
    from segments.models import PastMembership

    ends, now = clock.now() + timedelta(seconds=8), clock.now()
    rows = [(1 + n, "Probed", ends - timedelta(days=7) + timedelta(milliseconds=5 * n), now) for n in range(1_000)]
    due = {who: at + timedelta(days=7) for who, _name, at, _received in rows}
    with connection.cursor() as cursor:  # nobody has a later event of that name
        cursor.execute("DELETE FROM tracking_event WHERE name = 'Probed' AND profile_id = ANY(%s)", [list(due)])
    write(workspace, source, rows)
    time.sleep(16)
    past = PastMembership.objects.filter(workspace=workspace, profile_id__in=due, until__gte=ends, end_cause="time")
    probed = past.filter(segment__name__endswith="live, 49") | past.filter(segment__name__endswith="live, 199")
    found = [1000 * (until - due[who]).total_seconds() for who, until in probed.values_list("profile_id", "until")]
    print(f"    {len(found)} of 1,000 stays ended at their moment")
    return found


def wait_for_live() -> None:
    from mops.live import NAME

    with connection.cursor() as cursor:
        for _ in range(3_000):
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE application_name = %s", [NAME])
            if cursor.fetchone():
                return
            time.sleep(0.02)
    raise TimeoutError("The live process does not come up")


def memory(pid: int) -> float:
    """Megabytes of a process that are its own."""
    import psutil

    return float(psutil.Process(pid).memory_full_info().uss) / 1e6


def timed(sql: str, params: Any, seconds: list[float]) -> tuple[Any, ...]:
    """The one row; the time it took is added to `seconds`."""
    with connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(sql, params)
        row: tuple[Any, ...] = cursor.fetchone()
    seconds.append(time.perf_counter() - started)
    return row


def report_times(what: str, times: list[float]) -> None:
    ordered = sorted(times) or [float("nan")]
    p50, p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99))
    print(f"  {what}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, max {ordered[-1]:.0f} ms of {len(times)}")
