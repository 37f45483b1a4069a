"""One simulated market: shoppers, ads, orders and what each platform claims of them, with the truth known."""

from sandbox.market.rows import (
    Account,
    AdDay,
    Campaign,
    Entity,
    Incremental,
    SessionDay,
    ShopOrder,
    ShopRefund,
    Visit,
)
from sandbox.market.world import Market

__all__ = [
    "Account",
    "AdDay",
    "Campaign",
    "Entity",
    "Incremental",
    "Market",
    "SessionDay",
    "ShopOrder",
    "ShopRefund",
    "Visit",
]
