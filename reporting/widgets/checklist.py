"""The first steps of a workspace. Each sees for itself that it is done; when all are, the list is gone."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from reporting.board import Board
from reporting.widgets import Context, Widget
from workspaces.permissions import Permission, allows


@dataclass(frozen=True)
class Step:
    """`url` is empty where this person may not do it."""

    label: str
    text: str
    is_done: bool
    url: str


def load(board: Board) -> Context | None:
    steps = _steps(board)
    if all(step.is_done for step in steps) or (board.workspace.is_sample and board.setup["pulled"]):
        return None
    done = sum(step.is_done for step in steps)
    return {
        "steps": steps,
        "done": done,
        "share": 100 * done // len(steps),
        "next": next(step for step in steps if not step.is_done),
    }


def _steps(board: Board) -> list[Step]:
    done = board.setup
    connections = _url(board, "channels:connections", Permission.MANAGE_CONNECTIONS)
    return [
        Step(_("Connect a channel"), _("Google Ads, Meta Ads or Google Analytics"), done["connected"], connections),
        Step(_("Choose the accounts"), _("Only chosen accounts are pulled"), done["chosen"], connections),
        Step(_("First numbers pulled"), _("Starts by itself and takes a few minutes"), done["pulled"], connections),
        Step(_("Let orders arrive"), _("By API or as a file from your shop"), done["ordered"],
             _url(board, "tracking:orders", Permission.IMPORT_FILES)),
        Step(_("Plan a budget"), _("Then every month shows whether it is on track"), done["planned"],
             _url(board, "campaigns:budgets", Permission.MANAGE_BUDGETS)),
        Step(_("Invite a colleague"), _("Marketers, managers, privacy officers"), done["invited"] or done["joined"],
             _url(board, "workspaces:members", Permission.MANAGE_MEMBERS)),
    ]  # fmt: skip


def _url(board: Board, name: str, permission: Permission) -> str:
    return reverse(name, args=[board.workspace.slug]) if allows(board.member.role, permission) else ""


WIDGET = Widget("checklist", load)
