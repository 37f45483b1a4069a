"""Login at Meta: the consent dialog, codes for tokens, short for long-lived ones, and what a token may do."""

import time
from typing import TYPE_CHECKING

from sandbox.http import Request, Response, Route, json_response
from sandbox.tokens import ACCESS_SECONDS, CLIENT_ID, CLIENT_SECRET, SYSTEM_USER_TOKEN, Grant
from sandbox.wires.meta.graph import ANY_VERSION, PLATFORM, Graph
from sandbox.wires.meta.refusals import EXPIRED, Refusal, Refused
from sandbox.wires.oauth import consent

if TYPE_CHECKING:
    from collections.abc import Mapping

USER_TOKEN_SECONDS = 60 * 86_400  # long-lived user tokens; system-user tokens do not expire
PEOPLE = {
    True: ("122100000000001", "Alpenkiste reporting (sample system user)"),
    False: ("10220000000000002", "Mara Lind (sample)"),
}


def routes(graph: Graph) -> list[Route]:
    dialog = consent(graph.sandbox, PLATFORM, needs_pkce=False)
    return [
        ("*", f"{ANY_VERSION}/dialog/oauth/?", dialog),
        ("*", f"{ANY_VERSION}/oauth/access_token/?", lambda request: _access_token(graph, request)),
        ("*", f"{ANY_VERSION}/debug_token/?", graph.guarded(lambda request, grant: _debug_token(graph, request))),
        ("GET", f"{ANY_VERSION}/me/?", graph.guarded(lambda request, grant: _me(graph, request, grant))),
    ]


def _access_token(graph: Graph, request: Request) -> Response:
    """A code becomes a token of an hour, that one (fb_exchange_token) becomes a token of 60 days."""
    graph.log(request)
    asked = request.params
    try:
        if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise Refused(Refusal(1, "Error validating client secret."))
        if asked.get("grant_type") == "fb_exchange_token":
            return _exchanged(graph, asked)
        verifier = asked.get("code_verifier", "")
        grant = graph.sandbox.tokens.redeem(PLATFORM, asked.get("code", ""), asked.get("redirect_uri", ""), verifier)
        if grant is None:
            raise Refused(Refusal(100, "This authorization code has been used or has expired.", 36009))
    except Refused as refused:
        return refused.refusal.response()
    return _token(graph.sandbox.tokens.access(grant), ACCESS_SECONDS)


def _exchanged(graph: Graph, asked: "Mapping[str, str]") -> Response:
    grant = graph.grant(asked.get("fb_exchange_token", ""))
    if grant is None:
        raise Refused(EXPIRED)
    return _token(grant.token, USER_TOKEN_SECONDS)


def _token(token: str, seconds: int) -> Response:
    return json_response({"access_token": token, "token_type": "bearer", "expires_in": seconds})


def _debug_token(graph: Graph, request: Request) -> Response:
    graph.log(request)
    token = request.params.get("input_token", "")
    grant = graph.grant(token)
    if grant is None:
        error = {"code": 190, "message": "The access token could not be decrypted", "subcode": 467}
        return json_response({"data": {"is_valid": False, "scopes": [], "error": error}})
    system = grant.token == SYSTEM_USER_TOKEN
    lasting = USER_TOKEN_SECONDS if token == grant.token else ACCESS_SECONDS
    found = {
        "app_id": CLIENT_ID,
        "application": "mops (sandbox)",
        "type": "SYSTEM_USER" if system else "USER",
        "is_valid": True,
        "expires_at": 0 if system else int(time.time()) + lasting,
        "scopes": list(grant.scopes),
        "user_id": PEOPLE[system][0],
    }
    return json_response({"data": found})


def _me(graph: Graph, request: Request, grant: Grant) -> Response:
    graph.log(request)
    identity, name = PEOPLE[grant.token == SYSTEM_USER_TOKEN]
    return json_response({"id": identity, "name": name})
