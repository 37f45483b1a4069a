"""What an HTTP wire receives and answers. Wires expose `routes(sandbox)`; `sandbox.server` mounts them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """One call. Header names are lower case; of a repeated parameter the last value counts."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    match: Mapping[str, str] = field(default_factory=dict)  # named groups of the route's pattern

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "Request":
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return cls(method, parts.path, query, {name.lower(): value for name, value in headers.items()}, body)

    @property
    def form(self) -> Mapping[str, str]:
        """The fields of an application/x-www-form-urlencoded body."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def params(self) -> Mapping[str, str]:
        """Query and form together, as Graph reads them."""
        return {**self.query, **self.form}

    def json(self) -> Any:
        """The JSON body; ValueError if it is none."""
        return json.loads(self.body or b"null")

    @property
    def bearer(self) -> str:
        """The token of the Authorization header, or ""."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True)
class Response:
    """The answer. `cut` bytes are promised by Content-Length but never sent: the line breaks within the body."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0


Handler = Callable[[Request], Response]
Route = tuple[str, str, Handler]  # method ("GET", "POST", "*"), regular expression for the whole path, handler


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, headers=headers or {})


def html_response(text: str, status: int = 200) -> Response:
    return Response(status, text.encode(), "text/html; charset=utf-8")


def redirect(url: str) -> Response:
    return Response(302, headers={"Location": url})


class Router:
    """Finds the handler of a request; the first route that fits wins."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = [(method, re.compile(pattern), handler) for method, pattern, handler in routes]

    def answer(self, request: Request) -> Response:
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(request.path)
            if found and method in (request.method, "*"):
                fields = (request.method, request.path, request.query, request.headers, request.body)
                return handler(Request(*fields, match=found.groupdict(default="")))
        return json_response({"error": "not_found", "path": request.path}, 404)
