"""The state of a connection and who hears of it. One notice per change, never one per failed call."""

from datetime import timedelta

from django.db import transaction

from channels import endpoints
from channels.connectors.base import ConnectorError, ErrorKind
from channels.models import AdAccount, Connection
from mops.lib import clock
from workspaces import audit

WARN_BEFORE = timedelta(days=7)
State = Connection.State


def require_reconnect(connection: Connection, error: ConnectorError) -> None:
    """The platform refuses the credential: stop, keep the data, tell the people once."""
    changed = Connection.objects.filter(pk=connection.pk).exclude(state__in=[State.REAUTH, State.PAUSED]).update(
        state=State.REAUTH, error_kind=error.kind, error_message=error.message
    )  # fmt: skip
    if changed:
        audit.record(connection.workspace, None, "connection.reauth_required", connection.name, message=error.message)


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
                state=state, error_kind=error.kind, error_message=error.message, checked_at=clock.now()
            )
    else:
        expiring = answer.expires_at is not None and answer.expires_at - clock.now() < WARN_BEFORE
        paused = connection.state == State.PAUSED
        Connection.objects.filter(pk=connection.pk).update(
            state=State.PAUSED if paused else State.EXPIRING if expiring else State.CONNECTED,
            identity=answer.identity[:200], scopes=list(answer.scopes), expires_at=answer.expires_at,
            error_kind="", error_message="", checked_at=clock.now(),
        )  # fmt: skip
    connection.refresh_from_db()
    return connection


def discover(connection: Connection) -> list[AdAccount]:
    """Ask the platform which accounts the credential sees; new ones appear unselected, known ones keep their choice."""
    for info in endpoints.connector_of(connection).accounts():
        AdAccount.objects.update_or_create(
            workspace_id=connection.workspace_id, platform=connection.platform, external_id=info.external_id,
            defaults={"connection": connection, "name": info.name, "currency": info.currency, "time_zone": info.time_zone,
                      "manager_id": info.manager_id},
        )  # fmt: skip
    return list(connection.accounts.order_by("name"))


@transaction.atomic
def pause(connection: Connection, paused: bool) -> None:
    connection.state = State.PAUSED if paused else State.CONNECTED
    connection.save(update_fields=["state"])
