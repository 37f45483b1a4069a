"""An event on its way through the steps."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass
class Arrival:
    """What came in, and below it what the steps find out."""

    id: int
    workspace_id: int
    source_id: int
    source_kind: str
    raw_id: int
    message_id: str
    type: str
    name: str
    anonymous_id: str
    user_id: str
    previous_id: str
    group_id: str
    received_at: datetime
    original_at: datetime | None
    sent_at: datetime | None
    properties: dict[str, Any]
    context: dict[str, Any]
    traits: dict[str, Any]

    occurred_at: datetime = field(init=False)
    visitor: str = ""
    kind: str = ""
    channel: str = ""
    channel_rule: str = ""
    acquisition: dict[str, Any] | None = None
    device: dict[str, str] | None = None
    profile_id: int | None = None
    moved: Collection[str] = ()  # keys of customers that may be somebody else now (tracking.profiles.resolution)
    session_id: UUID | None = None  # of its visit
    dropped: str = ""  # why it is no event, as the bot rule says
    plan_version: int = 0  # id of the version it was held against; 0 where the plan says nothing about it
    violations: list[tuple[str, str]] = field(default_factory=list)  # (kind, property), see tracking.plan.compiled
    notes: list[tuple[str, str]] = field(default_factory=list)  # (step, what it found)

    def __post_init__(self) -> None:
        self.occurred_at = self.received_at

    @property
    def makes_visits(self) -> bool:
        """Something a person did on a website or in an app; webhooks and CRM updates are no visits."""
        return bool(self.anonymous_id) and self.type in ("track", "page", "screen") and self.source_kind in VISITED


VISITED = ("browser", "server", "import")


def text(content: Any, *path: str) -> str:
    """The text at a path of nested objects, "" where there is none."""
    for step in path:
        content = content.get(step) if isinstance(content, dict) else None
    return content if isinstance(content, str) else ""
