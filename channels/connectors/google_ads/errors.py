"""From what the Google Ads client raises to one ConnectorError.

Quota and internal errors arrive as plain api_core exceptions with the failure hidden in the trailer, a dead refresh
token as "unavailable": the classes alone do not tell what happened.
Codes: https://developers.google.com/google-ads/api/docs/common-errors
"""

from datetime import timedelta
from importlib import import_module
from typing import Any

from channels.connectors.base import ConnectorError, ErrorKind, Sentence, sentence
from channels.connectors.google_token import DEAD_GRANT, RECONNECT, dead_grant, refusal

FAMILIES = {
    "authentication_error": ErrorKind.AUTH,
    "authorization_error": ErrorKind.PERMISSION,
    "quota_error": ErrorKind.RATE_LIMIT,
    "internal_error": ErrorKind.TRANSIENT,
    "database_error": ErrorKind.TRANSIENT,
}  # every other family: the request itself is wrong
EXCEPTIONS = {
    "quota_error.ACCESS_PROHIBITED": ErrorKind.PERMISSION,
    "request_error.RPC_DEADLINE_TOO_SHORT": ErrorKind.TRANSIENT,
}
STATUSES = {
    "UNAUTHENTICATED": ErrorKind.AUTH,
    "PERMISSION_DENIED": ErrorKind.PERMISSION,
    "RESOURCE_EXHAUSTED": ErrorKind.RATE_LIMIT,
    "INVALID_ARGUMENT": ErrorKind.INVALID,
    "NOT_FOUND": ErrorKind.INVALID,
    "UNIMPLEMENTED": ErrorKind.INVALID,
}  # every other gRPC status: the line or the service broke
ADVICE: dict[ErrorKind, tuple[Sentence, ...]] = {
    ErrorKind.AUTH: (sentence("Google no longer accepts this connection's access."), RECONNECT),
    ErrorKind.PERMISSION: (sentence("Google Ads does not let this login read the account."),),
    ErrorKind.RATE_LIMIT: (
        sentence("The Google Ads quota is used up for now."),
        sentence("The pull goes on when Google allows it."),
    ),
    ErrorKind.TRANSIENT: (sentence("Google Ads did not answer completely."), sentence("The pull will be tried again.")),
    ErrorKind.INVALID: (sentence("Google Ads refused the request."),),
}
SCOPE_MISSING = sentence("The login does not include the permission to read Google Ads."), sentence("Reconnect and allow it.")
SUNSET = sentence("Google Ads no longer serves the API version this release of mops speaks."), sentence("Update mops.")


def translate(error: Exception) -> ConnectorError:
    """The ConnectorError that says what `error` means; unknown exceptions are not swallowed but raised again."""
    import google.api_core.exceptions as api
    import grpc
    from google.ads.googleads.errors import GoogleAdsException
    from google.auth.exceptions import GoogleAuthError

    if isinstance(error, ConnectorError):
        return error
    if isinstance(error, GoogleAuthError):
        return refusal(error)
    if isinstance(error, GoogleAdsException):
        return _from_failure(error.failure) or _from_status(error.error.code(), str(error.error.details()))
    if isinstance(error, api.RetryError) and isinstance(error.cause, Exception):
        return translate(error.cause)
    if isinstance(error, api.GoogleAPICallError):
        return _from_failure(_failure_in_trailer(error.response)) or _from_status(error.grpc_status_code, error.message)
    if isinstance(error, api.GoogleAPIError | grpc.RpcError):
        return _from_failure(_failure_in_trailer(error)) or _from_status(None, str(error))
    raise error


def _failure_in_trailer(call: Any) -> Any | None:
    """The GoogleAdsFailure in the trailing metadata of a gRPC call, of whatever API version."""
    trailer = getattr(call, "trailing_metadata", lambda: None)()
    for key, value in trailer or ():
        if key.endswith(".errors.googleadsfailure-bin"):
            types = import_module(key.removesuffix(".googleadsfailure-bin") + ".types")
            return types.GoogleAdsFailure.pb(types.GoogleAdsFailure.deserialize(value))
    return None


def _from_failure(failure: Any | None) -> ConnectorError | None:
    if failure is None or not failure.errors:
        return None
    error = getattr(type(failure), "pb", lambda same: same)(failure).errors[0]  # GoogleAdsException wraps in proto-plus
    family = error.error_code.WhichOneof("error_code") or ""
    number = getattr(error.error_code, family) if family else 0
    code = f"{family}.{_enum_name(error.error_code, family, number)}" if family else ""
    kind = EXCEPTIONS.get(code) or FAMILIES.get(family, ErrorKind.INVALID)
    if code == "request_error.UNSUPPORTED_VERSION":
        return ConnectorError(kind, *SUNSET, code=code)
    return ConnectorError(kind, *ADVICE[kind], error.message, retry_after=_retry_after(error), code=code)


def _enum_name(message: Any, field: str, number: int) -> str:
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return str(values[number].name) if number in values else str(number)


def _retry_after(error: Any) -> timedelta | None:
    quota = error.details.quota_error_details
    if not quota.HasField("retry_delay"):
        return None
    wait: timedelta = quota.retry_delay.ToTimedelta()
    return wait


def _from_status(status: Any, text: str) -> ConnectorError:
    """For answers without a failure. The token case comes first: it is disguised as UNAVAILABLE."""
    if DEAD_GRANT in text:
        return dead_grant()
    if "insufficient authentication scopes" in text:
        return ConnectorError(ErrorKind.PERMISSION, *SCOPE_MISSING, code="insufficient_scope")
    name = getattr(status, "name", "") or "UNKNOWN"
    kind = STATUSES.get(name, ErrorKind.TRANSIENT)
    return ConnectorError(kind, *ADVICE[kind], code=name)
