"""What every connector speaks: rows out, one error type in. No Django, no Celery: it runs in a plain REPL.

A connector translates a platform's wire into the terms of this file and does nothing else. Storing, scheduling,
retrying and showing belong to the room above.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Protocol

DEFAULT_WINDOW = "default"


class ErrorKind(StrEnum):
    """Why a platform refused or broke; each kind has one reaction in `channels.runs`."""

    AUTH = "auth"  # the credential is dead: a person must reconnect
    PERMISSION = "permission"  # the credential lives but may not read this account: stop the account
    RATE_LIMIT = "rate_limit"  # wait `retry_after`, then go on
    TRANSIENT = "transient"  # the platform or the line broke: retry with growing pauses
    INVALID = "invalid"  # the platform understood and refused: a bug or a sunset version, never retried blindly
    PARTIAL = "partial"  # an answer that is not whole: nothing of it may be stored, pull the window again


class Sentence(NamedTuple):
    """English with a %(name)s for each value; `channels.told` shows it in the reader's language, numbers too."""

    text: str
    values: Mapping[str, str | int] = MappingProxyType({})

    def __str__(self) -> str:
        shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in self.values.items()}
        return self.text % shown if shown else self.text


def sentence(text: str, /, **values: str | int) -> Sentence:
    """A sentence of ours: its text is found by the message catalogs. A platform's own words stay plain text."""
    return Sentence(text, values)


class ConnectorError(Exception):
    """The one error a connector raises: sentences for the person who can act. They never hold a secret."""

    def __init__(self, kind: ErrorKind, *said: Sentence | str, retry_after: timedelta | None = None, code: str = "") -> None:
        self.said = tuple(one if isinstance(one, Sentence) else Sentence(one) for one in said if one)
        super().__init__(self.message)
        self.kind = kind
        self.retry_after = retry_after
        self.code = code  # the platform's own code, e.g. "190/463" or "quota_error.RESOURCE_EXHAUSTED"

    @property
    def message(self) -> str:
        """All of it in English, for logs."""
        return " ".join(map(str, self.said))


@dataclass(frozen=True)
class Endpoint:
    """Where a platform answers. Sandbox and production differ in these values only."""

    api: str  # "googleads.googleapis.com", "https://graph.facebook.com", or "localhost:PORT"
    token_uri: str
    authorize_uri: str
    ca_bundle: str = ""  # PEM file; empty = the system's roots
    api_version: str = ""
    timeout: float = 60.0  # seconds per call
    admin_api: str = ""  # GA4's property list has its own host: "https://analyticsadmin.googleapis.com"


@dataclass(frozen=True)
class Credentials:
    """OAuth client and token of one connection; never printed."""

    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)  # Google
    access_token: str = field(default="", repr=False)  # Meta user or system-user token
    login_customer_id: str = ""  # Google Ads manager account, 10 digits

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r}, …)"


class AccountInfo(NamedTuple):
    """An account the credential can see. `manager_id` is the Google Ads manager to log in through, else ""."""

    external_id: str
    name: str
    currency: str  # ISO 4217
    time_zone: str  # IANA
    manager_id: str = ""
    status: str = "enabled"


class EntityRow(NamedTuple):
    """A campaign, ad group or ad with the name it has today."""

    level: str  # "campaign" | "ad_group" | "ad"
    external_id: str
    parent_id: str  # external id one level up; "" for campaigns
    name: str
    status: str  # "enabled" | "paused" | "removed"
    channel: str = ""  # taxonomy code (channels.taxonomy), campaigns only


class StatRow(NamedTuple):
    """One day of one campaign (ad_id == "") or ad in one attribution window.

    Delivery measures (impressions … engaged_sessions) stand only in the row of the platform's default window, so that
    a sum over all rows never counts spend twice; rows of further windows carry conversions and their value alone.
    """

    day: date  # the account's own day
    campaign_id: str
    ad_group_id: str
    ad_id: str
    attribution_window: str
    impressions: int
    clicks: int
    spend: Decimal  # account currency
    conversions: Decimal
    conversions_value: Decimal  # account currency
    view_through_conversions: Decimal
    sessions: int
    engaged_sessions: int


@dataclass(frozen=True)
class Batch:
    """One page of an answer. A pull is complete only when its iterator ends without an error."""

    rows: list[StatRow] = field(default_factory=list)
    entities: list[EntityRow] = field(default_factory=list)
    flags: Mapping[str, str] = field(default_factory=dict)  # sampled, thresholded, other_row … shown with the number
    quota: Mapping[str, float] = field(default_factory=dict)  # {"used", "limit", "remaining"} as the platform says
    requests: int = 1  # operations this page cost at the platform


@dataclass(frozen=True)
class PullRequest:
    """Which report of which account, for the account-local days [since, until)."""

    account: AccountInfo
    report: str  # one of Platform.reports
    since: date
    until: date
    goals: Mapping[str, str] = field(default_factory=dict)  # Meta: {"conversion": "omni_purchase"}, one action type


@dataclass(frozen=True)
class CredentialCheck:
    """Answer of the test button."""

    identity: str  # whose token this is, as far as the platform tells
    scopes: tuple[str, ...]
    expires_at: datetime | None  # None = does not expire


class Connector(Protocol):
    """One platform's translator, made for one credential."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None: ...

    def check(self) -> CredentialCheck:
        """Prove that the credential works with one cheap call; raise ConnectorError otherwise."""

    def accounts(self) -> list[AccountInfo]:
        """Accounts that can be pulled (no managers), in a stable order."""

    def pull(self, request: PullRequest) -> Iterator[Batch]:
        """Yield every page of the report; raise PARTIAL rather than end early."""
