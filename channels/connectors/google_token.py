"""Access tokens of Google's platforms, fetched before the first call.

Left to themselves the gRPC clients refresh inside the call, and a revoked grant then looks like a 503 of the platform.
"""

from collections.abc import Sequence
from functools import partial

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials as GoogleCredentials

from channels.connectors.base import ConnectorError, Credentials, Endpoint, ErrorKind

DEAD_GRANT = "invalid_grant"
WRONG_CLIENT = {"invalid_client", "unauthorized_client"}


def login(endpoint: Endpoint, credentials: Credentials, scopes: Sequence[str]) -> GoogleCredentials:
    """Google's own credentials object with a fresh access token. ConnectorError AUTH, PERMISSION or TRANSIENT."""
    found = GoogleCredentials(
        None,
        refresh_token=credentials.refresh_token,
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        token_uri=endpoint.token_uri,
        scopes=list(scopes),
    )
    refresh(endpoint, found)
    missing = set(scopes) - set(found.granted_scopes or scopes)
    if missing:
        message = f"The login lacks the permission {', '.join(sorted(missing))}. Reconnect and tick it."
        raise ConnectorError(ErrorKind.PERMISSION, message, code="missing_scope")
    return found


def refresh(endpoint: Endpoint, credentials: GoogleCredentials) -> None:
    """Fetch a new access token unless the present one still lives."""
    if credentials.valid:
        return
    with requests.Session() as session:
        session.verify = endpoint.ca_bundle or True
        try:
            credentials.refresh(partial(Request(session), timeout=endpoint.timeout))
            return
        except RefreshError as error:
            failure = refusal(error)
        except GoogleAuthError:
            failure = ConnectorError(ErrorKind.TRANSIENT, "Google's token server cannot be reached.", code="token")
    # Outside of `except`: the cause holds the request with the refresh token and the client secret.
    raise failure


def refusal(error: RefreshError) -> ConnectorError:
    """What it means that Google gives out no access token."""
    answer = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], dict) else {}
    code = str(answer.get("error", ""))
    if code == DEAD_GRANT or DEAD_GRANT in str(error):
        message = "Google refused the refresh token: it was revoked or expired. Reconnect the account."
        return ConnectorError(ErrorKind.AUTH, message, code=DEAD_GRANT)
    if code in WRONG_CLIENT:
        message = "Google does not know this client id with this client secret. Correct them in the connection's settings."
        return ConnectorError(ErrorKind.AUTH, message, code=code)
    if error.retryable or not code:  # google-auth calls an error page in HTML final, but it is a proxy's, not Google's
        return ConnectorError(ErrorKind.TRANSIENT, "Google's token server has a temporary problem.", code="token")
    message = f"Google gives out no access token ({code}). Reconnect the account."
    return ConnectorError(ErrorKind.AUTH, message, code=code)
