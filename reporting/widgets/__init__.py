"""The parts of a dashboard, one file each: `load` turns the page's board into the context of a template.

A widget that breaks shows its error in its place; the page survives.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import structlog
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from reporting.board import Board

log = structlog.get_logger(__name__)
Context = dict[str, Any]


class Widget(NamedTuple):
    """`load` returns None where there is nothing to show."""

    name: str
    load: Callable[[Board], Context | None]

    @property
    def template(self) -> str:
        return f"reporting/widgets/{self.name}.html"


def show(request: HttpRequest, board: Board, widgets: Sequence[Widget]) -> list[SafeString]:
    """The widgets that have something to say, in order."""
    return [html for widget in widgets if (html := _html(request, board, widget))]


def _html(request: HttpRequest, board: Board, widget: Widget) -> SafeString:
    try:
        context = widget.load(board)
        if context is None:
            return SafeString("")
        return render_to_string(widget.template, {"board": board, "selection": board.selection} | context, request)
    except Exception as error:
        log.exception("widget_failed", widget=widget.name, workspace=board.workspace.slug)
        return render_to_string("reporting/widgets/failed.html", {"name": widget.name, "error": type(error).__name__}, request)
