"""Everything that goes wrong at a platform, on request: a fault is injected for coming calls and taken by the wire."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import NamedTuple


class Fault(StrEnum):
    """One way to fail; what it looks like on the wire is the platform's affair."""

    EXPIRED_TOKEN = "expired_token"  # the API no longer takes the access token
    REVOKED_TOKEN = "revoked_token"  # the owner withdrew the grant
    WRONG_CLIENT = "wrong_client"  # client id or secret is not (any longer) the one of this grant
    TOKEN_503 = "token_503"  # the token server is down, the credential is fine
    PERMISSION_DENIED = "permission_denied"
    ACCOUNT_DISABLED = "account_disabled"
    RATE_LIMITED = "rate_limited"  # short window, with the platform's retry hint
    DAILY_QUOTA = "daily_quota"
    TRANSIENT_503 = "transient_503"
    INTERNAL_ERROR = "internal_error"
    TIMEOUT = "timeout"  # accepted, then silence
    HTML_502 = "html_502"  # a proxy answers in place of the platform
    CUT_PAGE = "cut_page"  # the line breaks after some rows
    TRUNCATED_JSON = "truncated_json"  # a whole answer that is half a document
    EMPTY_500 = "empty_500"  # status 500 with a well-formed body and no rows
    ERROR_BODY_200 = "error_body_200"  # status 200 with an error in the body
    EMPTY_MIDDLE_PAGE = "empty_middle_page"  # legal: no rows on this page, more to come
    DUPLICATE_ROWS = "duplicate_rows"  # rows of one page come again
    VANISHED_ROWS = "vanished_rows"  # rows are missing, the platform's own totals or counts still hold them
    TOO_MUCH_DATA = "too_much_data"  # Meta: ask for less
    ASYNC_FAILED = "async_failed"  # Meta: the report run failed
    UNSUPPORTED_VERSION = "unsupported_version"  # the API version was sunset
    INVALID_QUERY = "invalid_query"


TOKEN_FAULTS = frozenset({Fault.REVOKED_TOKEN, Fault.WRONG_CLIENT, Fault.TOKEN_503})

_EVERYWHERE = (
    Fault.EXPIRED_TOKEN, Fault.REVOKED_TOKEN, Fault.PERMISSION_DENIED, Fault.RATE_LIMITED, Fault.DAILY_QUOTA,
    Fault.TRANSIENT_503, Fault.INTERNAL_ERROR, Fault.TIMEOUT, Fault.DUPLICATE_ROWS, Fault.INVALID_QUERY,
)  # fmt: skip

APPLIES: Mapping[str, tuple[Fault, ...]] = {
    "google_ads": (
        *_EVERYWHERE, Fault.WRONG_CLIENT, Fault.TOKEN_503, Fault.ACCOUNT_DISABLED, Fault.CUT_PAGE,
        Fault.EMPTY_MIDDLE_PAGE, Fault.VANISHED_ROWS, Fault.UNSUPPORTED_VERSION,
    ),
    "meta": (
        *_EVERYWHERE, Fault.ACCOUNT_DISABLED, Fault.HTML_502, Fault.CUT_PAGE, Fault.TRUNCATED_JSON, Fault.EMPTY_500,
        Fault.ERROR_BODY_200, Fault.EMPTY_MIDDLE_PAGE, Fault.VANISHED_ROWS, Fault.TOO_MUCH_DATA, Fault.ASYNC_FAILED,
        Fault.UNSUPPORTED_VERSION,
    ),
    "ga4": (*_EVERYWHERE, Fault.WRONG_CLIENT, Fault.TOKEN_503, Fault.CUT_PAGE, Fault.VANISHED_ROWS),
}  # fmt: skip


class Rule(NamedTuple):
    """An armed fault. `account` "" fits every account; `after` calls pass before the first of `times` is hit."""

    platform: str
    fault: Fault
    account: str
    times: int
    after: int


@dataclass
class _Armed:
    rule: Rule
    after: int
    left: int


class Faults:
    """The switchboard, shared by all wires and threads of one sandbox."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._lock = Lock()

    def inject(self, platform: str, fault: Fault | str, *, account: str = "", times: int = 1, after: int = 0) -> None:
        """Arm a fault. ValueError when the platform is unknown or cannot fail like this."""
        fault = Fault(fault)
        if fault not in APPLIES.get(platform, ()):
            raise ValueError(f"{platform} has no fault {fault}")
        with self._lock:
            self._armed.append(_Armed(Rule(platform, fault, account, times, after), after, times))

    def take(self, platform: str, account: str = "", only: Container[Fault] | None = None) -> Fault | None:
        """The fault that hits this call, if any. `only` limits it to those the caller can act out."""
        with self._lock:
            for armed in self._armed:
                rule = armed.rule
                if rule.platform != platform or rule.account not in ("", account) or armed.left <= 0:
                    continue
                if only is not None and rule.fault not in only:
                    continue
                if armed.after > 0:
                    armed.after -= 1
                    continue
                armed.left -= 1
                return rule.fault
        return None

    def armed(self) -> list[Rule]:
        """Rules that still have hits left, with what is left of them."""
        with self._lock:
            return [one.rule._replace(times=one.left, after=one.after) for one in self._armed if one.left > 0]

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()
