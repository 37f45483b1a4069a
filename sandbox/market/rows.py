"""Rows that leave the market: what wires, shop and collector translate. All frozen, all in standard field terms."""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple


class Account(NamedTuple):
    """One account of an advertising or analytics platform; `external_id` is digits only."""

    platform: str  # google_ads, meta or ga4
    external_id: str
    name: str
    currency: str
    time_zone: str
    manager_id: str = ""
    is_manager: bool = False


class Campaign(NamedTuple):
    """A platform campaign; `name` is the one it was created with, `end` its last day of delivery."""

    account_id: str
    external_id: str
    name: str
    channel: str  # taxonomy code: paid_search, shopping, cross_network, display, video, paid_social
    channel_type: str  # the platform's own word: SEARCH, PERFORMANCE_MAX, OUTCOME_SALES …
    start: date
    end: date | None


class AdDay(NamedTuple):
    """One ad (or campaign: ad ids empty) on one account-local day as the platform shows it."""

    campaign_id: str
    ad_group_id: str
    ad_id: str
    day: date
    impressions: int
    clicks: int
    spend_micros: int  # account currency
    claims: dict[str, tuple[int, int]]  # window -> (conversions, value), both in millionths, value in account currency
    view_through: int


class Entity(NamedTuple):
    """A campaign, ad group or ad with the name and status it has at some instant."""

    level: str  # campaign, ad_group or ad
    external_id: str
    parent_id: str
    name: str
    status: str  # enabled, paused or removed
    channel_type: str


class SessionDay(NamedTuple):
    """Web analytics sessions of one day by session source; sees consenting visitors only."""

    day: date
    source: str
    medium: str
    campaign_id: str
    campaign_name: str
    channel_group: str  # GA4 default channel group
    sessions: int
    engaged_sessions: int
    users: int
    key_events: int  # millionths
    transactions: int  # millionths
    revenue_micros: int  # property currency, gross


class ShopOrder(NamedTuple):
    """An order of the shop. utm and click ids are those of the last non-direct visit within 30 days."""

    order_id: str
    ordered_at: datetime
    customer_key: str
    gross: Decimal
    net: Decimal
    margin: Decimal
    currency: str
    new_customer: bool
    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_id: str
    gclid: str
    fbclid: str
    items: tuple[tuple[str, str, int, Decimal], ...]  # sku, name, quantity, unit gross


class ShopRefund(NamedTuple):
    """Money given back for an order, whole or one line of it; amounts are positive."""

    refund_id: str
    order_id: str
    refunded_at: datetime
    gross: Decimal
    net: Decimal
    margin: Decimal


class Incremental(NamedTuple):
    """Known truth: orders that would not exist without this campaign, dated to the contact that caused them."""

    campaign_id: str
    day: date
    orders: float
    net: float


class Visit(NamedTuple):
    """One session on the shop's pages by one browser (`shopper_key`)."""

    at: datetime
    shopper_key: str
    customer_key: str  # empty while the visitor is not known to the shop
    channel: str  # taxonomy code
    source: str
    medium: str
    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_id: str
    gclid: str
    fbclid: str
    referrer: str
    pages: int
    engaged: bool
    consent: bool
    order_id: str
