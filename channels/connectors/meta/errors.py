"""What Meta's refusals mean. Codes: developers.facebook.com/docs/graph-api/guides/error-handling."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from facebook_business.exceptions import FacebookRequestError

from channels.connectors.base import ConnectorError, ErrorKind, sentence

AUTH = {102, 190, 2500}
AUTH_REASONS = {
    458: sentence("Meta refused the access token: the app was removed by its user."),
    460: sentence("Meta refused the access token: the password was changed."),
    463: sentence("Meta refused the access token: it expired."),
    467: sentence("Meta refused the access token: it is invalid."),
}
REFUSED = sentence("Meta refused the access token.")
RECONNECT = sentence("Reconnect the account.")
PERMISSION = {3, 10, 294, 803, *range(200, 300)}
RATE_LIMIT = {4, 17, 32, 613, *range(80000, 80015)}
TOO_MUCH_DATA = {(100, 1487534), (100, 1504018), (2, 1504038)}
TRANSIENT = {-2, 1, 2}
VERSION_SUNSET = 2635
NO_SUCH_OBJECT = (100, 33)
USED_SHARES = ("call_count", "total_cputime", "total_time")  # percent


class TooMuchData(ConnectorError):
    """Meta computes this report only in smaller portions or as a report run."""


def refusal(error: FacebookRequestError) -> ConnectorError:
    """The connector's error for an error body of the Graph API."""
    code, subcode = _number(error.api_error_code()), _number(error.api_error_subcode())
    said = str(error.api_error_message() or "").rstrip(".")
    text = f"{said}." if said else ""
    return _known(code, subcode, text, error) or _by_nature(error, text, f"{code}/{subcode}")


def _known(code: int, subcode: int, text: str, error: FacebookRequestError) -> ConnectorError | None:
    label = f"{code}/{subcode}" if subcode else str(code)
    if (code, subcode) in TOO_MUCH_DATA or "reduce the amount of data" in text:
        return TooMuchData(ErrorKind.TRANSIENT, sentence("Meta cannot compute this much data in one report."), code=label)
    if code in AUTH:
        said = (AUTH_REASONS[subcode], RECONNECT) if subcode in AUTH_REASONS else (REFUSED, RECONNECT, text)
        return ConnectorError(ErrorKind.AUTH, *said, code=label)
    if code in PERMISSION or (code, subcode) == NO_SUCH_OBJECT:
        advice = (
            sentence("Meta does not let this login read the ad account."),
            sentence("Give it access in Meta Business settings."),
        )
        return ConnectorError(ErrorKind.PERMISSION, *advice, text, code=label)
    if code in RATE_LIMIT:
        wait = retry_after(error.http_headers() or {})
        return ConnectorError(
            ErrorKind.RATE_LIMIT, sentence("Meta's request limit is reached."), text, retry_after=wait, code=label
        )
    if code == VERSION_SUNSET:
        update = sentence("Meta no longer answers this version of its API."), sentence("Update mops.")
        return ConnectorError(ErrorKind.INVALID, *update, text, code=label)
    return None


def _by_nature(error: FacebookRequestError, text: str, label: str) -> ConnectorError:
    code, status = _number(error.api_error_code()), _number(error.http_status())
    if code in TRANSIENT or error.api_transient_error() or status >= 500 or not code:
        return ConnectorError(ErrorKind.TRANSIENT, sentence("Meta had a temporary problem."), text, code=label)
    return ConnectorError(ErrorKind.INVALID, sentence("Meta refused the request."), text, code=label)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The longest wait Meta's usage headers ask for; they count in minutes or, for the ad account, in seconds."""
    waits = [timedelta(minutes=use.get("estimated_time_to_regain_access", 0)) for use in business_usage(headers)]
    waits.append(timedelta(seconds=_json(headers, "X-Ad-Account-Usage").get("reset_time_duration", 0)))
    return max(waits) or None


def quota(headers: Mapping[str, str]) -> dict[str, float]:
    """The fullest of Meta's limits in percent; empty when the answer names none."""
    shares = [float(use[name]) for use in business_usage(headers) for name in USED_SHARES if name in use]
    accounts = [_json(headers, name) for name in ("X-FB-Ads-Insights-Throttle", "X-Ad-Account-Usage")]
    shares += [float(account["acc_id_util_pct"]) for account in accounts if "acc_id_util_pct" in account]
    if not shares:
        return {}
    return {"used": max(shares), "limit": 100.0, "remaining": max(0.0, 100.0 - max(shares))}


def business_usage(headers: Mapping[str, str]) -> list[dict[str, Any]]:
    """Entries of X-Business-Use-Case-Usage, whichever business they belong to."""
    return [use for uses in _json(headers, "X-Business-Use-Case-Usage").values() for use in uses]


def _json(headers: Mapping[str, str], name: str) -> dict[str, Any]:
    try:
        value = json.loads(headers.get(name) or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
