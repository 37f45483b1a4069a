"""Group commit: requests that wait at the same moment are stored by one statement and answered after its one commit.

Whoever finds nobody writing is written at once: nobody waits for company. Meanwhile the next ones queue, and the next
statement takes them all along. Why: docs/decisions/0006.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import DEFAULT_DB_ALIAS, DataError, connection, connections
from django.db.utils import IntegrityError

from tracking.collector.store import Receipt, Request, store, store_all

EVENTS = 1_000  # a group that holds as many takes nobody else along

Outcome = Receipt | Exception


class Together:
    """The queue of an event loop, and one thread with one connection that writes what is in it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: deque[tuple[Request, asyncio.Future[Receipt]]] = deque()
        self._writing = False
        self._writer = ThreadPoolExecutor(1, "writer")
        self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
        self._connection.inc_thread_sharing()

    async def store(self, request: Request) -> Receipt:
        """As `tracking.collector.store.store`: durable when it returns, with the same errors."""
        stored: asyncio.Future[Receipt] = self._loop.create_future()
        self._queue.append((request, stored))
        if not self._writing:
            self._write_next()
        return await stored

    def close(self) -> None:
        """Wait for the statement that runs and let the connections go."""
        for each in (connection, self._connection):
            self._writer.submit(each.close)
        self._writer.shutdown()

    def _write_next(self) -> None:
        group, events = [self._queue.popleft()], 0
        while self._queue and (events := events + len(group[-1][0].events)) < EVENTS:
            group.append(self._queue.popleft())
        self._writing = True
        writing = self._loop.run_in_executor(self._writer, self._write, [request for request, _stored in group])
        writing.add_done_callback(lambda done: self._written([stored for _request, stored in group], done.result()))

    def _written(self, waiting: Sequence[asyncio.Future[Receipt]], outcomes: Sequence[Outcome]) -> None:
        """The next group first: the database shall not wait while this one is answered."""
        self._writing = False
        if self._queue:
            self._write_next()
        for stored, outcome in zip(waiting, outcomes, strict=True):
            if stored.done():
                continue  # its client has gone
            if isinstance(outcome, Exception):
                stored.set_exception(outcome)
            else:
                stored.set_result(outcome)

    def _write(self, requests: Sequence[Request]) -> Sequence[Outcome]:
        try:
            return store_all(requests, self._connection)
        except (DataError, IntegrityError):
            return [_write_alone(request) for request in requests]
        except Exception as error:  # noqa: BLE001 – raised for each of them
            return [error] * len(requests)


def _write_alone(request: Request) -> Outcome:
    """One of them holds an event the database refuses: that one is found without harm to the others."""
    try:
        return store(request)
    except Exception as error:  # noqa: BLE001 – raised for the one that sent it
        connection.close()  # it may be dead, and the next request shall not find that out for itself
        return error
