"""Who may do what: the one matrix. Views ask for a Permission, templates for `can.<permission>`."""

from enum import StrEnum

from workspaces.models import Role


class Permission(StrEnum):
    VIEW_REPORTS = "view_reports"
    EXPORT_REPORTS = "export_reports"
    SHARE_VIEWS = "share_views"  # saved views of dashboards that everybody sees
    MANAGE_CAMPAIGNS = "manage_campaigns"
    MANAGE_BUDGETS = "manage_budgets"
    MANAGE_GOALS = "manage_goals"
    MANAGE_PLAN = "manage_plan"  # the tracking plan
    VIEW_SEGMENTS = "view_segments"
    MANAGE_SEGMENTS = "manage_segments"  # also lets members out: exports, webhooks
    VIEW_CONNECTIONS = "view_connections"
    MANAGE_CONNECTIONS = "manage_connections"
    RUN_SYNC = "run_sync"
    VIEW_ORDERS = "view_orders"
    IMPORT_FILES = "import_files"
    MANAGE_SOURCES = "manage_sources"
    VIEW_CONSENT = "view_consent"
    MANAGE_CONSENT = "manage_consent"
    VIEW_PROFILES = "view_profiles"
    MANAGE_PROFILES = "manage_profiles"  # sees personal identifiers in clear, joins and parts profiles
    HANDLE_RIGHTS = "handle_rights"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_WORKSPACE = "manage_workspace"
    MANAGE_API_KEYS = "manage_api_keys"
    VIEW_AUDIT = "view_audit"
    TRANSFER_OWNERSHIP = "transfer_ownership"


P = Permission
MATRIX: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(P),
    Role.ADMIN: frozenset(P) - {P.TRANSFER_OWNERSHIP},
    Role.MARKETER: frozenset(
        {P.VIEW_REPORTS, P.EXPORT_REPORTS, P.MANAGE_CAMPAIGNS, P.MANAGE_BUDGETS, P.MANAGE_GOALS, P.VIEW_SEGMENTS, P.MANAGE_SEGMENTS}
        | {P.VIEW_CONNECTIONS, P.RUN_SYNC, P.VIEW_ORDERS, P.IMPORT_FILES, P.VIEW_PROFILES, P.MANAGE_PLAN, P.SHARE_VIEWS}
    ),
    Role.MANAGER: frozenset({P.VIEW_REPORTS, P.EXPORT_REPORTS, P.VIEW_SEGMENTS}),
    Role.PRIVACY: frozenset(
        {P.VIEW_REPORTS, P.VIEW_CONNECTIONS, P.VIEW_ORDERS, P.VIEW_AUDIT, P.VIEW_CONSENT, P.MANAGE_CONSENT, P.HANDLE_RIGHTS}
        | {P.VIEW_PROFILES, P.MANAGE_PROFILES, P.VIEW_SEGMENTS}
    ),
}

RANK = {Role.OWNER: 3, Role.ADMIN: 2, Role.MARKETER: 1, Role.MANAGER: 1, Role.PRIVACY: 1}


def allows(role: str, permission: Permission) -> bool:
    return permission in MATRIX[Role(role)]


def roles_with(permission: Permission) -> list[Role]:
    return [role for role, permissions in MATRIX.items() if permission in permissions]


def grantable_by(role: str) -> list[Role]:
    """Roles a person of `role` may give or take: none above their own, and ownership only by owners."""
    if not allows(role, Permission.MANAGE_MEMBERS):
        return []
    return [other for other in Role if RANK[other] <= RANK[Role(role)]]
