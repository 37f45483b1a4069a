"""The tracking API in front of Django: the same door, without sessions, cookies, languages and request logs around it.

What it does not take itself (preflights, webhooks, every page) goes on to Django, whose views answer the same addresses,
so that tests and other servers need not know of it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from tracking.collector import door
from tracking.collector.limits import BODY_BYTES
from tracking.collector.store import Request, store

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, Any], Iterable[bytes]]
PATHS = {f"/v1/{name}{slash}": name for name in door.ENDPOINTS for slash in ("", "/")}
PHRASES = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 413: "Content Too Large", 429: "Too Many Requests",
           503: "Service Unavailable"}  # fmt: skip


def in_front_of(django: Application, write: Callable[[Request], object] = store) -> Application:
    """The WSGI application that takes events itself, to store them with `write`, and leaves the rest to `django`."""

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        endpoint = PATHS.get(environ["PATH_INFO"])
        if endpoint is None or environ["REQUEST_METHOD"] != "POST":
            return django(environ, start_response)
        answer = _answer(environ, endpoint, write)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer.content))), *answer.headers.items()]
        start_response(f"{answer.status} {PHRASES[answer.status]}", headers)
        return [answer.content]

    return application


def _answer(environ: Environ, endpoint: str, write: Callable[[Request], object]) -> door.Answer:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length[:12]) > BODY_BYTES:
        return door.TOO_LARGE
    body = environ["wsgi.input"].read(int(length))
    authorization, encoding = environ.get("HTTP_AUTHORIZATION", ""), environ.get("HTTP_CONTENT_ENCODING", "").lower()
    call = door.Call(endpoint, body, authorization, encoding, environ.get("HTTP_ORIGIN", ""))
    return door.answer(call, write)
