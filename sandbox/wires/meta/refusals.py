"""How the sandbox's Graph API says no. Codes: https://developers.facebook.com/docs/graph-api/guides/error-handling"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from sandbox.faults import Fault
from sandbox.http import Response, json_response


@dataclass(frozen=True)
class Refusal:
    """An error body of Graph. `headers` carry the usage figures that say when to come back."""

    code: int
    message: str
    subcode: int = 0
    status: int = 400
    kind: str = "OAuthException"
    transient: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        error: dict[str, object] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.transient:
            error["is_transient"] = True
        error["fbtrace_id"] = uuid4().hex[:11]
        return json_response({"error": error}, self.status, self.headers)


class Refused(Exception):
    """Ends the answering of a call."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def invalid(message: str, subcode: int = 0) -> Refused:
    """To raise for a parameter Graph does not take."""
    return Refused(Refusal(100, f"(#100) {message}", subcode))


def business_usage(used: int, minutes: int = 0) -> dict[str, str]:
    """X-Business-Use-Case-Usage: shares in percent, and the minutes until calls are answered again."""
    use = {"type": "ads_insights", "call_count": used, "total_cputime": used // 2, "total_time": used // 2}
    use |= {"estimated_time_to_regain_access": minutes, "ads_api_access_tier": "full_access"}
    return {"X-Business-Use-Case-Usage": json.dumps({"100200300400500": [use]})}


EXPIRED = Refusal(190, "Error validating access token: Session has expired.", 463, 401)
NO_TOKEN = Refusal(2500, "An active access token must be used to query information about the current user.")
NO_ACCESS = Refusal(200, "(#200) Ad account owner has NOT grant ads_management or ads_read permission.", status=403)
TOO_MUCH = Refusal(
    100,
    "Please reduce the amount of data you're asking for, then retry your request.",
    1487534,
    500,
    "FacebookApiException",
)
RATE_LIMIT_MINUTES = 7
DAY_LIMIT_SECONDS = 21_600

FAULTS = {
    Fault.EXPIRED_TOKEN: EXPIRED,
    Fault.REVOKED_TOKEN: Refusal(190, "Error validating access token: The user has not authorized it.", 458, 401),
    Fault.PERMISSION_DENIED: NO_ACCESS,
    Fault.ACCOUNT_DISABLED: Refusal(200, "(#200) The ad account is disabled.", 1487390, 403),
    Fault.RATE_LIMITED: Refusal(
        80000, "(#80000) There have been too many calls from this ad-account. Wait a bit and try again.", 2446079,
        headers=business_usage(100, RATE_LIMIT_MINUTES),
    ),
    Fault.DAILY_QUOTA: Refusal(
        17, "(#17) User request limit reached", 2446079,
        headers={"X-Ad-Account-Usage": json.dumps({"acc_id_util_pct": 100, "reset_time_duration": DAY_LIMIT_SECONDS})},
    ),
    Fault.TRANSIENT_503: Refusal(2, "Service temporarily unavailable", 1504044, 503, transient=True),
    Fault.INTERNAL_ERROR: Refusal(1, "An unknown error occurred", status=500),
    Fault.ERROR_BODY_200: Refusal(2, "An unexpected error has occurred. Please retry.", status=200, transient=True),
    Fault.TOO_MUCH_DATA: TOO_MUCH,
    Fault.UNSUPPORTED_VERSION: Refusal(
        2635, "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: v26.0."
    ),
    Fault.INVALID_QUERY: Refusal(100, "(#100) gone is not valid for fields param."),
}  # fmt: skip
