"""What an order and a refund are as a row, and what a row must be to be stored. One set of rules for API, files and shops."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from mops.lib import clock

KEY_LENGTH = 120
LARGEST = Decimal(10) ** 12  # fits Decimal(18, 6)
EARLIEST_YEAR = 2000
CURRENCY = re.compile(r"[A-Za-z]{3}")
CLOCK_SKEW = timedelta(days=1)  # shops send local times as if they were UTC; a day covers every zone


class OrderRow(NamedTuple):
    """One order as the shop reports it; money in `currency`."""

    order_id: str
    ordered_at: datetime  # aware
    gross: Decimal
    net: Decimal
    currency: str  # ISO 4217
    customer_key: str = ""  # "" = a guest nobody can recognise again
    margin: Decimal | None = None
    is_new_customer: bool | None = None  # None = decided by the first order we know
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_id: str = ""
    gclid: str = ""
    fbclid: str = ""
    referrer: str = ""
    is_time_told: bool = True  # False = `ordered_at` is when we heard of it: an order that is here keeps an earlier one
    is_origin_told: bool = True  # False = nobody said: an order that is here keeps what it has


class RefundRow(NamedTuple):
    """Money given back for an order, whole or in part; amounts are positive, in `currency`."""

    refund_id: str
    order_id: str
    refunded_at: datetime  # aware
    gross: Decimal | None  # None = the whole order
    net: Decimal | None  # None = in the proportion of the order's net to its gross
    currency: str  # ISO 4217
    margin: Decimal | None = None


def order_problem(row: OrderRow) -> str:
    """Why the order cannot be stored; "" when it can."""
    return (
        _key_problem(row.order_id, _("The order id"))
        or (_key_problem(row.customer_key, _("The customer key")) if row.customer_key else "")
        or time_problem(row.ordered_at)
        or _money_problem(row.gross, row.net, row.margin, row.currency)
    )


def refund_problem(row: RefundRow) -> str:
    """Why the refund cannot be stored; "" when it can."""
    return (
        _key_problem(row.refund_id, _("The refund id"))
        or _key_problem(row.order_id, _("The order id"))
        or time_problem(row.refunded_at)
        or _money_problem(row.gross, row.net, row.margin, row.currency)
    )


def _key_problem(key: str, name: str) -> str:
    if not key.strip():
        return _("%(name)s is missing.") % {"name": name}
    if len(key) > KEY_LENGTH:
        return _("%(name)s is longer than %(length)s characters.") % {"name": name, "length": KEY_LENGTH}
    if "\0" in key:
        return _("%(name)s holds a character that cannot be stored.") % {"name": name}
    return ""


def time_problem(at: datetime) -> str:
    """Why nothing can have happened then; "" when it can."""
    if at.tzinfo is None:
        return _("The time has no time zone.")
    if at.year < EARLIEST_YEAR:
        return _("The time lies before %(year)s.") % {"year": EARLIEST_YEAR}
    if at > clock.now() + CLOCK_SKEW:
        return _("The time lies in the future.")
    return ""


def _money_problem(gross: Decimal | None, net: Decimal | None, margin: Decimal | None, currency: str) -> str:
    if not CURRENCY.fullmatch(currency):
        return _("“%(currency)s” is no currency code such as EUR.") % {"currency": currency[:20]}
    amounts = [amount for amount in (gross, net, margin) if amount is not None]
    if not all(amount.is_finite() and abs(amount) < LARGEST for amount in amounts):
        return _("An amount is no number or too large.")
    if min(gross or 0, net or 0) < 0:
        return _("The amount is negative. Money given back is sent as a refund with a positive amount.")
    if gross is not None and net is not None and net > gross:
        return _("Net is larger than gross.")
    return ""


def stored(amount: Decimal | None) -> Decimal | None:
    """The amount in the database's precision."""
    return None if amount is None else amount.quantize(Decimal("0.000001"))
