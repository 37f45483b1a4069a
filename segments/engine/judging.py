"""Ask of some people which rules hold. A rule that fails stops itself only: then each is asked alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog
from django.db import DatabaseError, connection, transaction

from segments.engine import asking
from segments.rules.grammar import Rule
from workspaces.models import Workspace

log = structlog.get_logger(__name__)

SECONDS = 10  # a question about one update's people may take
TOO_SLOW = "57014"  # query_canceled
ITS_OWN_FAULT = ("22", "42", "54", TOO_SLOW)  # classes of data, names and limits; anything else is the database's trouble


class Verdict(NamedTuple):
    """The segments whose rule holds, and when time alone may change that."""

    segments: frozenset[int]
    due: datetime | None


class Judged(NamedTuple):
    verdicts: Mapping[int, Verdict]  # by profile; who is missing lives no more
    failed: Mapping[int, str]  # rules nothing is known of, and why


NOBODY = Verdict(frozenset(), None)


def judge(workspace: Workspace, rules: Mapping[int, Rule], people: Sequence[int], now: datetime) -> Judged:
    """Inside a transaction. Raises what is no rule's fault: a lost connection, a full disk."""
    if not rules or not people:
        return Judged({}, {})
    try:
        return Judged(_ask(workspace, rules, people, now), {})
    except Exception as error:  # noqa: BLE001  `fault` raises what is no rule's
        reason = fault(error)
        if len(rules) == 1:
            return Judged({}, {next(iter(rules)): reason})
    found: dict[int, Verdict] = {}
    failed: dict[int, str] = {}
    for segment_id, rule in rules.items():
        alone = judge(workspace, {segment_id: rule}, people, now)
        failed |= alone.failed
        found = _joined(found, alone.verdicts)
    if len(failed) == len(rules) and all(TOO_SLOW in reason for reason in failed.values()):
        raise TimeoutError(f"No rule of workspace {workspace.pk} could be asked in time")
    return Judged(found, failed)


def fault(error: Exception) -> str:
    """What is wrong with the rule; raises the error where it is not the rule's."""
    state = getattr(error.__cause__, "sqlstate", None) or ""
    if isinstance(error, DatabaseError) and not state.startswith(ITS_OWN_FAULT):
        raise error
    log.warning("segments.rule_failed", error=repr(error))
    return f"{state} {type(error).__name__}: {error}".strip().replace("\0", "")[:500]


def _ask(workspace: Workspace, rules: Mapping[int, Rule], people: Sequence[int], now: datetime) -> dict[int, Verdict]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {int(SECONDS * 1000)}; {asking.SETTING}")
        found = asking.ask(workspace, rules, people, now)
    return {profile_id: Verdict(frozenset(segments), due) for profile_id, segments, due in found}


def _joined(one: Mapping[int, Verdict], other: Mapping[int, Verdict]) -> dict[int, Verdict]:
    joined = dict(one)
    for profile_id, verdict in other.items():
        known = joined.get(profile_id, NOBODY)
        dues = [due for due in (known.due, verdict.due) if due]
        joined[profile_id] = Verdict(known.segments | verdict.segments, min(dues, default=None))
    return joined
