"""Files that leave the product. Naming one and noting who took it are one step, so that none leaves unnoticed."""

from typing import Any, TypeVar

from django.http import HttpResponseBase

from workspaces import audit
from workspaces.models import User, Workspace

Answer = TypeVar("Answer", bound=HttpResponseBase)


def hand_out(
    answer: Answer, name: str, workspace: Workspace, actor: User | None, action: str, target: str = "", **details: Any
) -> Answer:
    """Make `answer` the download `name`, with an audit event `action`: what (`target`), and in `details` how much of it.

    An export of figures says its `period` ("2026-05-01 – 2026-05-31", both inside) and every table its `rows`.
    """
    audit.record(workspace, actor, action, target, file=name, **details)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
