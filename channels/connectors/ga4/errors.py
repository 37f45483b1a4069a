"""What the refusals of the Analytics APIs mean. Both transports share the parent classes of google.api_core."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from google.api_core.exceptions import (
    BadRequest,
    Forbidden,
    GoogleAPICallError,
    MethodNotImplemented,
    NotFound,
    TooManyRequests,
    Unauthorized,
)

from channels.connectors.base import ConnectorError, ErrorKind, sentence
from channels.connectors.google_token import DEAD_GRANT, RECONNECT

QUOTA_ZONE = ZoneInfo("America/Los_Angeles")  # daily quotas start anew at midnight there


def refusal(error: GoogleAPICallError) -> ConnectorError:
    """The connector's error for a failed call."""
    text, code = str(error.message).rstrip(".") + ".", _code(error)
    if isinstance(error, Unauthorized) or DEAD_GRANT in text:
        return ConnectorError(
            ErrorKind.AUTH, sentence("Google Analytics refused the login: it was revoked or expired."), RECONNECT, code=code
        )
    if isinstance(error, Forbidden):
        advice = sentence("Google Analytics does not let this login read the property."), sentence("Give it the role Viewer there.")
        return ConnectorError(ErrorKind.PERMISSION, *advice, text, code=code)
    if isinstance(error, TooManyRequests):
        said = sentence("The property's quota at Google Analytics is used up for now.")
        return ConnectorError(ErrorKind.RATE_LIMIT, said, text, retry_after=_wait(error, text), code=code)
    if isinstance(error, BadRequest | NotFound | MethodNotImplemented):
        return ConnectorError(ErrorKind.INVALID, sentence("Google Analytics refused the request."), text, code=code)
    problem = sentence("Google Analytics had a temporary problem (%(code)s).", code=code)
    return ConnectorError(ErrorKind.TRANSIENT, problem, sentence("This is usually over within minutes."), code=code)


def _code(error: GoogleAPICallError) -> str:
    status = error.grpc_status_code
    return str(error.reason or (status.name if status else f"http.{error.code}"))


def _wait(error: GoogleAPICallError, text: str, now: datetime | None = None) -> timedelta | None:
    """Google's own hint if it gives one (it seldom does), else what the quota's name tells."""
    for detail in error.details or ():
        delay = getattr(detail, "retry_delay", None)
        if delay is not None:
            return timedelta(seconds=delay.seconds)
    if "per day" in text:
        return until_midnight(now or datetime.now(UTC))
    if "per hour" in text:
        return timedelta(hours=1)
    return timedelta(minutes=1) if "concurrent" in text else None


def until_midnight(now: datetime) -> timedelta:
    """From `now` (aware) to the next start of a quota day."""
    local = now.astimezone(QUOTA_ZONE)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), QUOTA_ZONE)
    return midnight.astimezone(UTC) - now
