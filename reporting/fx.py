"""Amounts in the workspace's currency: amount / rate(its currency) x rate(workspace's), both of the amount's own day.

Spend and value of a day use the same rate. Where a rate is missing there is no amount: `missing` tells.
"""

from dataclasses import dataclass

from reporting.sql import Params

BASE = "EUR"  # rates are units of a currency for one euro


@dataclass(frozen=True)
class Conversion:
    """Pieces of SQL. `joins` add the rates of the row's day; `missing` is true where one of them is unknown."""

    joins: str
    missing: str
    factor: str

    def amount(self, column: str) -> str:
        return f"{column} * {self.factor}" if self.factor != "1" else column


SAME = Conversion("", "false", "1")


def conversion(params: Params, *, currency: str, day: str, target: str, name: str = "fx") -> Conversion:
    """Convert from the SQL expression `currency` on the SQL expression `day` into the ISO code `target`."""
    wanted = params.add(target)
    source, sink = f"{name}_source", f"{name}_target"
    joins = f"LEFT JOIN channels_fxrate {source} ON {source}.currency = {currency} AND {source}.day = {day}"
    of_source, of_sink = f"CASE {currency} WHEN '{BASE}' THEN 1 ELSE {source}.rate END", "1"
    if target != BASE:
        joins += f" LEFT JOIN channels_fxrate {sink} ON {sink}.currency = {wanted} AND {sink}.day = {day}"
        of_sink = f"{sink}.rate"
    factor = f"(CASE WHEN {currency} = {wanted} THEN 1 ELSE {of_sink} / ({of_source}) END)"
    return Conversion(joins, f"({factor}) IS NULL", factor)
