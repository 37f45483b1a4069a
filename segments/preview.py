"""How many people a rule describes while it is being written: of a stable sample first, of everybody afterwards."""

import time
from datetime import datetime
from typing import NamedTuple

from django.core.cache import cache
from django.db import OperationalError, connection, transaction

from segments.compiling import everybody, sample, verdicts
from segments.rules.grammar import All, ConsentRule, Rule
from segments.rules.references import expand
from tracking.models import Profile, Purpose
from workspaces.models import Workspace

SAMPLED = 20_000  # people; fewer are counted at once
SHOWN = 5
PATIENCE = 20  # seconds an exact count may take
SURE = 1.96  # standard errors: 95 of 100 times the true number lies within the margin
KEPT = 60  # seconds the number of all people is remembered
ENTRY_MS, START_MS = 0.006, 300  # writing one member; claiming, comparing and swapping (benchmarks/segments.py)
MEMBERS, REACHABLE = 1, 2  # ids of the two rules asked about
COUNT = """
WITH v AS MATERIALIZED (SELECT profile_id, segments FROM ({verdicts}) AS asked WHERE segments <> '{{}}')
SELECT count(*) FILTER (WHERE %(members)s = ANY(segments)), count(*) FILTER (WHERE %(reachable)s = ANY(segments)),
    (SELECT array_agg(profile_id) FROM (SELECT profile_id FROM v WHERE %(members)s = ANY(segments) LIMIT %(shown)s) AS few)
FROM v
"""


class TooSlow(Exception):
    """Counting took longer than somebody waits."""


class Counted(NamedTuple):
    """`size` and `reachable` are people, `margin` half the interval of 95 percent; `share` of 1 was looked at."""

    size: int
    is_exact: bool
    margin: int
    reachable: int | None  # None without a purpose
    people: list[int]  # ids of some of them
    everybody: int
    share: float
    ms: int

    @property
    def build_ms(self) -> int:
        """What a build of it will take, about."""
        return round(START_MS + self.ms / self.share + self.size * ENTRY_MS)

    @property
    def build_seconds(self) -> float:
        return self.build_ms / 1000


def count(
    workspace: Workspace, rule: Rule, now: datetime, *, purpose: Purpose | None = None, exact: bool = False, segment: int = 0
) -> Counted:
    """From a sample where there are many people, unless `exact`. `segment` is the one whose rule it is.

    Raises TooSlow, references.UnableToExpand.
    """
    plain = expand(workspace, {segment: rule})[segment]
    rules = {MEMBERS: plain}
    if purpose:
        rules[REACHABLE] = Rule(All((plain.where, ConsentRule(purpose.key, "granted"))))
    people = population(workspace)
    share = 1.0 if exact or people <= 1.5 * SAMPLED else SAMPLED / people
    began = time.monotonic()
    size, reachable, ids = _ask(workspace, rules, share, now)
    ms = round((time.monotonic() - began) * 1000)
    margin = SURE * (size * (1 - share)) ** 0.5 / share
    able = _rounded(reachable / share, margin) if purpose else None
    return Counted(_rounded(size / share, margin), share == 1, _rounded(margin, margin), able, ids, max(people, size), share, ms)


def _ask(workspace: Workspace, rules: dict[int, Rule], share: float, now: datetime) -> tuple[int, int, list[int]]:
    statement = verdicts(workspace, rules, everybody() if share == 1 else sample(share), now)
    values = {**statement.params, "members": MEMBERS, "reachable": REACHABLE, "shown": SHOWN}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE * 1000}")
            cursor.execute(COUNT.format(verdicts=statement.sql), values)
            size, reachable, ids = cursor.fetchone()
    except OperationalError as error:
        if "statement timeout" not in str(error):
            raise
        raise TooSlow from error
    return size, reachable, ids or []


def _rounded(number: float, margin: float) -> int:
    """To as many digits as the margin allows: 31,000 ± 900, not 31,214 ± 873."""
    unit = 1
    while margin >= 20 * unit:
        unit *= 10
    return int(-(-number // unit) * unit) if unit == 1 else round(number / unit) * unit


def population(workspace: Workspace) -> int:
    """Living profiles, not older than a minute."""
    key = f"segments:population:{workspace.pk}"
    found: int | None = cache.get(key)
    if found is None:
        found = Profile.objects.filter(workspace=workspace, merged_into=None).count()
        if found > SAMPLED:  # of few it is asked quickly, and a new workspace grows fast
            cache.set(key, found, KEPT)
    return found
