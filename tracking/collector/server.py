"""The tracking API as a server of its own: an RSGI application for granian, beside the web process that serves the pages.

One event loop reads and judges requests, one thread stores what waits together. The answers are those of
`tracking.collector.views`, which stay for installations with one address and a few hundred events per second.
Interface: https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError, InterfaceError, connection
from granian._granian import RSGIProtocolClosed as ProtocolClosed

from tracking.collector import door
from tracking.collector.limits import BODY_BYTES
from tracking.collector.together import Together

if TYPE_CHECKING:
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

PATHS = {f"/v1/{name}{slash}": name for name in door.ENDPOINTS for slash in ("", "/")}
REPORTS = ("/v1/m", "/v1/m/")  # the browser library's reports about itself
HEARD_OUT_BYTES = 16 * 1024 * 1024
ASIDE_BYTES = 32 * 1024  # a larger body is read by a thread, so that single events need not wait for it
ASIDE_THREADS = 2
HEALTHY = door.Answer(200, b'{"status":"ok"}')
ELSEWHERE = door.refuse(404, "This address takes events only: POST /v1/batch and its kin. The pages are served by the web process.")
POST_ONLY = door.refuse(405, "Send events with POST.", Allow="POST, OPTIONS")


class Collector:
    """What granian calls: `__rsgi_init__` once in the process, `__rsgi__` for each request."""

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._together = Together(loop)
        self._aside = ThreadPoolExecutor(ASIDE_THREADS, "aside")

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._together.close()

    async def __rsgi__(self, scope: "Scope", protocol: "HTTPProtocol") -> None:
        try:
            reply = await self._answer(scope, protocol)
        except ProtocolClosed:
            return  # gone before all of it was here: nothing was stored, and nobody waits for an answer
        headers = [("content-type", "application/json"), *((name.lower(), value) for name, value in reply.headers.items())]
        protocol.response_bytes(reply.status, headers, reply.content)

    async def _answer(self, scope: "Scope", protocol: "HTTPProtocol") -> door.Answer:
        endpoint, get = PATHS.get(scope.path), scope.headers.get
        if endpoint is None and scope.path not in REPORTS:
            return HEALTHY if scope.path == "/healthz" else ELSEWHERE
        if scope.method == "OPTIONS":
            return door.preflight(get("origin") or "")
        if scope.method != "POST":
            return POST_ONLY
        if endpoint is None:
            return door.SUCCESS
        body = await _body(scope, protocol)
        if body is None:
            return door.TOO_LARGE
        encoding = (get("content-encoding") or "").lower()
        return await self._take(door.Call(endpoint, body, get("authorization") or "", encoding, get("origin") or ""))

    async def _take(self, call: door.Call) -> door.Answer:
        """As `door.answer`."""
        try:
            decision = await self._decide(call)
            if decision.request:
                await self._together.store(decision.request)
            return door.with_origin(decision.answer, call.origin)
        except (DatabaseError, InterfaceError):
            return door.with_origin(door.AWAY, call.origin)

    async def _decide(self, call: door.Call) -> door.Decision:
        if len(call.body) <= ASIDE_BYTES:
            try:
                return door.decide(call)
            except SynchronousOnlyOperation:
                pass  # the source is not remembered: what asks the database must not hold up the loop
        return await self._loop.run_in_executor(self._aside, _decide_aside, call)


def _decide_aside(call: door.Call) -> door.Decision:
    try:
        return door.decide(call)
    except (DatabaseError, InterfaceError):
        connection.close()  # it may be dead, and the next request shall not find that out for itself
        raise


async def _body(scope: "Scope", protocol: "HTTPProtocol") -> bytes | None:
    """The body as sent; None when it is larger than anybody may send, of which no more than that is ever held.

    It is heard out all the same, within reason: who is cut off takes the answer for a broken network and sends it again for ever.
    """
    length = scope.headers.get("content-length") or ""
    if length.isdigit() and int(length[:12]) <= BODY_BYTES:
        return await protocol()
    body, size = bytearray(), 0
    async for part in protocol:
        size += len(part)
        if size > HEARD_OUT_BYTES:
            break
        if size <= BODY_BYTES:
            body += part
    return bytes(body) if size <= BODY_BYTES else None
