"""What the page of RFM groups shows: people and money by group, and who moved from which group to which between two months."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Count

from segments.models import RfmScore
from segments.rfm.groups import GROUPS, KEYS, Group
from workspaces.models import Workspace

GONE, FRESH = "gone", "fresh"  # no buyer of the 24 months any more, none before
MOVED = """
SELECT coalesce(a."group", %(fresh)s), coalesce(b."group", %(gone)s), count(*)
FROM (SELECT * FROM segments_rfmscore WHERE workspace_id = %(workspace)s AND month = %(since)s) a
FULL JOIN (SELECT * FROM segments_rfmscore WHERE workspace_id = %(workspace)s AND month = %(until)s) b USING (profile_id)
GROUP BY 1, 2
"""


class GroupRow(NamedTuple):
    group: Group
    people: int
    share: Decimal | None  # of all buyers; None without any
    before: int  # people in the month compared with


class Moves(NamedTuple):
    """A migration matrix: `rows[i].cells[j]` people went from group i to group j."""

    columns: Sequence[str]  # keys, then GONE
    rows: Sequence["MoveRow"]


class MoveRow(NamedTuple):
    key: str  # of the group before; FRESH for new buyers
    cells: Sequence[int]
    people: int


def months(workspace: Workspace) -> list[date]:
    """Months that have scores, newest first."""
    return list(RfmScore.objects.filter(workspace=workspace).values_list("month", flat=True).distinct().order_by("-month"))


def by_group(workspace: Workspace, month: date, before: date | None) -> list[GroupRow]:
    """Every group, in the order of GROUPS."""
    counted = RfmScore.objects.filter(workspace=workspace, month__in=[day for day in (month, before) if day])
    found = {(day, key): people for day, key, people in counted.values_list("month", "group").annotate(Count("profile_id"))}
    total = sum(people for (day, _), people in found.items() if day == month)
    return [
        GroupRow(group, people, Decimal(people) / total if total else None, found.get((before, group.key), 0) if before else 0)
        for group in GROUPS
        for people in [found.get((month, group.key), 0)]
    ]


def moves(workspace: Workspace, since: date, until: date) -> Moves:
    """Who was where in one month and in a later one. Sums of rows and columns are the sizes of the groups."""
    with connection.cursor() as cursor:
        cursor.execute(MOVED, {"workspace": workspace.pk, "since": since, "until": until, "fresh": FRESH, "gone": GONE})
        found = {(a, b): people for a, b, people in cursor.fetchall()}
    columns = [*KEYS, GONE]
    rows = [MoveRow(key, cells, sum(cells)) for key in [*KEYS, FRESH] for cells in [[found.get((key, to), 0) for to in columns]]]
    return Moves(columns, rows)
