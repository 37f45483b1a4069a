"""Whose truth is asked for: everybody's, these people's, or that of a stable part of everybody."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from segments.compiling.statements import Params

SPACE = 2**128
CHOSEN = """people AS MATERIALIZED (
    SELECT id FROM tracking_profile WHERE workspace_id = {workspace} AND merged_into_id IS NULL AND uuid < {until}
)"""


@dataclass(frozen=True)
class People:
    """`ids`: these; `share`: the first part of the space of the profiles' random uuids; both None: everybody who lives."""

    ids: tuple[int, ...] | None = None
    share: float | None = None

    @property
    def is_everybody(self) -> bool:
        return self.ids is None and self.share is None

    def common(self, params: Params, workspace: str) -> str:
        """A common table expression the conditions need, or nothing."""
        if self.share is None:
            return ""
        return CHOSEN.format(workspace=workspace, until=params.add(UUID(int=min(int(self.share * SPACE), SPACE - 1))))

    def condition(self, params: Params, column: str) -> str:
        """SQL that holds for them, on a column with profile ids."""
        if self.ids is not None:
            return f"{column} = ANY({params.people(self.ids)}::bigint[])"
        return "true" if self.share is None else f"{column} = ANY(ARRAY(SELECT id FROM people))"  # noqa: S608


def everybody() -> People:
    return People()


def these(ids: Iterable[int]) -> People:
    return People(ids=tuple(ids))


def sample(share: float) -> People:
    """The same part of everybody each time; `share` of 1, so that 0.01 is about one in a hundred."""
    return People(share=share)
