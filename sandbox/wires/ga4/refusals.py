"""How the sandbox's Analytics APIs say no, over gRPC and over HTTP."""

from typing import Any, NamedTuple

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status  # type: ignore[import-untyped]

from sandbox.faults import Fault
from sandbox.http import Response, json_response

RETRY_SECONDS = 30
HTTP_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.INTERNAL: 500,
    grpc.StatusCode.UNAVAILABLE: 503,
}


class Refusal(NamedTuple):
    """A status with its message, and after how many seconds to come back if the service says so (it seldom does)."""

    status: grpc.StatusCode
    message: str
    retry_seconds: int = 0


class Refused(Exception):
    """Ends the answering of a call."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def invalid(message: str) -> Refused:
    """To raise for a request Analytics does not take."""
    return Refused(Refusal(grpc.StatusCode.INVALID_ARGUMENT, message))


UNAUTHENTICATED = Refusal(
    grpc.StatusCode.UNAUTHENTICATED,
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential.",
)
NO_SCOPE = Refusal(grpc.StatusCode.PERMISSION_DENIED, "Request had insufficient authentication scopes.")
NO_ACCESS = Refusal(grpc.StatusCode.PERMISSION_DENIED, "User does not have sufficient permissions for this property.")
FAULTS = {
    Fault.EXPIRED_TOKEN: UNAUTHENTICATED,
    Fault.PERMISSION_DENIED: NO_ACCESS,
    Fault.RATE_LIMITED: Refusal(
        grpc.StatusCode.RESOURCE_EXHAUSTED, "Exhausted concurrent requests quota. Wait and try again.", RETRY_SECONDS
    ),
    Fault.DAILY_QUOTA: Refusal(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "Exhausted property tokens per day. These quota tokens will return in under 24 hours.",
    ),
    Fault.TRANSIENT_503: Refusal(grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable."),
    Fault.INTERNAL_ERROR: Refusal(grpc.StatusCode.INTERNAL, "An internal error has occurred."),
    Fault.INVALID_QUERY: Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "Did you mean sessions? Field gone is not a valid metric."
    ),
}  # fmt: skip


def abort(context: Any, refusal: Refusal) -> None:
    """End a gRPC call; raises inside the server."""
    status = Status(code=refusal.status.value[0], message=refusal.message)
    if refusal.retry_seconds:
        hint = RetryInfo()
        hint.retry_delay.seconds = refusal.retry_seconds
        packed = AnyMessage()
        packed.Pack(hint)
        status.details.append(packed)
    context.abort_with_status(rpc_status.to_status(status))


def http_refusal(refusal: Refusal) -> Response:
    """The same over HTTP, as Google's REST services put it."""
    code = HTTP_STATUS[refusal.status]
    return json_response({"error": {"code": code, "message": refusal.message, "status": refusal.status.name}}, code)
