"""Files of orders, one per line. An order that is here already is corrected."""

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from tracking import orders
from tracking.imports import traces, values
from tracking.imports.kind import Cell, Field, Given, Kind, Reading, Row
from tracking.imports.kinds import money
from tracking.models import ImportFile
from tracking.outcome import Outcome
from tracking.row_rules import OrderRow, order_problem
from workspaces.models import Workspace

FIELDS: tuple[Field, ...] = (
    Field("order_id", _("Order id"), "text", True,
          "orderid ordernumber orderno order name bestellnummer bestellnr auftragsnummer auftragsnr bestellid transactionid"),
    Field("ordered_at", _("Time"), "time", True,
          "orderedat orderdate createdat created date datum bestelldatum bestellzeit zeitpunkt auftragsdatum timestamp paidat"),
    Field("gross", _("Gross"), "amount", True, money.GROSS),
    Field("net", _("Net"), "amount", False, money.NET),
    money.CURRENCY,
    Field("customer_key", _("Customer key"), "text", False,
          "customerkey customerid customer customerno customernumber kundennummer kundennr kundenid kunde kd debitor"),
    money.MARGIN,
    Field("is_new_customer", _("New customer"), "flag", False, "isnewcustomer newcustomer neukunde neukundin new"),
    Field("utm_source", "utm_source", "text", False, "utmsource source quelle"),
    Field("utm_medium", "utm_medium", "text", False, "utmmedium medium"),
    Field("utm_campaign", "utm_campaign", "text", False, "utmcampaign campaign kampagne"),
    Field("utm_id", "utm_id", "text", False, "utmid campaignid kampagnenid"),
    Field("gclid", "gclid", "text", False, "gclid"),
    Field("fbclid", "fbclid", "text", False, "fbclid"),
    Field("referrer", _("Referring page"), "text", False, "referrer referer referringsite verweis"),
)  # fmt: skip


def reader(_workspace: Workspace, reading: Reading) -> Callable[[Given], OrderRow]:
    def order(given: Given) -> OrderRow:
        said: dict[str, Any] = {"currency": reading.currency, "net": money.net_of(given.values["gross"], reading), **given.values}
        row = OrderRow(**said)
        if problem := order_problem(row):
            raise values.Unreadable(problem)
        return row

    return order


def cells(row: OrderRow) -> Sequence[Cell]:
    amounts = [Cell(amount, row.currency) for amount in (row.gross, row.net, row.margin)]
    source = " / ".join(filter(None, (row.utm_source, row.utm_medium)))
    return [Cell(row.order_id), Cell(row.ordered_at), *amounts, Cell(row.customer_key), Cell(source)]


def store(file: ImportFile, rows: Sequence[Row]) -> Outcome:
    keys = {row.content.order_id for row in rows}
    with traces.written(file, traces.ORDERS, keys):
        return orders.store(file.workspace, [row.content for row in rows], "import")


def undo(file: ImportFile) -> bool:
    return traces.take_back(file, traces.ORDERS)


KIND = Kind(
    "orders", _("Orders"), _("What the shop sold: one order per line."), "shopping-bag", FIELDS, money.ASKS,
    (_("Order id"), _("Time"), _("Gross"), _("Net"), _("Margin"), _("Customer"), _("Source")),
    cells, reader, store, undo,
)  # fmt: skip
