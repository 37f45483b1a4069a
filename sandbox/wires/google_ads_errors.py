"""How the sandbox's Google Ads says no: a GoogleAdsFailure in the trailer beside the gRPC status.

Codes: https://developers.google.com/google-ads/api/docs/common-errors
"""

from datetime import timedelta
from importlib import import_module
from typing import Any, NamedTuple

import grpc

from sandbox.faults import Fault

STATUS = {
    "authentication_error": grpc.StatusCode.UNAUTHENTICATED,
    "authorization_error": grpc.StatusCode.PERMISSION_DENIED,
    "quota_error": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "internal_error": grpc.StatusCode.INTERNAL,
}  # everything else is INVALID_ARGUMENT


class Failure(NamedTuple):
    """One error: its family (a field of ErrorCode), the value there, and what to tell."""

    family: str
    code: str
    message: str
    retry_after: timedelta | None = None
    rate_name: str = ""
    field: str = ""


_NO_ACCESS = (
    "User doesn't have permission to access customer. Note: If you're accessing a client customer, the manager's "
    "customer id must be set in the 'login-customer-id' header."
)
FAILURES = {
    Fault.EXPIRED_TOKEN: Failure("authentication_error", "OAUTH_TOKEN_EXPIRED", "OAuth token has expired."),
    Fault.REVOKED_TOKEN: Failure("authentication_error", "OAUTH_TOKEN_REVOKED", "OAuth token has been revoked."),
    Fault.PERMISSION_DENIED: Failure("authorization_error", "USER_PERMISSION_DENIED", _NO_ACCESS),
    Fault.ACCOUNT_DISABLED: Failure(
        "authorization_error", "CUSTOMER_NOT_ENABLED", "The customer account can't be accessed: it is deactivated."
    ),
    Fault.RATE_LIMITED: Failure(
        "quota_error", "RESOURCE_TEMPORARILY_EXHAUSTED", "Too many requests. Retry in 30 seconds.",
        retry_after=timedelta(seconds=30), rate_name="Requests per minute",
    ),
    Fault.DAILY_QUOTA: Failure(
        "quota_error", "RESOURCE_EXHAUSTED", "Too many operations today. Retry in 21600 seconds.",
        retry_after=timedelta(hours=6), rate_name="Number of operations per day",
    ),
    Fault.INTERNAL_ERROR: Failure("internal_error", "INTERNAL_ERROR", "An internal error has occurred."),
    Fault.UNSUPPORTED_VERSION: Failure("request_error", "UNSUPPORTED_VERSION", "This API version was sunset."),
    Fault.INVALID_QUERY: Failure(
        "query_error", "UNRECOGNIZED_FIELD", "Unrecognized field in the query: 'metrics.gone'.", field="metrics.gone"
    ),
}  # fmt: skip


def abort(context: Any, failure: Failure, version: str, request_id: str) -> None:
    """End the call with this failure; raises inside the server."""
    body = failure_message(failure, version, request_id).SerializeToString()
    key = f"google.ads.googleads.{version}.errors.googleadsfailure-bin"
    context.set_trailing_metadata(((key, body), ("request-id", request_id)))
    context.abort(STATUS.get(failure.family, grpc.StatusCode.INVALID_ARGUMENT), failure.message)


def failure_message(failure: Failure, version: str, request_id: str) -> Any:
    """The GoogleAdsFailure of one error."""
    types = import_module(f"google.ads.googleads.{version}.errors.types")
    found = types.GoogleAdsFailure.pb(types.GoogleAdsFailure())
    found.request_id = request_id
    error = found.errors.add()
    error.message = failure.message
    enum = error.error_code.DESCRIPTOR.fields_by_name[failure.family].enum_type
    setattr(error.error_code, failure.family, enum.values_by_name[failure.code].number)
    if failure.field:
        error.location.field_path_elements.add().field_name = failure.field
    if failure.retry_after is not None:
        quota = error.details.quota_error_details
        quota.rate_name = failure.rate_name
        quota.retry_delay.FromTimedelta(failure.retry_after)
    return found
