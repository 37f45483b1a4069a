"""What a metric is: a counted measure or a ratio of measures, with its Python and its SQL form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from django.utils.functional import Promise

Number = Decimal | int


class Unit(StrEnum):
    MONEY = "money"  # in the result's currency
    COUNT = "count"
    PERCENT = "percent"  # a fraction: 0.034 is shown as 3.4 %
    FACTOR = "factor"  # 3.86
    RATIO = "ratio"  # 3.1 : 1


class Better(StrEnum):
    UP = "up"
    DOWN = "down"
    NEUTRAL = "neutral"


class Source(StrEnum):
    PLATFORM = "platform"  # what ad platforms report
    ANALYTICS = "analytics"  # what an analytics property reports (no spend)
    ORDERS = "orders"  # the shop's own orders
    BUDGET = "budget"


@dataclass(frozen=True)
class Measure:
    """A sum over rows. `claimed`: each platform counts it its own way, so platforms never add up."""

    source: Source
    claimed: bool = False


@dataclass(frozen=True)
class Ratio:
    """scale x sum of the numerator / sum of the denominator; a numerator term "-spend" is subtracted."""

    numerator: tuple[str, ...]
    denominator: str
    scale: int = 1

    @cached_property
    def terms(self) -> tuple[str, ...]:
        return (*(term.removeprefix("-") for term in self.numerator), self.denominator)


@dataclass(frozen=True)
class Metric:
    """One line of the catalogue. Labels and explanation are translated when shown."""

    key: str
    label: str | Promise
    short: str | Promise
    unit: Unit
    better: Better
    kind: Measure | Ratio
    explanation: str | Promise

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """The measures it is computed from."""
        return self.kind.terms if isinstance(self.kind, Ratio) else (self.key,)

    @cached_property
    def value(self) -> Callable[[Mapping[str, Number | None]], Number | None]:
        """The metric of already summed measures; None where a term is missing or the denominator is zero."""
        if isinstance(self.kind, Measure):
            key = self.key
            return lambda sums: sums.get(key)
        return ratio(self.kind)

    def sql(self, column: Callable[[str], str] = str) -> str:
        """The same as an expression over summed columns; `column` names the sum of a measure."""
        if isinstance(self.kind, Measure):
            return column(self.key)
        terms = (f"{'-' if term[0] == '-' else '+'} {column(term.removeprefix('-'))}" for term in self.kind.numerator)
        return f"{self.kind.scale} * (0 {' '.join(terms)})::numeric / nullif({column(self.kind.denominator)}, 0)"


def ratio(kind: Ratio) -> Callable[[Mapping[str, Number | None]], Decimal | None]:
    """Undefined (None) for a missing term and for a zero denominator, never 0 or infinity."""
    first, *others = ((-1 if term[0] == "-" else 1, term.removeprefix("-")) for term in kind.numerator)
    denominator = kind.denominator

    def value(sums: Mapping[str, Number | None]) -> Decimal | None:
        bottom, top = sums.get(denominator), sums.get(first[1])
        if not bottom or top is None:
            return None
        found = Decimal(first[0] * kind.scale * top)
        for sign, term in others:
            more = sums.get(term)
            if more is None:
                return None
            found += sign * kind.scale * more
        return found / bottom

    return value
