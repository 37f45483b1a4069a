"""The Analytics Admin API as far as a connection needs it: which properties a login sees, and what they count in.

https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1beta/accountSummaries/list
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.http import Handler, Request, Response, Route, json_response
from sandbox.wires.ga4.access import PLATFORM, admit, properties, strike
from sandbox.wires.ga4.refusals import NO_ACCESS, Refused, http_refusal, invalid

if TYPE_CHECKING:
    from sandbox.server import Sandbox

ACCOUNT = ("100200300", "Alpenkiste (sample)")
LARGEST_PAGE = 200


def routes(sandbox: "Sandbox") -> list[Route]:
    def guarded(answer: Callable[["Sandbox", Request], Response]) -> Handler:
        def handle(request: Request) -> Response:
            sandbox.requests.add(PLATFORM, request.path, request.match.get("property", ""))
            try:
                admit(sandbox, request.headers.get("authorization", ""))
                strike(sandbox, request.match.get("property", ""))
                return answer(sandbox, request)
            except Refused as refused:
                return http_refusal(refused.refusal)

        return handle

    return [
        ("GET", "/v1beta/accountSummaries", guarded(_summaries)),
        ("GET", r"/v1beta/properties/(?P<property>\d+)", guarded(_property)),
    ]


def _summaries(sandbox: "Sandbox", request: Request) -> Response:
    begin, size = request.query.get("pageToken", "0"), request.query.get("pageSize", "50")
    if not begin.isdigit() or not size.isdigit():
        raise invalid("The page token or page size is not valid.")
    found = [
        {"property": f"properties/{one.external_id}", "displayName": one.name, "propertyType": "PROPERTY_TYPE_ORDINARY"}
        for one in properties(sandbox)
    ]
    # One account summary per property, so that a small page size has something to page through.
    names = {"name": f"accountSummaries/{ACCOUNT[0]}", "account": f"accounts/{ACCOUNT[0]}", "displayName": ACCOUNT[1]}
    summaries = [names | {"propertySummaries": [one]} for one in found]
    end = int(begin) + min(int(size) or 50, LARGEST_PAGE)
    token = {"nextPageToken": str(end)} if end < len(summaries) else {}
    return json_response({"accountSummaries": summaries[int(begin) : end], **token})


def _property(sandbox: "Sandbox", request: Request) -> Response:
    wanted = request.match["property"]
    found = next((one for one in properties(sandbox) if one.external_id == wanted), None)
    if found is None:
        raise Refused(NO_ACCESS)
    names = {"name": f"properties/{wanted}", "displayName": found.name, "parent": f"accounts/{ACCOUNT[0]}"}
    kept = {"currencyCode": found.currency, "timeZone": found.time_zone, "serviceLevel": "GOOGLE_ANALYTICS_STANDARD"}
    return json_response(names | kept)
