"""The state of a connection and who hears of it. One notice per change, never one per failed call."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from channels import endpoints, notices, rollups
from channels.connectors.base import AccountInfo, ConnectorError, CredentialCheck, ErrorKind
from channels.models import AdAccount, Connection
from channels.told import Told
from mops.lib import clock
from workspaces import audit

WARN_BEFORE = timedelta(days=7)
State = Connection.State
PULLING = (State.CONNECTED, State.EXPIRING)
CHECKED = (*PULLING, State.ERROR)  # daily; the others wait for a person


def require_reconnect(connection: Connection, error: ConnectorError) -> None:
    """The platform refuses the credential: stop, keep the data, tell the people once.

    Only if it is still the connection's credential: a pull that began before a reconnect must not undo it.
    """
    refused = Connection.objects.filter(pk=connection.pk, sealed_credentials=bytes(connection.sealed_credentials))
    with transaction.atomic():
        changed = refused.filter(state__in=CHECKED).update(
            state=State.REAUTH, error_kind=error.kind, error_message=Told(error.said), checked_at=clock.now()
        )
        if changed:
            audit.record(connection.workspace, None, "connection.reauth_required", connection.name, message=error.message)
            notices.reconnect_needed(connection)


def check(connection: Connection) -> Connection:
    """The test button: one cheap call, the state follows from its answer. Transient trouble changes nothing but the message."""
    try:
        answer = endpoints.connector_of(connection).check()
    except ConnectorError as error:
        if error.kind == ErrorKind.AUTH:
            require_reconnect(connection, error)
        else:
            state = State.ERROR if error.kind in (ErrorKind.PERMISSION, ErrorKind.INVALID) else connection.state
            Connection.objects.filter(pk=connection.pk).update(
                state=state, error_kind=error.kind, error_message=Told(error.said), checked_at=clock.now()
            )
    else:
        paused = connection.state == State.PAUSED
        Connection.objects.filter(pk=connection.pk).update(
            state=State.PAUSED if paused else state_of(answer),
            identity=answer.identity[:200], scopes=list(answer.scopes), expires_at=answer.expires_at,
            error_kind="", error_message="", checked_at=clock.now(),
        )  # fmt: skip
    connection.refresh_from_db()
    return connection


def state_of(answer: CredentialCheck) -> State:
    """Connected, or close to the end of the credential's life."""
    expiring = answer.expires_at is not None and answer.expires_at - timezone.now() < WARN_BEFORE  # tokens live in real time
    return State.EXPIRING if expiring else State.CONNECTED


def discover(connection: Connection) -> list[AdAccount]:
    """Ask the platform which accounts the credential sees."""
    return list_accounts(connection, endpoints.connector_of(connection).accounts())


@transaction.atomic
def list_accounts(connection: Connection, seen: list[AccountInfo]) -> list[AdAccount]:
    """Note the accounts of a connection: new ones appear unselected, known ones keep their choice.

    An account that another living connection pulls stays there; one whose connection was disconnected moves here.
    """
    known = AdAccount.objects.filter(workspace_id=connection.workspace_id, platform=connection.platform)
    elsewhere = set(
        known.exclude(connection=connection).exclude(connection__state=State.DISCONNECTED).values_list("external_id", flat=True)
    )
    currencies = dict(known.values_list("external_id", "currency"))
    for info in seen:
        if info.external_id in elsewhere:
            continue
        AdAccount.objects.update_or_create(
            workspace_id=connection.workspace_id, platform=connection.platform, external_id=info.external_id,
            defaults={"connection": connection, "name": info.name[:200], "currency": info.currency, "time_zone": info.time_zone,
                      "manager_id": info.manager_id, "error_kind": "", "error_message": ""},
        )  # fmt: skip
    if any(currencies.get(info.external_id, info.currency) != info.currency for info in seen):
        rollups.refresh_channels(connection.workspace_id)
    return list(connection.accounts.order_by("name"))
