"""The sandbox as one object: a TLS gRPC server and an HTTP server over one market, one clock and one fault switchboard.

Every module in `sandbox.wires` is a wire: it exposes `routes(sandbox)` (HTTP), `handlers(sandbox)` (gRPC) or both.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from threading import Event, Thread
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import grpc

from sandbox import wires
from sandbox.certificates import Certificates, certificates
from sandbox.clock import Clock, FixedClock
from sandbox.faults import Faults
from sandbox.http import Request, Response, Route, Router
from sandbox.requests import RequestLog
from sandbox.shop import Shop
from sandbox.tokens import Tokens
from sandbox.visitors import Visitors

if TYPE_CHECKING:
    from sandbox.market import Market

HOST = "127.0.0.1"
GRPC_THREADS = 16
MESSAGE_LIMIT = 64 * 1024 * 1024  # the official clients accept messages of this size


class Addresses(NamedTuple):
    """Where the sandbox answers: "http://127.0.0.1:PORT", "localhost:PORT", and the PEM file to trust."""

    http: str
    grpc: str
    ca_bundle: str


class Sandbox:
    """The platforms. What wires share hangs here: market, clock, faults, tokens and the request log."""

    def __init__(self, market: "Market", clock: Clock | FixedClock, home: Path) -> None:
        self.market = market
        self.clock = clock
        self.home = home
        self.faults = Faults()
        self.requests = RequestLog()
        self.tokens = Tokens(home / "sandbox" / "tokens.json")
        self.shop = Shop(self.market, clock)
        self.visitors = Visitors(self.market, clock, home)
        self.stall_seconds = 90.0  # longer than any client waits
        self.stopping = Event()

    def start(self, http_port: int = 0, grpc_port: int = 0) -> Addresses:
        """Serve until `stop`; port 0 takes a free one. OSError or RuntimeError when a port is in use."""
        found = certificates(self.home / "sandbox")
        self._http = _http_server(self, http_port)
        Thread(target=self._http.serve_forever, name="sandbox-http", daemon=True).start()
        self._grpc, port = _grpc_server(self, found, grpc_port)
        self._grpc.start()
        self.addresses = Addresses(f"http://{HOST}:{self._http.server_port}", f"localhost:{port}", str(found.bundle))
        return self.addresses

    def stop(self) -> None:
        self.stopping.set()
        self.shop.close()
        self.visitors.close()
        self._http.shutdown()
        self._http.server_close()
        self._grpc.stop(grace=0.2).wait()

    def stall(self, listening: Callable[[], bool] = lambda: True) -> None:
        """Say nothing (fault `timeout`) until the client has given up or every client would have."""
        ends = time.monotonic() + self.stall_seconds
        while listening() and time.monotonic() < ends and not self.stopping.wait(0.1):
            pass


def _wires() -> Iterator[ModuleType]:
    for module in sorted(iter_modules(wires.__path__), key=lambda found: found.name):
        yield import_module(f"{wires.__name__}.{module.name}")


def _http_server(sandbox: Sandbox, port: int) -> ThreadingHTTPServer:
    routes: list[Route] = [route for wire in _wires() if hasattr(wire, "routes") for route in wire.routes(sandbox)]
    router = Router(routes)

    class Wire(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "sandbox"
        sys_version = ""
        wbufsize = 1 << 16  # unbuffered header writes cost 44 ms a reply: Nagle waits for a delayed ACK
        disable_nagle_algorithm = True

        def handle_call(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request.of(self.command, self.path, dict(self.headers.items()), body)
            sandbox.requests.inspect_query(list(request.query))
            _write(self, router.answer(request))

        do_GET = do_POST = do_DELETE = handle_call

        def log_message(self, format: str, *args: object) -> None:
            """Silent: an access log would keep query strings."""

    server = ThreadingHTTPServer((HOST, port), Wire)
    server.daemon_threads = True
    return server


def _write(wire: BaseHTTPRequestHandler, response: Response) -> None:
    wire.send_response(response.status)
    wire.send_header("Content-Type", response.content_type)
    wire.send_header("Content-Length", str(len(response.body) + response.cut))
    for name, value in response.headers.items():
        wire.send_header(name, value)
    wire.end_headers()
    wire.wfile.write(response.body)
    wire.wfile.flush()
    wire.close_connection = wire.close_connection or response.cut > 0


def _grpc_server(sandbox: Sandbox, found: Certificates, port: int) -> tuple[grpc.Server, int]:
    options = [
        ("grpc.max_send_message_length", MESSAGE_LIMIT),
        ("grpc.max_metadata_size", 64 * 1024),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.server(ThreadPoolExecutor(GRPC_THREADS), options=options)
    for wire in _wires():
        if hasattr(wire, "handlers"):
            server.add_generic_rpc_handlers(wire.handlers(sandbox))
    keys = grpc.ssl_server_credentials([(found.key.read_bytes(), found.leaf.read_bytes())])
    return server, server.add_secure_port(f"{HOST}:{port}", keys)
