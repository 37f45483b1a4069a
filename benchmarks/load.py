"""A load generator that leaves the processor to the server: prepared requests over kept connections, one thread."""

import selectors
import socket
import time
from collections.abc import Callable
from typing import NamedTuple

SILENCE = 60.0  # seconds


class Load(NamedTuple):
    """What a run measured."""

    requests: int
    seconds: float
    p50: float  # milliseconds
    p99: float  # milliseconds
    failed: int  # answers other than 200

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def request(port: int, path: str, body: bytes, **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.started, self.answer = 0.0, b""

    def read(self) -> bytes:
        """The answer, once all of it is here."""
        self.answer += self.socket.recv(65536)
        head, end, body = self.answer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0) if end else 1
        if len(body) < length:
            return b""
        answer, self.answer = self.answer, b""
        return answer

    def send(self, content: bytes) -> None:
        self.started = time.perf_counter()
        self.socket.sendall(content)


def run(port: int, make: Callable[[int], bytes], requests: int, connections: int = 32) -> Load:
    """Send `requests` prepared requests, `connections` at a time."""
    prepared = [make(number) for number in range(requests)]
    times: list[float] = []
    failed = sent = 0
    with selectors.DefaultSelector() as selector:
        started = time.perf_counter()
        for _ in range(connections):
            connection = _Connection(port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(prepared[sent])
            sent += 1
        while len(times) < requests:
            ready = selector.select(SILENCE)
            if not ready:
                raise TimeoutError(f"No answer for {SILENCE} seconds, {len(times)} of {requests} came")
            for key, _events in ready:
                connection = key.data
                if not (answer := connection.read()):
                    continue
                times.append(time.perf_counter() - connection.started)
                failed += not answer.startswith(b"HTTP/1.1 200")
                if sent < requests:
                    connection.send(prepared[sent])
                    sent += 1
                else:
                    selector.unregister(connection.socket)
                    connection.socket.close()
        seconds = time.perf_counter() - started
    times.sort()
    return Load(requests, seconds, 1000 * times[len(times) // 2], 1000 * times[len(times) * 99 // 100], failed)
