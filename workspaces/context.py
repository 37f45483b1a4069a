"""What the frame around every page knows: workspace, what this person can do in it, and the navigation."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from workspaces.models import Member, Workspace
from workspaces.permissions import Permission, allows


class Can:
    """`can.manage_budgets` in a template. An unknown permission is an error, not a silent no."""

    def __init__(self, role: str | None) -> None:
        self.role = role

    def __getitem__(self, permission: str) -> bool:
        return self.role is not None and allows(self.role, Permission(permission))


@dataclass(frozen=True)
class Entry:
    """One line of the navigation: where it leads and which route prefixes it is the current one for."""

    label: Any
    icon: str
    url_name: str
    permission: Permission
    current_for: tuple[str, ...] = ()


NAVIGATION = (
    Entry(_("Overview"), "layout-dashboard", "reporting:overview", Permission.VIEW_REPORTS),
    Entry(_("Channels"), "chart-column", "reporting:channels", Permission.VIEW_REPORTS, ("reporting:channel",)),
    Entry(_("Campaigns"), "megaphone", "campaigns:list", Permission.VIEW_REPORTS, ("campaigns:",)),
    Entry(_("Budgets"), "wallet", "campaigns:budgets", Permission.VIEW_REPORTS, ("campaigns:budget",)),
    Entry(_("Goals"), "target", "goals:list", Permission.VIEW_REPORTS, ("goals:",)),
    Entry(_("Orders"), "shopping-bag", "tracking:orders", Permission.VIEW_ORDERS, ("tracking:",)),
    Entry(_("Segments"), "users-round", "segments:list", Permission.VIEW_SEGMENTS, ("segments:",)),
    Entry(_("Profiles"), "users", "profiles:list", Permission.VIEW_PROFILES, ("profiles:",)),
    Entry(_("Connections"), "plug", "channels:connections", Permission.VIEW_CONNECTIONS, ("channels:",)),
    Entry(_("Sources"), "radio-tower", "sources:list", Permission.VIEW_CONNECTIONS, ("sources:",)),
    Entry(_("Imports"), "upload", "imports:upload", Permission.IMPORT_FILES, ("imports:",)),
    Entry(_("Tracking plan"), "clipboard-check", "plan:index", Permission.VIEW_REPORTS, ("plan:",)),
    Entry(_("Consent"), "shield-check", "consent:overview", Permission.VIEW_CONSENT, ("consent:",)),
    Entry(_("Rights of people"), "user-check", "rights:list", Permission.HANDLE_RIGHTS, ("rights:",)),
)
SETTINGS = (
    Entry(_("General"), "settings", "workspaces:general", Permission.MANAGE_WORKSPACE),
    Entry(_("Members"), "users", "workspaces:members", Permission.MANAGE_MEMBERS),
    Entry(_("API keys"), "key-round", "workspaces:api_keys", Permission.MANAGE_API_KEYS),
    Entry(_("Audit log"), "scroll-text", "workspaces:audit", Permission.VIEW_AUDIT),
)


@dataclass(frozen=True)
class Link:
    """An Entry as this person sees it now."""

    label: Any
    icon: str
    url: str
    is_current: bool


def start_url(workspace: Workspace) -> str:
    """Where work in a workspace begins."""
    return reverse("reporting:overview", args=[workspace.slug])


def links(entries: tuple[Entry, ...], workspace: Workspace, role: str, route: str) -> list[Link]:
    """The entries this role may open; the longest fitting prefix of `route` (its view name) is the current one."""
    allowed = [entry for entry in entries if allows(role, entry.permission)]
    current = max(allowed, key=lambda entry: _fit(entry, route), default=None)
    if current and not _fit(current, route):
        current = None
    return [Link(entry.label, entry.icon, reverse(entry.url_name, args=[workspace.slug]), entry is current) for entry in allowed]


def _fit(entry: Entry, route: str) -> int:
    return max((len(prefix) for prefix in (entry.url_name, *entry.current_for) if route.startswith(prefix)), default=0)


class Shell:
    """The frame of one page. Everything is asked for only by templates that show it: fragments cost no query."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.member: Member | None = getattr(request, "member", None)

    @property
    def route(self) -> str:
        match = self.request.resolver_match
        return match.view_name if match else ""

    def navigation(self) -> list[Link]:
        return links(NAVIGATION, self.member.workspace, self.member.role, self.route) if self.member else []

    def settings(self) -> list[Link]:
        return links(SETTINGS, self.member.workspace, self.member.role, self.route) if self.member else []

    def in_settings(self) -> bool:
        return self.route.startswith("workspaces:")

    def memberships(self) -> list[Member]:
        """All workspaces of this person, for the switcher."""
        members = Member.objects.select_related("workspace").filter(user=self.request.user.pk or 0)
        return list(members.order_by("workspace__name"))


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `workspace`, `member`, `can`, `shell`, `language`, `theme`."""
    member: Member | None = getattr(request, "member", None)
    user = getattr(request, "user", None)
    return {
        "workspace": member.workspace if member else None,
        "member": member,
        "can": Can(member.role if member else None),
        "shell": Shell(request),
        "language": get_language(),
        "theme": getattr(user, "theme", "auto"),
    }
