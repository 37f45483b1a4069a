"""Values of metrics as people read them: each by its unit, with its change, coloured by what is good for that metric."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from reporting.kpis import KPIS, Better, Measure, Number, Unit
from reporting.templatetags.formats import DASH, money, number, percent, whole_money

FLAT = Decimal("0.005")  # a change below half a percent is noise
MATURING = {"cohort_value", "ltv", "ltv_cac"}  # an older cohort has had more time: a difference is no verdict yet
FRACTIONAL = {"conversions", "view_through_conversions", "key_events"}  # platforms share one conversion out


def figure(key: str, value: Number | None, currency: str, *, exact: bool = False) -> str:
    """The value by its metric's unit. Sums of money lose their cents unless `exact`; prices keep them."""
    metric = KPIS[key]
    if value is None:
        return DASH
    if metric.unit == Unit.MONEY:
        is_sum = isinstance(metric.kind, Measure)
        return whole_money(value, currency) if is_sum and not exact else money(value, currency)
    if metric.unit == Unit.PERCENT:
        return percent(value, 2 if key == "ctr" else 1)
    if metric.unit == Unit.COUNT:
        return number(value, 1 if key in FRACTIONAL else 0)
    return number(value, 2)


def headline(key: str, value: Number | None, currency: str) -> str:
    """The value as a card shows it: large amounts without cents."""
    if KPIS[key].unit == Unit.RATIO and value is not None:
        return f"{number(value, 1)} : 1"
    return figure(key, value, currency)


@dataclass(frozen=True)
class Change:
    """How a value moved. `tone` is "good", "bad" or "flat", `icon` an arrow, `text` has the sign."""

    text: str
    tone: str
    icon: str
    before: str

    @property
    def meaning(self) -> str:
        """For those who do not see the colour."""
        return {"good": _("better"), "bad": _("worse"), "flat": ""}[self.tone]


def change(key: str, now: Number | None, before: Number | None, currency: str) -> Change | None:
    """None where there is nothing to compare."""
    if now is None or not before:
        return None
    moved = Decimal(now - before) / abs(Decimal(before))
    text = ("+" if moved > 0 else "−" if moved < 0 else "±") + percent(abs(moved))
    icon = "arrow-right" if abs(moved) < FLAT else "arrow-up-right" if moved > 0 else "arrow-down-right"
    better = Better.NEUTRAL if key in MATURING else KPIS[key].better
    return Change(text, tone(better, moved), icon, headline(key, before, currency))


def tone(better: Better, moved: Decimal) -> str:
    if better == Better.NEUTRAL or abs(moved) < FLAT:
        return "flat"
    return "good" if (moved > 0) == (better == Better.UP) else "bad"
