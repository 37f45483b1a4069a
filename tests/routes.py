"""Every route of the product and who may use it. A route that is not listed here fails tests/test_permissions.py."""

from dataclasses import dataclass

from workspaces.models import ApiKey
from workspaces.permissions import Permission as P


@dataclass(frozen=True)
class Page:
    """A page of a workspace: the permission it asks for, its methods, and the object its address names."""

    permission: P
    methods: str = "GET"
    target: str = ""
    dials: bool = False  # when allowed it calls a platform: proven with the sandbox, not here
    data: tuple[tuple[str, str], ...] = ()  # what a POST cannot do without
    writes: bool = False  # a GET that leaves a trace on purpose, such as an export in the audit log


@dataclass(frozen=True)
class Login:
    """A page of a person: any login will do. What it answers somebody without password and second factor."""

    status: int = 200


@dataclass(frozen=True)
class Public:
    """No login: what a visitor's GET answers."""

    status: int = 200
    kwargs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Keyed:
    """The REST API: a key with this scope."""

    scope: ApiKey.Scope
    methods: str = "POST"
    target: str = ""


FORM = "GET POST"
ROUTES: dict[str, Page | Login | Public | Keyed] = {
    "healthz": Public(),
    "oauth_done": Login(404),  # with a state of ours it leads on to that workspace
    "api_schema": Public(),
    "api_docs": Public(),
    "api_metrics": Keyed(ApiKey.Scope.METRICS_READ, "GET"),
    "api_orders": Keyed(ApiKey.Scope.ORDERS_WRITE),
    "api_refunds": Keyed(ApiKey.Scope.ORDERS_WRITE),
    "api_segments": Keyed(ApiKey.Scope.SEGMENTS_READ, "GET"),
    "api_segments_schema": Keyed(ApiKey.Scope.SEGMENTS_READ, "GET"),
    "api_segment": Keyed(ApiKey.Scope.SEGMENTS_READ, "GET", "segment"),
    "api_segment_members": Keyed(ApiKey.Scope.SEGMENTS_READ, "GET", "segment"),
    "api_consents": Keyed(ApiKey.Scope.CONSENTS_WRITE),
    "api_consent_states": Keyed(ApiKey.Scope.CONSENTS_WRITE),
    "api_tracking_plan": Keyed(ApiKey.Scope.PLAN_WRITE, "GET PUT"),
    # the collector: a write key in the request says who sends (tests/tracking/test_collector.py)
    "collect": Public(405, (("endpoint", "track"),)),
    "collect_metrics": Public(405),
    "collect_hook": Public(405, (("write_key", "unknown"),)),
    # what other websites embed (tests/tracking/script)
    "script": Public(),
    "banner": Public(),
    "banner_style": Public(),
    # personal links of people outside
    "consent_public:confirm": Public(404, (("token", "guessed"),)),
    "consent_public:preferences": Public(404, (("token", "guessed"),)),
    "consent_public:unsubscribe": Public(404, (("token", "guessed"),)),
    # a person's own pages
    "home": Login(302),
    "choose_workspace": Login(),
    "create_workspace": Login(),
    "profile": Login(),
    # settings
    "workspaces:general": Page(P.MANAGE_WORKSPACE, FORM),
    "workspaces:members": Page(P.MANAGE_MEMBERS, FORM),
    "workspaces:change_role": Page(P.MANAGE_MEMBERS, "POST", "member"),
    "workspaces:remove_member": Page(P.MANAGE_MEMBERS, "POST", "member"),
    "workspaces:resend_invitation": Page(P.MANAGE_MEMBERS, "POST", "invitation"),
    "workspaces:revoke_invitation": Page(P.MANAGE_MEMBERS, "POST", "invitation"),
    "workspaces:api_keys": Page(P.MANAGE_API_KEYS, FORM),
    "workspaces:revoke_api_key": Page(P.MANAGE_API_KEYS, "POST", "api_key"),
    "workspaces:audit": Page(P.VIEW_AUDIT),
    "workspaces:audit_csv": Page(P.VIEW_AUDIT, writes=True),
    # connections
    "channels:connections": Page(P.VIEW_CONNECTIONS),
    "channels:new": Page(P.MANAGE_CONNECTIONS),
    "channels:connect": Page(P.MANAGE_CONNECTIONS, FORM, "platform"),
    "channels:oauth_login": Page(P.MANAGE_CONNECTIONS, "GET", "platform", dials=True),
    "channels:oauth_callback": Page(P.MANAGE_CONNECTIONS),
    "channels:campaigns": Page(P.VIEW_CONNECTIONS),
    "channels:classify": Page(P.MANAGE_CAMPAIGNS, "POST", "platform_campaign"),
    "channels:changes": Page(P.VIEW_CONNECTIONS, "GET", "account"),
    "channels:connection": Page(P.VIEW_CONNECTIONS, "GET", "connection"),
    "channels:test": Page(P.MANAGE_CONNECTIONS, "POST", "connection", dials=True),
    "channels:pause": Page(P.MANAGE_CONNECTIONS, "POST", "connection"),
    "channels:resume": Page(P.MANAGE_CONNECTIONS, "POST", "connection"),
    "channels:rename": Page(P.MANAGE_CONNECTIONS, "POST", "connection"),
    "channels:accounts": Page(P.MANAGE_CONNECTIONS, FORM, "connection"),
    "channels:look_for_accounts": Page(P.MANAGE_CONNECTIONS, "POST", "connection", dials=True),
    "channels:reconnect": Page(P.MANAGE_CONNECTIONS, FORM, "connection"),
    "channels:disconnect": Page(P.MANAGE_CONNECTIONS, FORM, "connection"),
    "channels:pull": Page(P.RUN_SYNC, "POST", "connection"),
    "channels:fill": Page(P.RUN_SYNC, "POST", "connection"),
    "channels:cancel_backfill": Page(P.RUN_SYNC, "POST", "connection"),
    "channels:continue_backfill": Page(P.RUN_SYNC, "POST", "connection"),
    "channels:retry": Page(P.RUN_SYNC, "POST", "connection"),
    # orders
    "tracking:orders": Page(P.VIEW_ORDERS),
    "tracking:order": Page(P.VIEW_ORDERS, "GET", "order"),
    # files
    "imports:upload": Page(P.IMPORT_FILES, FORM),
    "imports:file": Page(P.IMPORT_FILES, FORM, "import_file"),
    "imports:reopen": Page(P.IMPORT_FILES, "POST", "import_file"),
    "imports:discard": Page(P.IMPORT_FILES, "POST", "import_file"),
    "imports:undo": Page(P.IMPORT_FILES, FORM, "imported_file"),
    "imports:refused": Page(P.IMPORT_FILES, "GET", "import_file", writes=True),
    # sources
    "sources:list": Page(P.VIEW_CONNECTIONS),
    "sources:new": Page(P.MANAGE_SOURCES, FORM),
    "sources:source": Page(P.VIEW_CONNECTIONS, "GET", "event_source"),
    "sources:change": Page(P.MANAGE_SOURCES, FORM, "event_source"),
    "sources:state": Page(P.MANAGE_SOURCES, "POST", "event_source"),
    "sources:replay": Page(P.MANAGE_SOURCES, "POST", "event_source"),
    "sources:live": Page(P.MANAGE_SOURCES, "GET", "event_source"),
    # tracking plan and data quality
    "plan:index": Page(P.VIEW_REPORTS),
    "plan:edit": Page(P.MANAGE_PLAN, FORM),
    "plan:row": Page(P.MANAGE_PLAN),
    "plan:remove": Page(P.MANAGE_PLAN, "POST"),
    "plan:adopt": Page(P.MANAGE_PLAN, "POST"),
    "plan:import": Page(P.MANAGE_PLAN, FORM),
    "plan:export": Page(P.VIEW_REPORTS, writes=True),
    "plan:history": Page(P.VIEW_REPORTS),
    "plan:version": Page(P.VIEW_REPORTS, "GET", "plan_version"),
    "plan:restore": Page(P.MANAGE_PLAN, "POST", "plan_version"),
    "plan:violations": Page(P.VIEW_REPORTS),
    "plan:tickets": Page(P.VIEW_REPORTS),
    "plan:hand_over": Page(P.MANAGE_PLAN, FORM),
    "plan:ticket": Page(P.VIEW_REPORTS, "GET", "ticket"),
    "plan:ticket_send": Page(P.MANAGE_PLAN, "POST", "ticket"),
    "plan:ticket_close": Page(P.MANAGE_PLAN, "POST", "ticket"),
    "plan:ticket_reopen": Page(P.MANAGE_PLAN, "POST", "ticket"),
    "plan:quality": Page(P.VIEW_REPORTS),
    # consent
    "consent:overview": Page(P.VIEW_CONSENT),
    "consent:begin": Page(P.MANAGE_CONSENT, "POST"),
    "consent:add_purpose": Page(P.MANAGE_CONSENT, FORM),
    "consent:purpose": Page(P.VIEW_CONSENT, FORM, "purpose"),
    "consent:edit_purpose": Page(P.MANAGE_CONSENT, FORM, "purpose"),
    "consent:person": Page(P.VIEW_CONSENT, FORM),
    "consent:proof": Page(P.VIEW_CONSENT, "POST"),
    "consent:refuse": Page(P.MANAGE_CONSENT, "POST"),
    "consent:removals": Page(P.MANAGE_CONSENT, FORM, writes=True),
    "consent:import": Page(P.MANAGE_CONSENT, FORM),
    # profiles
    "profiles:list": Page(P.VIEW_PROFILES),
    "profiles:search": Page(P.VIEW_PROFILES, "POST"),
    "profiles:profile": Page(P.VIEW_PROFILES, "GET", "profile", writes=True),
    "profiles:duplicates": Page(P.MANAGE_PROFILES, writes=True),
    "profiles:decide": Page(P.MANAGE_PROFILES, "POST", "suggestion"),
    "profiles:undo": Page(P.MANAGE_PROFILES, "POST", "merge"),
    # rights of people
    "rights:list": Page(P.HANDLE_RIGHTS, FORM),
    "rights:request": Page(P.HANDLE_RIGHTS, "GET", "subject_request"),
    "rights:held": Page(P.HANDLE_RIGHTS, "GET", "subject_request"),
    "rights:answer": Page(P.HANDLE_RIGHTS, "POST", "subject_request"),
    "rights:refuse": Page(P.HANDLE_RIGHTS, "POST", "subject_request"),
    "rights:download": Page(P.HANDLE_RIGHTS, "GET", "access_file", dials=True),  # its maker's only: tests/tracking/rights
    "rights:register": Page(P.HANDLE_RIGHTS),
    "rights:register_file": Page(P.HANDLE_RIGHTS, writes=True),
    "rights:retention": Page(P.HANDLE_RIGHTS, FORM),
    # segments
    "segments:list": Page(P.VIEW_SEGMENTS),
    "segments:new": Page(P.MANAGE_SEGMENTS, FORM),
    "segments:new_list": Page(P.MANAGE_SEGMENTS, FORM),
    "segments:preview": Page(P.MANAGE_SEGMENTS, "POST"),
    "segments:suggest": Page(P.MANAGE_SEGMENTS),
    "segments:person": Page(P.VIEW_PROFILES, "GET", "profile", writes=True),
    "segments:detail": Page(P.VIEW_SEGMENTS, "GET", "segment"),
    "segments:figures": Page(P.VIEW_SEGMENTS, "GET", "segment"),
    "segments:build": Page(P.VIEW_SEGMENTS, "GET", "segment"),
    "segments:edit": Page(P.MANAGE_SEGMENTS, FORM, "segment"),
    "segments:members": Page(P.VIEW_PROFILES, "GET", "segment", writes=True),
    "segments:versions": Page(P.VIEW_SEGMENTS, "GET", "segment"),
    "segments:restore": Page(P.MANAGE_SEGMENTS, "POST", "segment"),
    "segments:duplicate": Page(P.MANAGE_SEGMENTS, "POST", "segment"),
    "segments:state": Page(P.MANAGE_SEGMENTS, "POST", "segment"),
    "segments:rebuild": Page(P.MANAGE_SEGMENTS, "POST", "segment"),
    "segments:cancel": Page(P.MANAGE_SEGMENTS, "POST", "segment"),
    "segments:details": Page(P.MANAGE_SEGMENTS, FORM, "segment"),
    "segments:add": Page(P.MANAGE_SEGMENTS, "POST", "people_list"),
    "segments:remove": Page(P.MANAGE_SEGMENTS, "POST", "people_list"),
    "rfm:groups": Page(P.VIEW_SEGMENTS),
    "segment_export:members": Page(P.MANAGE_SEGMENTS, FORM, "segment"),
    "holdouts:lift": Page(P.VIEW_SEGMENTS, "GET", "segment"),
    "holdouts:withhold": Page(P.MANAGE_SEGMENTS, "POST", "segment"),
    "webhooks:list": Page(P.MANAGE_SEGMENTS),
    "webhooks:create": Page(P.MANAGE_SEGMENTS, FORM),
    "webhooks:detail": Page(P.MANAGE_SEGMENTS, "GET", "endpoint"),
    "webhooks:edit": Page(P.MANAGE_SEGMENTS, FORM, "endpoint"),
    "webhooks:pause": Page(P.MANAGE_SEGMENTS, "POST", "endpoint"),
    "webhooks:resume": Page(P.MANAGE_SEGMENTS, "POST", "endpoint"),
    "webhooks:delete": Page(P.MANAGE_SEGMENTS, "POST", "endpoint"),
    "webhooks:again": Page(P.MANAGE_SEGMENTS, "POST", "endpoint"),
    # goals
    "goals:list": Page(P.VIEW_REPORTS),
    "goals:create": Page(P.MANAGE_GOALS, FORM),
    "goals:preview": Page(P.MANAGE_GOALS),
    "goals:detail": Page(P.VIEW_REPORTS, "GET", "goal"),
    "goals:edit": Page(P.MANAGE_GOALS, FORM, "goal"),
    "goals:archive": Page(P.MANAGE_GOALS, "POST", "goal"),
    "goals:restore": Page(P.MANAGE_GOALS, "POST", "goal"),
    # campaigns and budgets
    "campaigns:list": Page(P.VIEW_REPORTS),
    "campaigns:create": Page(P.MANAGE_CAMPAIGNS, FORM),
    "campaigns:detail": Page(P.VIEW_REPORTS, "GET", "campaign"),
    "campaigns:edit": Page(P.MANAGE_CAMPAIGNS, FORM, "campaign"),
    "campaigns:archive": Page(P.MANAGE_CAMPAIGNS, "POST", "campaign"),
    "campaigns:restore": Page(P.MANAGE_CAMPAIGNS, "POST", "campaign"),
    "campaigns:candidates": Page(P.MANAGE_CAMPAIGNS, "GET", "campaign"),
    "campaigns:link": Page(P.MANAGE_CAMPAIGNS, "POST", "campaign"),
    "campaigns:unlink": Page(P.MANAGE_CAMPAIGNS, "POST", "link"),
    "campaigns:matches": Page(P.MANAGE_CAMPAIGNS),
    "campaigns:budgets": Page(P.VIEW_REPORTS),
    "campaigns:budget_cell": Page(
        P.MANAGE_BUDGETS, "POST", data=(("month", "2026-11"), ("channel", "paid_search"), ("planned", "100"))
    ),
    "campaigns:budget_copy": Page(P.MANAGE_BUDGETS, "POST", data=(("month", "2026-11"),)),
    # reports
    "reporting:overview": Page(P.VIEW_REPORTS),
    "reporting:channels": Page(P.VIEW_REPORTS),
    "reporting:channel": Page(P.VIEW_REPORTS, "GET", "channel"),
    "reporting:channel_ads": Page(P.VIEW_REPORTS, "GET", "channel"),
    "reporting:channel_campaign": Page(P.VIEW_REPORTS, "GET", "pulled"),
    "reporting:channel_day": Page(P.VIEW_REPORTS, "GET", "pulled day"),
    "reporting:channel_trace": Page(P.VIEW_REPORTS, "GET", "pulled row"),
    "reporting:passport": Page(P.VIEW_REPORTS, "GET", "page"),
    "reporting:export": Page(P.EXPORT_REPORTS, "GET", "export", writes=True),
    "reporting:chart_export": Page(P.EXPORT_REPORTS, "GET", "chart", writes=True),
    "reporting:columns": Page(P.VIEW_REPORTS, FORM, "page"),
    "reporting:views": Page(P.VIEW_REPORTS, "GET", "page"),
    "reporting:view_create": Page(P.VIEW_REPORTS, "POST", "page"),
    "reporting:view_change": Page(P.SHARE_VIEWS, "POST", "saved_view"),  # this one is shared; one's own: test_saved_views
    "reporting:view_default": Page(P.VIEW_REPORTS, "POST", "saved_view"),
    "reporting:view_delete": Page(P.SHARE_VIEWS, "POST", "saved_view"),
    # login, from allauth
    "accept_invitation": Public(404, (("token", "unknown"),)),
    "account_login": Public(),
    "account_logout": Public(302),
    "account_inactive": Public(),
    "account_signup": Public(),
    "account_reset_password": Public(),
    "account_reset_password_done": Public(),
    "account_reset_password_from_key": Public(200, (("uidb36", "1"), ("key", "guessed"))),
    "account_reset_password_from_key_done": Public(),
    "account_reauthenticate": Login(403),
    "account_change_password": Login(302),
    "account_set_password": Login(),
    "mfa_authenticate": Public(302),
    "mfa_index": Login(),
    "mfa_reauthenticate": Login(403),
    "mfa_activate_totp": Login(),
    "mfa_deactivate_totp": Login(404),
    "mfa_view_recovery_codes": Login(404),
    "mfa_generate_recovery_codes": Login(),
    "mfa_download_recovery_codes": Login(404),
    "socialaccount_login_cancelled": Public(),
    "socialaccount_login_error": Public(401),
    "socialaccount_signup": Public(302),
    "socialaccount_connections": Login(),
    "openid_connect_login": Public(404, (("provider_id", "unknown"),)),
    "openid_connect_callback": Public(404, (("provider_id", "unknown"),)),
}
