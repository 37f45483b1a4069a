"""Group commit: requests that wait at the same moment are stored by one statement and answered after its one commit.

Whoever finds nobody writing writes at once, what came before it and its own: nobody waits for company. Meanwhile the
next ones queue, and the first of them takes them all along. Why: docs/decisions/0006.
"""

from collections import deque
from threading import Lock

from django.db import DEFAULT_DB_ALIAS, DataError, connections
from django.db.utils import IntegrityError

from tracking.collector.store import Receipt, Request, store, store_all

EVENTS = 1_000  # a group that holds as many takes nobody else along


class _Waiting:
    """A request in the queue, and afterwards what became of it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.outcome: Receipt | Exception | None = None


class Together:
    """The queue of a process and its one connection, which is used in turn."""

    def __init__(self) -> None:
        self._queue: deque[_Waiting] = deque()
        self._turn = Lock()
        self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
        self._connection.inc_thread_sharing()

    def store(self, request: Request) -> Receipt:
        """As `tracking.collector.store.store`: durable when it returns, with the same errors."""
        own = _Waiting(request)
        self._queue.append(own)
        with self._turn:
            while own.outcome is None:
                self._write(self._next())
        if isinstance(own.outcome, Exception):
            raise own.outcome
        return own.outcome

    def close(self) -> None:
        with self._turn:
            self._connection.close()

    def _next(self) -> list[_Waiting]:
        group, events = [self._queue.popleft()], 0
        while self._queue and (events := events + len(group[-1].request.events)) < EVENTS:
            group.append(self._queue.popleft())
        return group

    def _write(self, group: list[_Waiting]) -> None:
        try:
            receipts = store_all([waiting.request for waiting in group], self._connection)
            for waiting, receipt in zip(group, receipts, strict=True):
                waiting.outcome = receipt
        except (DataError, IntegrityError):
            for waiting in group:
                _write_alone(waiting)
        except Exception as error:  # noqa: BLE001 – raised in the thread of each of them
            for waiting in group:
                waiting.outcome = error


def _write_alone(waiting: _Waiting) -> None:
    """One of them holds an event the database refuses: that one is found without harm to the others."""
    try:
        waiting.outcome = store(waiting.request)
    except Exception as error:  # noqa: BLE001 – raised in its own thread
        waiting.outcome = error
