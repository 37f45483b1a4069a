"""What a statement is put together from: sources grouped by person, and for each leaf its truth and when that may change.

A source is one subquery however many leaves read it; leaves add columns, equal columns are computed once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from segments.compiling.people import People
from segments.compiling.statements import Params
from workspaces.models import Workspace

Who: TypeAlias = Callable[[str], str]
FENCE = "OFFSET 0"  # without it the columns of a subquery would be copied into every place they are used in


class Compiled(NamedTuple):
    """A leaf as SQL over the joined sources.

    `truth` is never NULL. `due`: the earliest instant after now at which time alone may change it, NULL for never; None where
    that is known beforehand. `observed`: what a person is shown as the reason. `needs`: the source without whose row the leaf
    neither holds nor has a due. `of_profile`: whether it reads the profile's own row `p`.
    """

    truth: str
    due: str | None
    observed: str
    needs: str | None = None
    of_profile: bool = False


class Source(Protocol):
    """A subquery with a column profile_id, one row per person who has something there."""

    alias: str

    def render(self, plan: "Plan", people: Who) -> str:
        """`people`: the condition that a column with profile ids names one of those asked for."""


@dataclass
class Plan:
    """One statement in the making."""

    workspace: Workspace
    people: People
    now: datetime
    params: Params = field(default_factory=Params)
    sources: dict[str, Source] = field(default_factory=dict)

    @property
    def space(self) -> str:
        return self.params.add(self.workspace.pk)

    @property
    def at(self) -> str:
        return self.ago(timedelta())

    def ago(self, span: timedelta) -> str:
        return f"{self.params.ago(self.now, span)}::timestamptz"

    def span(self, span: timedelta) -> str:
        """In seconds: adding days takes PostgreSQL through the calendar of a zone."""
        return f"{self.params.add(f'{span // timedelta(seconds=1)} seconds')}::interval"

    def midnight(self, day: date) -> str:
        """Where a day of the workspace's zone begins."""
        return f"{self.params.add(datetime.combine(day, time(), ZoneInfo(self.workspace.time_zone)))}::timestamptz"

    def restrict(self, column: str) -> str:
        return self.people.condition(self.params, column)


@dataclass
class Grouped:
    """Columns of one GROUP BY, each once."""

    alias: str
    columns: dict[str, str] = field(default_factory=dict)

    def column(self, expression: str) -> str:
        name = self.columns.setdefault(expression, f"c{len(self.columns)}")
        return f"{self.alias}.{name}"

    def select(self) -> str:
        return "".join(f", {expression} AS {name}" for expression, name in self.columns.items())
