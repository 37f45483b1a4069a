"""Access tokens of Google's platforms, fetched before the first call.

Left to themselves the gRPC clients refresh inside the call, and a revoked grant then looks like a 503 of the platform.
"""

from collections.abc import Sequence
from functools import partial

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials as GoogleCredentials

from channels.connectors.base import ConnectorError, Credentials, Endpoint, ErrorKind, Sentence, sentence

DEAD_GRANT = "invalid_grant"
WRONG_CLIENT = {"invalid_client", "unauthorized_client"}
RECONNECT = sentence("Reconnect the account.")


def login(endpoint: Endpoint, credentials: Credentials, scopes: Sequence[str]) -> GoogleCredentials:
    """Google's own credentials object with a fresh access token. ConnectorError AUTH, PERMISSION or TRANSIENT."""
    found = unproven(endpoint, credentials, scopes)
    refresh(endpoint, found)
    return found


def unproven(endpoint: Endpoint, credentials: Credentials, scopes: Sequence[str]) -> GoogleCredentials:
    """Google's own credentials object, before `refresh` has tried it."""
    return GoogleCredentials(
        None,
        refresh_token=credentials.refresh_token,
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        token_uri=endpoint.token_uri,
        scopes=list(scopes),
    )


def refresh(endpoint: Endpoint, credentials: GoogleCredentials, *, always: bool = False) -> None:
    """Fetch a new access token, with `always` also where the present one still lives. ConnectorError as in `login`."""
    if credentials.valid and not always:
        return
    problem = _problem(endpoint, credentials)
    if problem is not None:
        raise problem  # here and not where it was caught: the cause holds the refresh token and the client secret
    missing = set(credentials.scopes or ()) - set(credentials.granted_scopes or credentials.scopes or ())
    if missing:
        raise ConnectorError(ErrorKind.PERMISSION, *lacks(", ".join(sorted(missing))), code="missing_scope")


def lacks(permission: str) -> tuple[Sentence, Sentence]:
    """What to do about a login without a permission."""
    return sentence("The login lacks the permission %(scope)s.", scope=permission), sentence("Reconnect and allow it.")


def _problem(endpoint: Endpoint, credentials: GoogleCredentials) -> ConnectorError | None:
    with requests.Session() as session:
        session.verify = endpoint.ca_bundle or True
        try:
            credentials.refresh(partial(Request(session), timeout=endpoint.timeout))
        except GoogleAuthError as error:
            return refusal(error)
    return None


def refusal(error: GoogleAuthError) -> ConnectorError:
    """What it means that Google gives out no access token."""
    if not isinstance(error, RefreshError):
        return ConnectorError(ErrorKind.TRANSIENT, sentence("Google's token server cannot be reached."), code="token")
    answer = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], dict) else {}
    code = str(answer.get("error", ""))
    if code == DEAD_GRANT or DEAD_GRANT in str(error):
        return dead_grant()
    if code in WRONG_CLIENT:
        said = (
            sentence("Google does not know this client id with this client secret."),
            sentence("Correct them in the settings of mops."),
        )
        return ConnectorError(ErrorKind.AUTH, *said, code=code)
    if error.retryable or not code:  # google-auth calls an error page in HTML final, but it is a proxy's, not Google's
        return ConnectorError(ErrorKind.TRANSIENT, sentence("Google's token server has a temporary problem."), code="token")
    return ConnectorError(ErrorKind.AUTH, sentence("Google gives out no access token (%(code)s).", code=code), RECONNECT, code=code)


def dead_grant() -> ConnectorError:
    """The refresh token is no longer worth anything."""
    said = sentence("Google refused the refresh token: it was revoked or expired."), RECONNECT
    return ConnectorError(ErrorKind.AUTH, *said, code=DEAD_GRANT)
