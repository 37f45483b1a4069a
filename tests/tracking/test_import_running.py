"""Imports: every line is stored or refused with its number and reason, whatever happens on the way."""

from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError

from mops.lib import clock
from tracking.imports import columns, running, tables
from tracking.imports.kind import Reading
from tracking.imports.kinds.orders import KIND as ORDERS
from tracking.models import ImportFile, Order, RefusedRow
from workspaces.models import AuditEvent, Workspace

CSV = (
    "Bestellnummer;Bestelldatum;Gesamtbetrag;Kundennummer;utm_source;utm_medium\n"
    "A-1;01.10.2026 09:30;1.234,56;K-1;google;cpc\n"
    ";02.10.2026;9,90;K-2;;\n"
    "A-3;02.10.2026;neun;K-2;;\n"
    "A-4;31.02.2026;9,90;K-2;;\n"
    "A-5;03.10.2026;19,00;K-1;newsletter;email\n"
)


def upload(workspace: Workspace, text: str = CSV, **reading: str) -> ImportFile:
    content = text.encode()
    table = tables.read(content)
    proposal = columns.propose(workspace, ORDERS, table)
    return ImportFile.objects.create(
        workspace=workspace, name="orders.csv", content=content, headers=table.headers, columns=proposal.columns,
        options=asdict(Reading(**{**proposal.reading, **reading})),
    )  # fmt: skip


def numbers(file: ImportFile) -> tuple[int, ...]:
    file.refresh_from_db()
    return file.rows, file.stored, file.corrected, file.unchanged, file.refused


def test_it_stores_good_lines_and_reports_every_bad_one(workspace: Workspace) -> None:
    file = upload(workspace)
    running.start(file)
    assert running.run(file.pk)
    assert numbers(file) == (5, 2, 0, 0, 3)
    assert list(RefusedRow.objects.order_by("line").values_list("line", flat=True)) == [3, 4, 5]
    assert all(row.reason for row in RefusedRow.objects.all())
    assert (file.state, bytes(file.content), AuditEvent.objects.get().action) == ("done", b"", "import.done")
    order = Order.objects.get(order_id="A-1")
    assert (order.gross, order.net, order.channel, order.source) == (
        Decimal("1234.56"),
        Decimal("1037.45"),
        "paid_search",
        "import",
    )


def test_it_changes_nothing_when_the_file_is_imported_again(workspace: Workspace) -> None:
    for _ in range(2):
        file = upload(workspace)
        running.start(file)
        running.run(file.pk)
    assert numbers(file) == (5, 0, 0, 2, 3)


def test_it_goes_on_where_a_lost_worker_stopped(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    file = upload(workspace)
    running.start(file)
    ImportFile.objects.filter(pk=file.pk).update(lease_until=clock.now() + timedelta(minutes=1))
    assert not running.run(file.pk)  # somebody holds it
    ImportFile.objects.filter(pk=file.pk).update(lease_until=clock.now() - timedelta(minutes=1))
    assert running.due() == [file.pk]
    with monkeypatch.context() as broken:
        broken.setattr(RefusedRow.objects, "bulk_create", broken_on_second_call())  # type: ignore[no-untyped-call]
        with pytest.raises(OperationalError):
            running.run(file.pk)
    assert numbers(file)[1:] == (1, 0, 0, 1)  # the first chunk, whole
    ImportFile.objects.filter(pk=file.pk).update(lease_until=None)
    running.run(file.pk)
    assert numbers(file) == (5, 2, 0, 0, 3)


def test_a_long_file_is_worked_on_in_parts(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)
    monkeypatch.setattr(running, "AT_ONCE", 0.0)
    file = upload(workspace)
    running.start(file)
    parts = 0
    while file.pk in running.due():
        assert running.run(file.pk)
        parts += 1
    assert (parts, *numbers(file)) == (4, 5, 2, 0, 0, 3)  # the last part finds nothing left
    assert file.state == "done"


def broken_on_second_call():  # type: ignore[no-untyped-def]
    store, calls = RefusedRow.objects.bulk_create, []

    def bulk_create(rows):  # type: ignore[no-untyped-def]
        calls.append(rows)
        if len(calls) == 2:
            raise OperationalError("the line broke")
        return store(rows)

    return bulk_create


def test_it_starts_a_file_once(workspace: Workspace) -> None:
    file = upload(workspace)
    running.start(file)
    with pytest.raises(running.UnableToImport):
        running.start(file)


def test_it_asks_where_the_numbers_can_be_read_in_two_ways(workspace: Workspace) -> None:
    table = tables.read(b"order id,date,total\n1,2026-10-01,1.234\n2,2026-10-02,2.500\n")
    proposal = columns.propose(workspace, ORDERS, table)
    assert (proposal.ambiguous, "decimal_sign" in proposal.reading) == ("1.234", False)


def test_it_remembers_the_columns_of_these_headers(workspace: Workspace, other: Workspace) -> None:
    table = tables.read(b"x,y,z\n1,2026-10-01,5\n")
    chosen = {"order_id": "x", "ordered_at": "y", "gross": "z"}
    columns.save(workspace, ORDERS, table.headers, chosen, Reading(currency="CHF"))
    proposal = columns.propose(workspace, ORDERS, table)
    assert (proposal.columns, proposal.reading["currency"], proposal.is_saved) == (chosen, "CHF", True)
    assert not columns.propose(other, ORDERS, table).is_saved
