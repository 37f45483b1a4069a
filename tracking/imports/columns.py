"""Which column of a file is what: the fields of an order, the words shops head them with, and what was saved last time."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracking.imports.tables import Table
from tracking.imports.values import DateOrder, DecimalSign, date_order_of, decimal_sign_of, is_ambiguous
from tracking.models import ColumnMapping
from workspaces.models import Workspace


class Field(NamedTuple):
    """A value of an order a column can give. `words` are headers seen in exports, letters and digits only."""

    name: str
    label: str | Promise
    kind: str  # text, time, amount, flag
    required: bool
    words: str


FIELDS: tuple[Field, ...] = (
    Field("order_id", _("Order id"), "text", True,
          "orderid ordernumber orderno order name bestellnummer bestellnr auftragsnummer auftragsnr bestellid transactionid"),
    Field("ordered_at", _("Time"), "time", True,
          "orderedat orderdate createdat created date datum bestelldatum bestellzeit zeitpunkt auftragsdatum timestamp paidat"),
    Field("gross", _("Gross"), "amount", True,
          "gross total totalgross amount brutto bruttobetrag gesamtbetrag gesamt summe betrag umsatz umsatzbrutto rechnungsbetrag"),
    Field("net", _("Net"), "amount", False, "net netto nettobetrag subtotal totalnet umsatznetto nettoumsatz"),
    Field("currency", _("Currency"), "text", False, "currency waehrung wahrung whrung currencycode"),
    Field("customer_key", _("Customer key"), "text", False,
          "customerkey customerid customer customerno customernumber kundennummer kundennr kundenid kunde kd debitor"),
    Field("margin", _("Margin"), "amount", False, "margin contributionmargin marge deckungsbeitrag db rohertrag profit"),
    Field("is_new_customer", _("New customer"), "flag", False, "isnewcustomer newcustomer neukunde neukundin new"),
    Field("utm_source", "utm_source", "text", False, "utmsource source quelle"),
    Field("utm_medium", "utm_medium", "text", False, "utmmedium medium"),
    Field("utm_campaign", "utm_campaign", "text", False, "utmcampaign campaign kampagne"),
    Field("utm_id", "utm_id", "text", False, "utmid campaignid kampagnenid"),
    Field("gclid", "gclid", "text", False, "gclid"),
    Field("fbclid", "fbclid", "text", False, "fbclid"),
    Field("referrer", _("Referring page"), "text", False, "referrer referer referringsite verweis"),
)  # fmt: skip
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True)
class Reading:
    """How the cells of a file are read; chosen once per file."""

    decimal_sign: DecimalSign = "."
    date_order: DateOrder = "ymd"
    time_zone: str = "Europe/Berlin"  # of times without an offset
    currency: str = "EUR"  # where no column gives it
    vat_percent: str = "19"  # net = gross / (1 + VAT) where no column gives it

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True)
class Proposal:
    """What the page suggests before a person confirms."""

    columns: dict[str, str]  # field name → header
    reading: dict[str, Any]  # values of Reading; those that must be asked are missing
    ambiguous: str  # an amount that can be read in two ways, "" if there is none
    is_saved: bool  # from an earlier file with these headers


def propose(workspace: Workspace, table: Table) -> Proposal:
    """The saved answer for these headers, else what the headers and the cells themselves tell."""
    if saved := _saved(workspace, table.headers):
        return Proposal(saved.columns, saved.options, "", True)
    columns = _by_words(table.headers)
    amounts = [cell for name in ("gross", "net", "margin") if name in columns for cell in cells_of(table, columns[name])]
    reading = {"time_zone": workspace.time_zone, "currency": workspace.currency, "vat_percent": "19"}
    ambiguous = next((str(cell) for cell in amounts if is_ambiguous(cell)), "")
    if sign := decimal_sign_of(amounts) or ("" if ambiguous else "."):
        reading["decimal_sign"], ambiguous = sign, ""
    if "ordered_at" in columns and (order := date_order_of(cells_of(table, columns["ordered_at"]))):
        reading["date_order"] = order
    return Proposal(columns, reading, ambiguous, False)


def _saved(workspace: Workspace, headers: list[str]) -> ColumnMapping | None:
    """The answer for these headers, or for fewer: a file of refused lines has its reasons as columns more."""
    mappings = ColumnMapping.objects.filter(workspace=workspace, kind="orders").order_by("-updated_at")
    return mappings.filter(headers=headers).first() or mappings.filter(headers__contained_by=headers).first()


def save(workspace: Workspace, headers: Sequence[str], columns: dict[str, str], reading: Reading) -> None:
    """Remember the answer for the next file with the same headers."""
    ColumnMapping.objects.update_or_create(
        workspace=workspace,
        kind="orders",
        headers=list(headers),
        defaults={"columns": columns, "options": asdict(reading)},
    )


def cells_of(table: Table, header: str) -> list[Any]:
    """The column's first thousand cells."""
    place = table.headers.index(header)
    return [line.cells[place] for line in table.lines[:1_000]]


def _by_words(headers: Sequence[str]) -> dict[str, str]:
    """Field → header, each header at most once; earlier words of a field weigh more."""
    plain = {re.sub(r"[^a-z0-9]", "", header.lower().translate(UMLAUTS)): header for header in reversed(headers)}
    found: dict[str, str] = {}
    for field in FIELDS:
        for word in field.words.split():
            if word in plain and plain[word] not in found.values():
                found[field.name] = plain[word]
                break
    return found
