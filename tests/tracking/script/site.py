"""A website that embeds the script, and a collector that only writes down what reaches it: the peers on the network."""

import json
import threading
from collections import deque
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tracking.script.build import build

if TYPE_CHECKING:
    from playwright.sync_api import Page

built = cache(build)


class Site:
    """Pages by path, answers the collector will give (then 200), and the batches it got."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.answers: deque[int] = deque()
        self.batches: list[dict[str, Any]] = []
        self.sent_as: list[str] = []  # content type of each batch
        self.sizes: list[int] = []  # bytes of each batch
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def put(self, path: str, body: str, *, head: str = "", manager: str = "page", attributes: str = "", script: str = "") -> str:
        """A page with the script in it; returns its address."""
        source = script or f"/t.js?k=sample-key&amp;cmp={manager}"
        self.pages[path] = (
            f"<!doctype html><html lang='de'><head><meta charset='utf-8'><title>Shop {path}</title>"
            f"<link rel='icon' href='data:,'>{head}<script src='{source}' {attributes}></script></head><body>{body}</body></html>"
        )
        return self.url + path

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event that was acknowledged or not, in order of arrival; a repetition counts once."""
        return list({event["messageId"]: event for batch in list(self.batches) for event in batch["batch"]}.values())

    @property
    def names(self) -> list[str]:
        return [event.get("event") or event["type"] for event in self.events]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [event for event, found in zip(self.events, self.names, strict=True) if found == name]

    def wait(self, page: "Page", arrived: Callable[[], object], seconds: float = 8) -> None:
        """Let the browser go on until this holds. Raises AssertionError."""
        for _ in range(int(seconds / 0.05)):
            if arrived():
                return
            page.wait_for_timeout(50)
        raise AssertionError(f"not arrived; got {self.names}")


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            manager = parse_qs(parts.query).get("cmp", ["page"])[0]
            if parts.path in ("/t.js", "/banner.js"):
                name = "t/banner.js" if parts.path == "/banner.js" else f"t/{manager}.js"
                self.reply(200, "text/javascript", built(name))
            elif parts.path == "/banner.css":
                self.reply(200, "text/css", built("t/banner.css"))
            else:
                found = site.pages.get(parts.path)
                self.reply(200 if found else 404, "text/html; charset=utf-8", (found or "").encode())

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/batch":
                status = site.answers.popleft() if site.answers else 200
                if status == 200:
                    site.sent_as.append(self.headers["Content-Type"])
                    site.sizes.append(len(content))
                    site.batches.append(json.loads(content))
                self.reply(status, "application/json", b'{"success":true}')
            else:
                self.reply(200, "text/html", b"thank you")

        def reply(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
