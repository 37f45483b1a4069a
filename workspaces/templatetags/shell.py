"""The frame's building blocks, built in (no {% load %}): icons, permissions, and what every page is made of."""

import re
from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from workspaces import context as frame
from workspaces.models import Workspace
from workspaces.permissions import Permission, allows

register = template.Library()
ICON_NAME = re.compile(r"[a-z0-9-]+")


@cache
def _paths(name: str) -> str:
    """The drawing inside a lucide icon; an unknown name raises FileNotFoundError when the page is first rendered."""
    if not ICON_NAME.fullmatch(name):
        raise ValueError(f"Not an icon name: {name!r}")
    svg = (settings.NODE_MODULES / "lucide-static" / "icons" / f"{name}.svg").read_text()
    return " ".join(svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")].split())


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A lucide icon by name, drawn in the text's colour. Decorative: the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" width="24" height="24" stroke-width="1.75"'
        ' stroke="currentColor" fill="none" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        css,
        mark_safe(_paths(name)),  # noqa: S308  from an installed package, never from a person
    )


@register.filter
def initials(name: object) -> str:
    """One or two letters for a round or square mark."""
    words = [word for word in re.split(r"[\W_]+", str(name).partition("@")[0]) if word]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def start_url(workspace: Workspace) -> str:
    return frame.start_url(workspace)


@register.filter
def listed(value: object) -> str:
    """A list as people write it; anything else as it is."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@register.filter
def action(name: str) -> str:
    """What an audit event did, in words."""
    from workspaces.audit_log import label  # forms import models: not before the apps are ready

    return label(name)


@register.simple_tag(takes_context=True)
def can(context: template.Context, permission: str) -> bool:
    """Whether this person may: {% can "manage_budgets" as may %}."""
    member = context.get("member")
    return member is not None and allows(member.role, Permission(permission))


@register.simple_block_tag
def page_header(content: str, title: str, pretitle: str = "", text: str = "") -> SafeString:
    """Heading of a page; between the tags stand its actions."""
    return _component("page_header", content, title=title, pretitle=pretitle, text=text)


@register.simple_block_tag
def card(content: str, title: str = "", subtitle: str = "", flush: bool = False, css: str = "") -> SafeString:
    """A card; `flush` for tables and charts that reach its edges."""
    return _component("card", content, title=title, subtitle=subtitle, flush=flush, css=css)


@register.simple_block_tag
def empty_state(content: str, icon: str, title: str, text: str = "") -> SafeString:
    """Nothing here yet: why, and between the tags the one button that changes it."""
    return _component("empty_state", content, icon=icon, title=title, text=text)


def _component(name: str, content: str, **values: Any) -> SafeString:
    return render_to_string(f"components/{name}.html", values | {"content": content.strip()})
