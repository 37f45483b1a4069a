"""What orders and refunds have in common: amounts, and the net amount where a file has only the gross."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from tracking.imports.kind import Field, Reading

CENT = Decimal("0.01")
GROSS = "gross total totalgross amount brutto bruttobetrag gesamtbetrag gesamt summe betrag umsatz umsatzbrutto rechnungsbetrag"
NET = "net netto nettobetrag subtotal totalnet umsatznetto nettoumsatz"
CURRENCY = Field("currency", _("Currency"), "text", False, "currency waehrung wahrung whrung currencycode")
MARGIN = Field("margin", _("Margin"), "amount", False, "margin contributionmargin marge deckungsbeitrag db rohertrag profit")
ASKS = ("decimal_sign", "date_order", "time_zone", "currency", "vat_percent")


def net_of(gross: Decimal, reading: Reading) -> Decimal:
    return (gross / (1 + Decimal(reading.vat_percent) / 100)).quantize(CENT)
