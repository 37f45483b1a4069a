"""The audit log: who did what to what, when. Append only; the database refuses change and removal (migration 0002)."""

from typing import Any

from mops.lib.redact import redact
from workspaces.models import ApiKey, AuditEvent, User, Workspace

SYSTEM = "system"  # workers and commands
NAME_LENGTH = 200


def record(workspace: Workspace | None, actor: User | ApiKey | None, action: str, target: str = "", **details: Any) -> AuditEvent:
    """Note `action` ("member.role_changed") in the running transaction: change and entry stand or fall together.

    Of an API key its name and first characters are noted.
    """
    return AuditEvent.objects.create(
        workspace=workspace,
        actor=actor if isinstance(actor, User) else None,
        actor_name=_one_line(_called(actor)),
        action=action,
        target=_one_line(target),
        details={name: _safe(value) for name, value in details.items()},
    )


def _called(actor: User | ApiKey | None) -> str:
    if isinstance(actor, ApiKey):
        return f"API key {actor}"
    return str(actor) if actor else SYSTEM


def _one_line(text: str) -> str:
    """A name cannot forge a line of its own in an exported log."""
    return "".join(char if char.isprintable() else " " for char in text)[:NAME_LENGTH]


def _safe(value: Any) -> Any:
    """The value as JSON keeps it, with nothing secret-looking in any text."""
    if isinstance(value, dict):
        return {str(name): _safe(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(part) for part in value]
    return value if isinstance(value, int | float | type(None)) else redact(str(value))
