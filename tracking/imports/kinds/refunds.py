"""Files of refunds, one per line, with positive amounts. A refund may be here before its order."""

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from tracking import refunds
from tracking.imports import traces, values
from tracking.imports.kind import Cell, Field, Given, Kind, Reading, Row
from tracking.imports.kinds import money
from tracking.models import ImportFile
from tracking.outcome import Outcome
from tracking.row_rules import RefundRow, refund_problem
from workspaces.models import Workspace

FIELDS: tuple[Field, ...] = (
    Field("refund_id", _("Refund id"), "text", True,
          "refundid refundnumber refundno creditnote creditnotenumber gutschriftnummer gutschriftnr erstattungsnummer erstattungsnr"
          " gutschrift stornonummer retourennummer returnid"),
    Field("order_id", _("Order id"), "text", True,
          "orderid ordernumber orderno order bestellnummer bestellnr auftragsnummer auftragsnr bestellid transactionid"),
    Field("refunded_at", _("Time"), "time", True,
          "refundedat refunddate createdat created date datum erstattungsdatum gutschriftdatum erstattetam zeitpunkt timestamp"),
    Field("gross", _("Gross"), "amount", True, f"refundamount erstattungsbetrag gutschriftbetrag erstattet {money.GROSS}"),
    Field("net", _("Net"), "amount", False, money.NET),
    money.CURRENCY,
    money.MARGIN,
)  # fmt: skip


def reader(_workspace: Workspace, reading: Reading) -> Callable[[Given], RefundRow]:
    """Shops write money given back with a minus or without: both mean the same in a file of refunds."""

    def refund(given: Given) -> RefundRow:
        said: dict[str, Any] = {"currency": reading.currency, **given.values}
        said |= {name: abs(said[name]) for name in ("gross", "net", "margin") if name in said}
        said.setdefault("net", money.net_of(said["gross"], reading))
        row = RefundRow(**said)
        if problem := refund_problem(row):
            raise values.Unreadable(problem)
        return row

    return refund


def cells(row: RefundRow) -> Sequence[Cell]:
    amounts = [Cell(amount, row.currency) for amount in (row.gross, row.net, row.margin)]
    return [Cell(row.refund_id), Cell(row.order_id), Cell(row.refunded_at), *amounts]


def store(file: ImportFile, rows: Sequence[Row]) -> Outcome:
    with traces.written(file, traces.REFUNDS, {row.content.refund_id for row in rows}):
        return refunds.store(file.workspace, [row.content for row in rows], "import")


def undo(file: ImportFile) -> bool:
    return traces.take_back(file, traces.REFUNDS)


KIND = Kind(
    "refunds", _("Refunds"), _("Money given back, for an order each, whole or in part."), "undo-2", FIELDS, money.ASKS,
    (_("Refund id"), _("Order id"), _("Time"), _("Gross"), _("Net"), _("Margin")),
    cells, reader, store, undo,
)  # fmt: skip
