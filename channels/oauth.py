"""Logging in at a platform (OAuth 2.0 authorization code with PKCE, RFC 6749 and 7636).

A flow lives in the session that began it, sealed for one workspace and one person, for ten minutes and one use. The code
is exchanged here, on the server; tokens never touch the browser, the session or a log.
"""

import base64
import hashlib
import secrets
import ssl
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from channels import endpoints
from channels.connectors import PLATFORMS
from channels.connectors.base import ConnectorError, Endpoint, ErrorKind, sentence
from mops.lib import crypto
from workspaces.models import User, Workspace

SESSION_KEY = "oauth_flows"
LIFETIME = timedelta(minutes=10)
KEPT = 5  # flows begun in tabs and never finished
Session = MutableMapping[str, Any]


@dataclass(frozen=True)
class Flow:
    """A login under way: for a new connection, or for the one with `connection` as its uuid."""

    platform: str
    connection: str
    verifier: str

    def __repr__(self) -> str:
        return f"Flow({self.platform!r}, {self.connection!r})"


class UnknownFlow(Exception):
    """The answer belongs to no login that this person began here: forged, used, too old, or of another workspace."""


def is_offered(platform: str) -> bool:
    """Whether this installation has an OAuth client at the platform."""
    return all(endpoints.oauth_client(platform))


def redirect_uri() -> str:
    """The one address the platform may send people back to, for all workspaces; registered there, character by character."""
    return f"{settings.SITE_URL}{reverse('oauth_done')}"


def begin(session: Session, workspace: Workspace, user: User, platform: str, connection: str = "") -> str:
    """Note a new flow in the session and return the platform's address to send the browser to."""
    state, verifier = f"{workspace.slug}.{secrets.token_urlsafe(32)}", secrets.token_urlsafe(48)
    until = (timezone.now() + LIFETIME).timestamp()
    sealed = crypto.seal({"platform": platform, "connection": connection, "verifier": verifier, "until": until},
                         _owner(workspace, user, state))  # fmt: skip
    flows = list(session.get(SESSION_KEY, {}).items())[-KEPT + 1 :]
    session[SESSION_KEY] = {**dict(flows), state: sealed.decode()}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "client_id": endpoints.oauth_client(platform)[0],
        "redirect_uri": redirect_uri(),
        "response_type": "code",
        "scope": " ".join(PLATFORMS[platform].scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if platform != "meta":  # without these Google hands out no refresh token from the second login on
        asked |= {"access_type": "offline", "prompt": "consent", "include_granted_scopes": "false"}
    return f"{endpoints.endpoint(platform).authorize_uri}?{urlencode(asked)}"


def slug_of(state: str) -> str:
    """The workspace a state was made for; what it may do there is checked there."""
    return state.partition(".")[0]


def finish(session: Session, workspace: Workspace, user: User, state: str) -> Flow:
    """The flow that `state` belongs to, taken out of the session. UnknownFlow if it is not this person's, here and now."""
    flows = dict(session.get(SESSION_KEY, {}))
    sealed = flows.pop(state, None)
    session[SESSION_KEY] = flows
    if sealed is None:
        raise UnknownFlow
    try:
        values = crypto.unseal(sealed.encode(), _owner(workspace, user, state))
    except crypto.UnableToDecrypt as error:
        raise UnknownFlow from error
    if values["until"] < timezone.now().timestamp():
        raise UnknownFlow
    return Flow(values["platform"], values["connection"], values["verifier"])


def _owner(workspace: Workspace, user: User, state: str) -> str:
    return f"oauth:{workspace.pk}:{user.pk}:{state}"


def exchange(flow: Flow, code: str) -> dict[str, str]:
    """The lasting credential for a code: Google's refresh token, Meta's token of 60 days. Raises ConnectorError."""
    client_id, client_secret = endpoints.oauth_client(flow.platform)
    client = {"client_id": client_id, "client_secret": client_secret}
    found = _ask(flow.platform, client | {
        "grant_type": "authorization_code", "code": code, "code_verifier": flow.verifier, "redirect_uri": redirect_uri(),
    })  # fmt: skip
    if flow.platform != "meta":
        return {"refresh_token": _token(found, "refresh_token")}
    lasting = _ask("meta", client | {"grant_type": "fb_exchange_token", "fb_exchange_token": _token(found, "access_token")})
    return {"access_token": _token(lasting, "access_token")}


def _ask(platform: str, form: dict[str, str]) -> dict[str, Any]:
    """One call of the token server. What it refuses is told without what was sent."""
    endpoint, label = endpoints.endpoint(platform), PLATFORMS[platform].label
    try:
        answer = httpx.post(endpoint.token_uri, data=form, timeout=endpoint.timeout, verify=_trust(endpoint))
        body = answer.json()
    except (httpx.HTTPError, ValueError):
        body = None
    if not isinstance(body, dict):
        silent = (
            sentence("The login server of %(platform)s does not answer properly.", platform=label),
            sentence("Try again in a few minutes."),
        )
        raise ConnectorError(ErrorKind.TRANSIENT, *silent, code="token")
    if answer.is_error or "error" in body:
        raise ConnectorError(
            ErrorKind.AUTH, sentence("%(platform)s refused the login.", platform=label), _reason(body), code="token"
        )
    return body


def _trust(endpoint: Endpoint) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=endpoint.ca_bundle or None)


def _reason(body: dict[str, Any]) -> str:
    error = body.get("error")
    if isinstance(error, dict):  # Meta
        return str(error.get("message", ""))[:300]
    return str(body.get("error_description") or error or "")[:300]


def _token(body: dict[str, Any], name: str) -> str:
    token = body.get(name)
    if not isinstance(token, str) or not token:
        said = sentence("The platform sent no lasting login."), sentence("Try again and allow access when it asks.")
        raise ConnectorError(ErrorKind.AUTH, *said, code=name)
    return token
