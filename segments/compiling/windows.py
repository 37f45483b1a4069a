"""Windows as SQL: what lies in one, and when the next thing leaves or enters it."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from segments.compiling.plan import Plan
from segments.rules.grammar import Between, Dates, Last, Window

Column = Callable[[str, str], str]  # an aggregate and the condition of its rows -> the column's name


class Span(NamedTuple):
    """`inside`: SQL for what counts now. `entering`: for what will count later by time alone, `wait` after it happened; "" for
    nothing. `stays`: how long after it happened something counts, None for always. `since`: nothing before counts.
    """

    inside: str
    entering: str
    wait: timedelta
    stays: timedelta | None
    since: str | None


def span_of(plan: Plan, window: Window | None, at: str, *, future: bool) -> Span:
    """`at`: the SQL column with the instant. `future`: whether the source may hold what has not happened yet.

    Both edges are exact: at `stays` after it happened something no longer counts, at `wait` after it happened it does.
    """
    happened, coming = ([f"{at} <= {plan.at}"], f"{at} > {plan.at}") if future else ([], "")
    match window:
        case Last(count, unit):
            length = timedelta(**{unit: count})
            return Span(_all([f"{at} > {plan.ago(length)}", *happened]), coming, timedelta(), length, plan.ago(length))
        case Between(from_days, to_days):
            stays, wait = timedelta(days=from_days), timedelta(days=to_days)
            inside = [f"{at} > {plan.ago(stays)}", *([f"{at} <= {plan.ago(wait)}"] if wait else happened)]
            return Span(_all(inside), f"{at} > {plan.ago(wait)}" if wait else coming, wait, stays, plan.ago(stays))
        case Dates(since, until):
            days = [f"{at} >= {plan.midnight(since)}"] if since else []
            days += [f"{at} < {plan.midnight(until)}"] if until else []
            entering = _all([coming, *days]) if future else ""
            return Span(_all([*days, *happened]), entering, timedelta(), None, plan.midnight(since) if since else None)
        case _:
            return Span(_all(happened), coming, timedelta(), None, None)


def _all(parts: list[str]) -> str:
    return " AND ".join(parts) or "true"


def due_of(plan: Plan, span: Span, column: Column, at: str, truth: str, *, rises: bool | None, at_one: bool) -> str | None:
    """When the comparison may change next. `rises`: more things make it true; False: make it false; None: nobody knows.

    `at_one`: it asks whether there is anything at all, so that the youngest thing decides.
    """
    parts = []
    if span.stays is not None:
        edge = column(f"max({at})" if at_one else f"min({at})", span.inside)
        parts.append(_when(truth, rises, f"{edge} + {plan.span(span.stays)}"))
    if span.entering:
        edge = column(f"min({at})", span.entering)
        parts.append(_when(truth, None if rises is None else not rises, f"{edge} + {plan.span(span.wait)}" if span.wait else edge))
    return f"least({', '.join(parts)})" if parts else None


def _when(truth: str, holds: bool | None, due: str) -> str:
    """The instant only where the leaf holds (or does not): otherwise that change cannot change it."""
    if holds is None:
        return due
    return f"CASE WHEN {truth if holds else f'NOT {truth}'} THEN {due} END"
