"""Whoever waits for the orders' lock holds no customer's row: who has the lock is about to write customers."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction

from mops.lib.clock import now
from mops.lib.locks import lock_in_transaction
from tests.tracking.importing import import_source, run, take_back, upload
from tests.tracking.rows import order
from tests.tracking.sending import a_source, send, track
from tests.tracking.test_ingest import drain
from tracking import buyers, orders
from tracking.models import Customer, DuplicateSuggestion, Order, Profile
from tracking.profiles import deciding
from tracking.rights import erasure, person
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database AND datname = current_database()
WHERE locktype = 'advisory' AND NOT granted
"""


@contextmanager
def behind_the_orders(workspace: Workspace, act: Callable[[], object]) -> Iterator[None]:
    """`act` in another thread, once it waits for the orders' lock, which is held here; it may end after the block."""

    def work() -> None:
        try:
            act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic(), connection.cursor() as cursor:
            lock_in_transaction("orders", workspace.pk)
            done = threads.submit(work)
            waiting = 0
            while not waiting and not done.done():
                time.sleep(0.01)
                cursor.execute(WAITING)
                waiting = cursor.fetchone()[0]
            assert waiting
            yield
        done.result()


def write_customers() -> None:
    assert list(Customer.objects.select_for_update(nowait=True))


def test_ingest_relinks_customers_behind_the_lock(workspace: Workspace) -> None:
    orders.store(workspace, [order()], "api")
    sold = {"order_id": "o-9", "total": 5, "currency": "EUR"}
    send(a_source(workspace), "track", {"event": "Order Completed", "userId": "c-1", "messageId": "m-1", "properties": sold})
    with behind_the_orders(workspace, drain):
        write_customers()
    assert Customer.objects.get().profile_id == Profile.objects.get().pk
    assert Order.objects.count() == 2


def test_a_member_who_joins_two_people_does(workspace: Workspace, marketer: User) -> None:
    orders.store(workspace, [order(), order("A-2", customer_key="b-1")], "api")
    said = {"type": "identify", "traits": {"email": "jana@example.org"}}
    send(a_source(workspace), "batch", {"batch": [{**said, "userId": name, "messageId": name} for name in ("b-1", "c-1")]})
    drain()
    one = DuplicateSuggestion.objects.get().pk
    with behind_the_orders(workspace, lambda: deciding.confirm(workspace, one, marketer)):
        write_customers()
    assert {row.profile_id for row in Customer.objects.all()} == {Profile.objects.get(merged_into=None).pk}


def test_who_undoes_a_file_does(workspace: Workspace) -> None:
    orders.store(workspace, [order()], "api")
    events = "event,user id,time\nSignup,c-1," + now().strftime("%Y-%m-%d %H:%M") + "\n"
    file = run(upload(workspace, "events", events, import_source(workspace)))
    drain()
    assert Customer.objects.get().profile_id
    with behind_the_orders(workspace, lambda: take_back(file)):
        write_customers()
    assert Customer.objects.get().profile_id is None


def test_the_sweep_does(workspace: Workspace) -> None:
    orders.store(workspace, [order()], "api")
    send(a_source(workspace), "track", track(userId="c-1"))
    drain()
    Customer.objects.update(profile=None)
    with behind_the_orders(workspace, lambda: buyers.relink(workspace.pk)):
        write_customers()
    assert Customer.objects.get().profile_id


def test_the_erasure_of_a_buyer_does(workspace: Workspace) -> None:
    orders.store(workspace, [order()], "api")
    buyer = person.find(workspace, "user_id", "c-1")
    with behind_the_orders(workspace, lambda: erasure.erase(buyer)):
        write_customers()
    assert Customer.objects.get().key.startswith("erased-")
