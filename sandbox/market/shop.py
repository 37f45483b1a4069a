"""The shop: what baskets hold and cost, and what comes back. Money in cents of EUR, net at 19 % tax."""

import numpy as np

from sandbox.market.season import Floats, Ints

DAY = 86_400
PRODUCTS = tuple(
    (f"AK-{1000 + number}", name, cents, share)
    for number, (name, cents, share) in enumerate(
        (
            ("Energieriegel Almnuss", 290, 0.45),
            ("Merinosocken Tour", 1490, 0.48),
            ("Trinkflasche Quell 0,75 l", 1690, 0.5),
            ("Schlauchtuch Gipfel", 1290, 0.42),
            ("Mütze Föhn", 2490, 0.46),
            ("Packsack Bach 20 l", 2290, 0.5),
            ("Stirnlampe Grat 300", 3490, 0.55),
            ("Gaskocher Hütte", 3990, 0.56),
            ("Funktionsshirt Tal", 3490, 0.44),
            ("Wanderstöcke Steig", 5990, 0.52),
            ("Kletterhelm Wand", 5490, 0.58),
            ("Wanderhose Alm", 7990, 0.5),
            ("Tagesrucksack Joch 22", 7990, 0.52),
            ("Fleecejacke Firn", 8990, 0.5),
            ("Klettergurt Kante", 6490, 0.57),
            ("Isomatte Moos", 9990, 0.55),
            ("Sommerschlafsack Wiese", 11_990, 0.55),
            ("Wanderschuh Pfad Low", 12_990, 0.55),
            ("Softshelljacke Kar", 14_990, 0.52),
            ("Trekkingrucksack Massiv 55", 18_990, 0.56),
            ("Bergstiefel Fels Mid", 20_990, 0.57),
            ("Hardshelljacke Sturm", 26_990, 0.55),
            ("Daunenschlafsack Eis", 32_990, 0.58),
            ("Trekkingzelt Übergang 2", 39_990, 0.6),
        )
    )
)
PRICES: Ints = np.array([cents for _, _, cents, _ in PRODUCTS])
_COSTS: Floats = np.array([share for _, _, _, share in PRODUCTS])
_HANDLING = 420  # cents of packing, shipping and payment per order


def net(gross: Ints) -> Ints:
    """Gross without 19 % tax, rounded to the cent."""
    return (gross * 200 + 119) // 238


def baskets(taste: Floats, discount: float, rng: np.random.Generator) -> tuple[Ints, Ints, Ints, Ints]:
    """Lines of one basket per `taste` (about 0, higher buys dearer): basket, product, quantity, unit price."""
    lines = np.minimum(1 + rng.poisson(0.55, len(taste)), 5)
    basket = np.repeat(np.arange(len(taste)), lines)
    rank = rng.random(len(basket)) ** np.exp(0.55 - 0.4 * taste[basket])
    product = np.minimum((rank * len(PRODUCTS)).astype(np.int64), len(PRODUCTS) - 1)
    quantity = 1 + (rng.random(len(basket)) < np.where(PRICES[product] < 4000, 0.25, 0.02)).astype(np.int64)
    unit = np.rint(PRICES[product] * (1 - discount)).astype(np.int64)
    return basket, product, quantity, unit


def totals(count: int, basket: Ints, product: Ints, quantity: Ints, unit: Ints) -> tuple[Ints, Ints, Ints]:
    """Gross, net and margin of each basket; the margin is net less goods and handling."""
    gross = np.bincount(basket, weights=quantity * unit, minlength=count).astype(np.int64)
    goods = np.bincount(basket, weights=quantity * PRICES[product] / 1.19 * _COSTS[product], minlength=count)
    return gross, net(gross), net(gross) - np.rint(goods).astype(np.int64) - _HANDLING


def refunds(gross: Ints, margin: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Which orders come back (index), after how many seconds, and gross, net and margin given back."""
    back = np.flatnonzero(rng.random(len(gross)) < 0.1)
    whole = rng.random(len(back)) < 0.6
    part = rng.uniform(0.2, 0.8, len(back))
    after = np.clip(rng.lognormal(2.3, 0.55, len(back)), 2, 60) * DAY
    amount = np.where(whole, gross[back], np.rint(gross[back] * part)).astype(np.int64)
    # Handling is spent either way: what is lost is the margin before it.
    lost = np.where(whole, margin[back] + _HANDLING, np.rint((margin[back] + _HANDLING) * part)).astype(np.int64)
    return back, after.astype(np.int64), amount, net(amount), lost
