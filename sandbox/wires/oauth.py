"""Google's OAuth 2.0 endpoints: consent page, token and revocation. `consent` serves Meta's dialog too.

Shapes after RFC 6749, 7009 and 7636 and Google's answers: https://developers.google.com/identity/protocols/oauth2/web-server
"""

import base64
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from sandbox.faults import TOKEN_FAULTS, Fault
from sandbox.http import Handler, Request, Response, Route, html_response, json_response, redirect
from sandbox.tokens import ACCESS_SECONDS, CLIENT_ID, CLIENT_SECRET, Grant

if TYPE_CHECKING:
    from sandbox.server import Sandbox

LOOPBACK = ("localhost", "127.0.0.1", "::1")
GOOGLE_PLATFORMS = ("google_ads", "ga4")  # they share one token endpoint, so the faults of both strike here
LABELS = {"google": "Google (sandbox)", "meta": "Meta (sandbox)"}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}}code{{overflow-wrap:anywhere}}</style></head>
<body><h1>{title}</h1>{body}</body></html>"""


def routes(sandbox: "Sandbox") -> list[Route]:
    consent_page = consent(sandbox, "google", needs_pkce=True)
    return [
        ("GET", "/oauth/authorize", consent_page),
        ("POST", "/oauth/authorize", consent_page),
        ("POST", "/oauth/token", lambda request: _token(sandbox, request)),
        ("POST", "/oauth/revoke", lambda request: _revoke(sandbox, request)),
    ]


def consent(sandbox: "Sandbox", platform: str, *, needs_pkce: bool) -> Handler:
    """The page on which the owner of the data allows or denies; its POST sends the browser back with the answer."""

    def handle(request: Request) -> Response:
        asked = request.params
        wrong = _refusal(asked, needs_pkce)
        if wrong:
            return _page("This request is not valid", f"<p>{escape(wrong)}</p>", 400)
        if request.method == "GET":
            return _consent_page(platform, asked)
        if asked.get("decision") != "allow":
            return _back(asked, {"error": "access_denied"})
        scopes = tuple(asked["scope"].replace(",", " ").split())
        offline = platform != "google" or asked.get("access_type") == "offline"
        challenge = asked.get("code_challenge", "")
        return _back(asked, {"code": sandbox.tokens.code(platform, asked["redirect_uri"], challenge, scopes, offline=offline)})

    return handle


def _refusal(asked: Mapping[str, str], needs_pkce: bool) -> str:
    """Why the browser must not be sent back; "" when all is well. An unknown address is never redirected to."""
    if asked.get("client_id") != CLIENT_ID:
        return "invalid_client: the OAuth client was not found."
    target = urlsplit(asked.get("redirect_uri", ""))
    if target.scheme not in ("http", "https") or target.hostname not in LOOPBACK:
        return "redirect_uri_mismatch: the sandbox sends browsers back to this machine only."
    if asked.get("response_type") != "code":
        return "invalid_request: response_type must be code."
    for name in ("scope", "state"):
        if not asked.get(name):
            return f"invalid_request: {name} is missing."
    challenge = asked.get("code_challenge", "")
    proves = len(challenge) == 43 and asked.get("code_challenge_method") == "S256"
    if not proves and (needs_pkce or challenge):
        return "invalid_request: code_challenge with the method S256 is needed."
    return ""


def _consent_page(platform: str, asked: Mapping[str, str]) -> Response:
    hidden = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in asked.items())
    scopes = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in asked["scope"].replace(",", " ").split())
    body = (
        f"<p>The application <strong>{escape(asked['client_id'])}</strong> asks to read this data:</p><ul>{scopes}</ul>"
        f'<form method="post">{hidden}<button name="decision" value="allow">Allow</button>'
        f'<button name="decision" value="deny">Deny</button></form>'
    )
    return _page(LABELS[platform], body)


def _page(title: str, body: str, status: int = 200) -> Response:
    return html_response(PAGE.format(title=escape(title), body=body), status)


def _back(asked: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return redirect(asked["redirect_uri"] + joint + urlencode({**answer, "state": asked["state"]}))


def _token(sandbox: "Sandbox", request: Request) -> Response:
    sandbox.requests.add("google", request.path)
    fault = next(filter(None, (sandbox.faults.take(one, only=TOKEN_FAULTS) for one in GOOGLE_PLATFORMS)), None)
    if fault is Fault.TOKEN_503:
        return html_response("<title>Error 503 (Service Unavailable)</title>", 503)
    asked = request.form
    if fault is Fault.WRONG_CLIENT or _client(request) != (CLIENT_ID, CLIENT_SECRET):
        return _refuse("invalid_client", "The provided client secret is invalid.", 401)
    if fault is Fault.REVOKED_TOKEN:
        return _refuse("invalid_grant", "Token has been expired or revoked.")
    if asked.get("grant_type") == "authorization_code":
        return _exchange(sandbox, asked)
    if asked.get("grant_type") == "refresh_token":
        return _renew(sandbox, asked)
    return _refuse("unsupported_grant_type", f"Invalid grant_type: {asked.get('grant_type', '')}")


def _client(request: Request) -> tuple[str, str]:
    """Client id and secret from the form or from HTTP Basic; both are in use."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return request.form.get("client_id", ""), request.form.get("client_secret", "")
    name, _, secret = base64.b64decode(encoded).decode("utf-8", "replace").partition(":")
    return name, secret


def _exchange(sandbox: "Sandbox", asked: Mapping[str, str]) -> Response:
    code, verifier = asked.get("code", ""), asked.get("code_verifier", "")
    grant = sandbox.tokens.redeem("google", code, asked.get("redirect_uri", ""), verifier)
    if grant is None:
        return _refuse("invalid_grant", "Malformed auth code, wrong redirect_uri or code verifier.")
    return _granted(sandbox, grant, with_refresh=grant.offline)


def _renew(sandbox: "Sandbox", asked: Mapping[str, str]) -> Response:
    grant = sandbox.tokens.find(asked.get("refresh_token", ""), "google")
    if grant is None:
        return _refuse("invalid_grant", "Token has been expired or revoked.")
    return _granted(sandbox, grant, with_refresh=False)


def _granted(sandbox: "Sandbox", grant: Grant, *, with_refresh: bool) -> Response:
    answer: dict[str, object] = {
        "access_token": sandbox.tokens.access(grant),
        "expires_in": ACCESS_SECONDS,
        "scope": " ".join(grant.scopes),
        "token_type": "Bearer",
    }
    if with_refresh:
        answer["refresh_token"] = grant.token
    return json_response(answer, headers={"Cache-Control": "no-store"})


def _refuse(error: str, description: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": description}, status)


def _revoke(sandbox: "Sandbox", request: Request) -> Response:
    sandbox.requests.add("google", request.path)
    if sandbox.tokens.revoke(request.params.get("token", "")):
        return json_response({})
    return _refuse("invalid_token", "Token expired or revoked")
