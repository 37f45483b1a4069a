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

__all__ = [
    "Account",
    "AdDay",
    "Campaign",
    "Entity",
    "Incremental",
    "SessionDay",
    "ShopOrder",
    "ShopRefund",
    "Visit",
]
