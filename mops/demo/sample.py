"""The sample workspace: a fictional shop, one login per role, the sandbox's accounts connected and their past planned.

Everything here is sample data. Running it again changes nothing but the shop's key.
"""

import json
import urllib.request
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import transaction

from campaigns import matching
from campaigns.models import CampaignLink
from channels import fx, plan, states
from channels.connectors import PLATFORMS
from channels.models import Connection
from channels.tasks import dispatch
from mops.demo import campaigns, consents, goals, segments, tracking_plan
from tracking import orders
from tracking.collector import sources
from tracking.models import Source
from workspaces.models import ApiKey, Member, Role, User, Workspace

PASSWORD = "alpenkiste-demo"  # noqa: S105  sample logins exist in the sandbox only, on this machine only
DOMAIN = "alpenkiste.example"
PEOPLE = (
    (Role.OWNER, "Katrin Aigner"),
    (Role.ADMIN, "Jonas Feldmann"),
    (Role.MARKETER, "Miriam Sattler"),
    (Role.MANAGER, "Henrik Voss"),
    (Role.PRIVACY, "Leyla Demir"),
)
WEBSITE = "https://www.alpenkiste.example"
TOKENS = {
    "google_ads": {"refresh_token": "sandbox-refresh-token"},
    "meta": {"access_token": "sandbox-system-user-token"},
    "ga4": {"refresh_token": "sandbox-refresh-token"},
}


def create() -> list[tuple[str, str, str]]:
    """Make what is missing, plan the backfill, open the shop. Return the logins: role, e-mail, password."""
    if not settings.SANDBOX:
        raise RuntimeError("Sample data belongs beside the sandbox: set SANDBOX=true or connect real accounts in the browser.")
    fx.seed()
    workspace = _workspace("Alpenkiste (Beispiel)", "alpenkiste", is_sample=True)
    second = _workspace("Nordlicht Kaffee (Beispiel)", "nordlicht", is_sample=True)
    logins = [_member(workspace, role, name) for role, name in PEOPLE]
    Member.objects.get_or_create(workspace=second, user=User.objects.get(email=logins[0][1]), defaults={"role": Role.OWNER})
    for platform, token in TOKENS.items():
        _connect(workspace, platform, token)
    campaigns.create(workspace)
    goals.create(workspace)
    tracking_plan.create(workspace)
    consents.create(workspace)
    _open_shop(workspace)
    dispatch()
    return logins


def _workspace(name: str, slug: str, *, is_sample: bool) -> Workspace:
    return Workspace.objects.get_or_create(slug=slug, defaults={"name": name, "is_sample": is_sample})[0]


def _member(workspace: Workspace, role: Role, name: str) -> tuple[str, str, str]:
    email = f"{role.value}@{DOMAIN}"
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, PASSWORD, name=name, language="de")
    Member.objects.get_or_create(workspace=workspace, user=user, defaults={"role": role})
    return role.value, email, PASSWORD


def _connect(workspace: Workspace, platform: str, token: dict[str, str]) -> None:
    """Connect, choose every account, plan the thirteen months the market has."""
    connection = Connection.objects.filter(workspace=workspace, platform=platform).first()
    if connection is None:
        connection = Connection(workspace=workspace, platform=platform, name=f"{PLATFORMS[platform].label} (Sandbox)")
        connection.credentials = token
        connection.save()
    states.check(connection)
    accounts = states.discover(connection)
    with transaction.atomic():
        for account in accounts:
            if not account.selected:
                account.selected = True
                account.save(update_fields=["selected"])
            plan.backfill(account, since=market_start())


def market_start() -> date:
    """First day of the simulated market."""
    world = json.loads((Path(settings.SANDBOX_CLOCK).parent / "world.json").read_text())
    return date.fromisoformat(world["start"])


def _open_shop(workspace: Workspace) -> None:
    """Give the sandbox's shop a fresh key; it reports its orders to the API from now on."""
    key = ApiKey.generate()
    workspace.api_keys.filter(name="Sandbox-Shop").delete()
    ApiKey.objects.create(workspace=workspace, name="Sandbox-Shop", scopes=[ApiKey.Scope.ORDERS_WRITE], shown=key[:16],
                          key_hash=ApiKey.hash(key))  # fmt: skip
    control("/sandbox/shop", {"to": settings.SITE_URL, "key": key})


def settle() -> None:
    """After the first pulls: orders learn their campaigns' channels, the sample campaigns their platform campaigns.

    Segments begin here: they follow the visitors that come next.
    """
    workspace = Workspace.objects.get(slug="alpenkiste")
    orders.regroup(workspace)
    for campaign in workspace.campaigns.exclude(name_rule=""):
        matching.link(campaign, list(matching.suggestions(campaign)), CampaignLink.Origin.RULE)
    segments.create(workspace)


def open_website() -> None:
    """Let the visitors of the sandbox's shop send their events to the collector: the last days first, then as time goes on.

    Called once everything else is there: their events take some minutes to arrive and nobody should wait for them.
    """
    workspace = Workspace.objects.get(slug="alpenkiste")
    source, _made = Source.objects.get_or_create(workspace=workspace, name="Sandbox website", defaults={
        "kind": Source.Kind.BROWSER, "consent_mode": Source.ConsentMode.REQUIRED, "allowed_origins": [WEBSITE],
        "rate_per_minute": 120_000})  # fmt: skip
    sources.forget()
    control("/sandbox/visitors", {"to": settings.COLLECTOR_URL, "key": source.write_key})


def control(path: str, body: dict[str, object] | None = None) -> dict[str, object]:
    """Ask the sandbox's own controls; without body a question, with body an order."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(settings.META_GRAPH_API + path, data, {"Content-Type": "application/json"})  # noqa: S310
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=60) as answer:
        state: dict[str, object] = json.load(answer)
    return state
