"""Bringing a connection into the product, giving it a new credential, and taking it out again."""

from dataclasses import dataclass
from datetime import date
from itertools import count

from django.db import transaction
from django.db.models import QuerySet

from channels import endpoints, plan, rollups, states
from channels.connectors.base import AccountInfo, CredentialCheck
from channels.models import Ad, AdAccount, AdGroup, Connection, EntityName, PlatformCampaign, SyncRun
from mops.lib import clock
from workspaces import audit
from workspaces.models import User, Workspace

State = Connection.State
OPEN = [SyncRun.State.QUEUED, SyncRun.State.RUNNING]


@dataclass(frozen=True)
class Proof:
    """A credential that works: what the platform says about it and the accounts it sees."""

    values: dict[str, str]
    check: CredentialCheck
    accounts: list[AccountInfo]

    def __repr__(self) -> str:
        return f"Proof({self.check.identity!r}, {len(self.accounts)} accounts)"


class AccountsMissing(Exception):
    """A new credential does not see accounts that the connection pulls; `accounts` names them."""

    def __init__(self, accounts: list[AdAccount]) -> None:
        super().__init__(", ".join(f"{account.name} ({account.external_id})" for account in accounts))
        self.accounts = accounts


def prove(platform: str, values: dict[str, str]) -> Proof:
    """Try a credential before it is kept: two cheap calls. ConnectorError says why it does not work."""
    kept = {name: value for name, value in values.items() if value}
    connector = endpoints.connect(platform, kept)
    return Proof(kept, connector.check(), connector.accounts())


def free_name(workspace: Workspace, wanted: str) -> str:
    """`wanted`, numbered where connections of that name exist already."""
    taken = set(Connection.objects.filter(workspace=workspace, name__startswith=wanted).values_list("name", flat=True))
    numbered = (f"{wanted} {number}" for number in count(2))
    return wanted if wanted not in taken else next(name for name in numbered if name not in taken)


@transaction.atomic
def create(workspace: Workspace, user: User, platform: str, name: str, proof: Proof) -> Connection:
    """A new connection with its accounts, none of them chosen yet."""
    connection = Connection(workspace=workspace, platform=platform, name=name, created_by=user)
    _keep(connection, proof)
    connection.save()
    audit.record(workspace, user, "connection.created", name, platform=platform, identity=connection.identity)
    states.list_accounts(connection, proof.accounts)
    return connection


@transaction.atomic
def reconnect(connection: Connection, user: User, proof: Proof) -> None:
    """Replace the credential; history, choices and planned pulls stay. AccountsMissing if it sees less than is pulled."""
    seen = {info.external_id for info in proof.accounts}
    missing = [account for account in connection.accounts.filter(selected=True) if account.external_id not in seen]
    if missing:
        raise AccountsMissing(missing)
    _keep(connection, proof)
    connection.save()
    audit.record(connection.workspace, user, "connection.reconnected", connection.name, identity=connection.identity)
    states.list_accounts(connection, proof.accounts)
    for account in connection.accounts.filter(selected=True):
        plan.backfill(account, account.backfilled_from)


def _keep(connection: Connection, proof: Proof) -> None:
    connection.credentials = proof.values
    connection.identity = proof.check.identity[:200]
    connection.scopes = list(proof.check.scopes)
    connection.expires_at = proof.check.expires_at
    connection.state = states.state_of(proof.check)
    connection.checked_at = clock.now()
    connection.error_kind = connection.error_message = ""


@transaction.atomic
def choose(connection: Connection, user: User, chosen: set[int], since: date, goal: str) -> int:
    """Pull exactly the accounts with these ids, from `since` on. Return how many windows were planned.

    Numbers of a goal that was changed are pulled again: the old ones counted something else.
    """
    planned = 0
    for account in connection.accounts.select_for_update():
        is_new_goal = bool(goal) and account.goal != goal and account.backfilled_from is not None
        account.selected = account.pk in chosen
        account.goal = goal or account.goal
        account.save(update_fields=["selected", "goal"])
        if not account.selected:
            _cancel_waiting(account.sync_runs.all())
            continue
        planned += plan.backfill(account, since)
        planned += plan.again(account) if is_new_goal else 0
    names = list(connection.accounts.filter(selected=True).order_by("name").values_list("name", flat=True))
    audit.record(connection.workspace, user, "connection.accounts_chosen", connection.name, accounts=names, since=since, goal=goal)
    return planned


@transaction.atomic
def pause(connection: Connection, user: User, *, paused: bool) -> None:
    """Stop pulling, or go on with everything that was missed meanwhile."""
    changed = Connection.objects.filter(pk=connection.pk).exclude(state=State.DISCONNECTED)
    changed.update(state=State.PAUSED if paused else State.CONNECTED)
    audit.record(connection.workspace, user, "connection.paused" if paused else "connection.resumed", connection.name)
    if not paused:
        for account in connection.accounts.filter(selected=True):
            plan.backfill(account, account.backfilled_from)


@transaction.atomic
def rename(connection: Connection, user: User, name: str) -> None:
    audit.record(connection.workspace, user, "connection.renamed", name, before=connection.name, after=name)
    Connection.objects.filter(pk=connection.pk).update(name=name)


@transaction.atomic
def disconnect(connection: Connection, user: User, *, delete_data: bool) -> None:
    """Wipe the credential. The numbers stay and can be read, or go with everything known about the accounts."""
    audit.record(connection.workspace, user, "connection.deleted" if delete_data else "connection.disconnected",
                 connection.name, platform=connection.platform)  # fmt: skip
    if delete_data:
        _delete(connection)
        return
    connection.credentials = {}
    connection.state, connection.expires_at, connection.scopes = State.DISCONNECTED, None, []
    connection.error_kind = connection.error_message = ""
    connection.save()
    connection.accounts.update(selected=False)
    _cancel_waiting(SyncRun.objects.filter(account__connection=connection))


def _delete(connection: Connection) -> None:
    """Facts, history, coverage and runs hang on the accounts; the names of entities do not."""
    for account in connection.accounts.all():
        for level, model in (("campaign", PlatformCampaign), ("ad_group", AdGroup), ("ad", Ad)):
            entities = model._default_manager.filter(account=account).values_list("pk", flat=True)
            EntityName.objects.filter(level=level, entity_id__in=list(entities)).delete()
    connection.delete()
    rollups.refresh_channels(connection.workspace_id)


def _cancel_waiting(runs: QuerySet[SyncRun]) -> None:
    runs.filter(state=SyncRun.State.QUEUED).update(state=SyncRun.State.CANCELLED, finished_at=clock.now())
