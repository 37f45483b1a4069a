"""What a file did to orders and refunds, row by row, so that exactly this can be taken back.

Before and after a chunk is stored the rows it names are read; what differs is noted with the values before. Taking back
compares again: a row that somebody else changed since stays as it is and is shown.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, TypeVar

from django.db.models import F, QuerySet

from mops.lib.locks import lock_in_transaction
from tracking import changes, orders, refunds
from tracking.models import Customer, ImportedRow, ImportFile, Order, Refund
from workspaces.models import Workspace

CHUNK = 1_000  # rows taken back in one transaction
MONEY = ("gross", "net", "margin", "currency")
M = TypeVar("M", Order, Refund)
State = dict[str, Any]  # as JSON; a customer by their key


@dataclass(frozen=True)
class Traced:
    """A table whose rows files write. `said` is what a file says of a row; the rest of `fields` follows from it."""

    model: type[Order] | type[Refund]
    key: str
    said: tuple[str, ...]
    derived: tuple[str, ...]

    def rows(self, workspace: Workspace, keys: Collection[str]) -> dict[str, Any]:
        found: QuerySet[Any] = self.model._default_manager.filter(workspace=workspace, **{f"{self.key}__in": keys})
        return {getattr(row, self.key): row for row in (found.select_related("customer") if self.model is Order else found)}

    def state(self, row: Order | Refund) -> State:
        return {name: _as_json(getattr(row, name)) for name in (*self.said, *self.derived)}

    def digest(self, state: Mapping[str, Any]) -> str:
        return sha256(json.dumps({name: state[name] for name in self.said}, sort_keys=True).encode()).hexdigest()


ORDERS = Traced(
    Order,
    "order_id",
    ("customer", "ordered_at", *MONEY, "is_new_customer", *orders.CUT, "source"),
    ("day", "channel", "channel_rule"),
)
REFUNDS = Traced(
    Refund, "refund_id", ("order_id_text", "refunded_at", *MONEY), ("day", "derived", "source", "told_gross", "told_net")
)
TRACED = {"order": ORDERS, "refund": REFUNDS}


def _as_json(value: Any) -> Any:
    if isinstance(value, Customer):
        return value.key
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | str) else str(value)


@contextmanager
def written(file: ImportFile, traced: Traced, keys: Collection[str]) -> Iterator[None]:
    """Note what the block does to the rows with these keys. In the caller's transaction."""
    lock_in_transaction("orders", file.workspace_id)
    before = {key: traced.state(row) for key, row in traced.rows(file.workspace, keys).items()}
    yield
    after = {key: traced.state(row) for key, row in traced.rows(file.workspace, keys).items()}
    rows = [
        ImportedRow(workspace_id=file.workspace_id, file=file, key=key, before=before.get(key), digest=traced.digest(state))
        for key, state in after.items()
        if before.get(key) != state
    ]
    # A key that comes again later in the file keeps how it was before the file.
    ImportedRow.objects.bulk_create(rows, update_conflicts=True, unique_fields=["file", "key"], update_fields=["digest"])


def take_back(file: ImportFile, traced: Traced) -> bool:
    """Remove or restore up to CHUNK rows, in the caller's transaction; False when none is left."""
    lock_in_transaction("orders", file.workspace_id)
    noted = list(ImportedRow.objects.filter(file=file, was_kept=False).order_by("pk")[:CHUNK])
    if not noted:
        return False
    there = traced.rows(file.workspace, [row.key for row in noted])
    own = [row for row in noted if row.key in there and traced.digest(traced.state(there[row.key])) == row.digest]
    changed = {row.pk for row in noted if row.key in there} - {row.pk for row in own}
    removed = [there[row.key] for row in own if row.before is None]
    restored = [(there[row.key], row.before) for row in own if row.before is not None]
    remove(file.workspace, traced, removed)
    _restore(file.workspace, traced, restored)
    ImportedRow.objects.filter(pk__in=changed).update(was_kept=True)
    ImportedRow.objects.filter(pk__in={row.pk for row in noted} - changed).delete()
    ImportFile.objects.filter(pk=file.pk).update(
        removed=F("removed") + len(removed), restored=F("restored") + len(restored), kept=F("kept") + len(changed)
    )
    return True


def remove(workspace: Workspace, traced: Traced, rows: Sequence[Any]) -> None:
    """Delete rows; with orders the customers who have none left. Refunds stay and wait for their order."""
    if not rows:
        return
    lock_in_transaction("orders", workspace.pk)
    (refunds if traced.model is Refund else orders).remove(workspace, rows)


def _restore(workspace: Workspace, traced: Traced, rows: Sequence[tuple[Any, State]]) -> None:
    if not rows:
        return
    touched = {row.customer_id for row, _ in rows} if traced.model is Order else set()
    customers = orders.customers_by_key(workspace, {state["customer"] for _, state in rows if state.get("customer")})
    for row, state in rows:
        for name in (*traced.said, *traced.derived):
            if name not in state:  # noted before there was such a field
                continue
            if name == "customer":
                row.customer_id = customers.get(state[name])
            else:
                field: Any = traced.model._meta.get_field(name)
                setattr(row, name, field.to_python(state[name]))
        if isinstance(row, Refund):
            row.order = None
    fields = [*traced.said, *traced.derived, *(["order"] if traced.model is Refund else [])]
    traced.model._default_manager.bulk_update([row for row, _ in rows], fields)
    if traced.model is Refund:
        refunds.link(workspace, [row.order_id_text for row, _ in rows])
        refunds.tell(workspace, list(Refund.objects.filter(pk__in=[row.pk for row, _ in rows])))
    else:
        refunds.link(workspace, [row.order_id for row, _ in rows])
        touched |= {row.customer_id for row, _ in rows}
        orders.recompute_customers(workspace, touched)
        changes.tell_of_buyers(workspace.pk, touched)
