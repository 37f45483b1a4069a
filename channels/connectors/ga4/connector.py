"""Google Analytics 4: sessions, key events and revenue per day, source, medium and campaign."""

from collections.abc import Iterator
from typing import Any

import requests
from google.analytics.data_v1beta import BetaAnalyticsDataClient, RunReportResponse
from google.api_core.exceptions import GoogleAPICallError, RetryError, from_http_status
from google.auth.exceptions import GoogleAuthError
from google.oauth2.credentials import Credentials as GoogleCredentials

from channels.connectors import PLATFORMS
from channels.connectors.base import (
    AccountInfo,
    Batch,
    ConnectorError,
    CredentialCheck,
    Credentials,
    Endpoint,
    ErrorKind,
    PullRequest,
    sentence,
)
from channels.connectors.bearer import Bearer
from channels.connectors.ga4.errors import refusal
from channels.connectors.ga4.report import Reading, report_request
from channels.connectors.google_token import login, refresh
from channels.connectors.google_token import refusal as token_refusal
from channels.connectors.grpc_trust import trust


class Ga4:
    """See `channels.connectors.base.Connector`."""

    page_rows = 50_000  # Google's limit is 250,000

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        self._endpoint = endpoint
        self._given = credentials
        self._google: GoogleCredentials | None = None
        self._client: BetaAnalyticsDataClient | None = None

    def check(self) -> CredentialCheck:
        """Ask for the first Analytics account the login can see; its name is the identity."""
        google = self._login()
        found = self._admin("accountSummaries", pageSize="1").get("accountSummaries") or [{}]
        return CredentialCheck(str(found[0].get("displayName", "")), tuple(google.granted_scopes or ()), None)

    def accounts(self) -> list[AccountInfo]:
        """All properties the login can see, by id."""
        return sorted(self._account(name) for name in self._properties())

    def pull(self, request: PullRequest) -> Iterator[Batch]:
        """The report, page after page, in the order of the days."""
        reading, offset = Reading(request), 0
        while True:
            page = self._report(request, offset)
            yield reading.batch(page)
            offset += self.page_rows
            if offset >= page.row_count:
                break
        yield reading.rest()

    def _properties(self) -> Iterator[str]:
        token = ""
        while True:
            page = self._admin("accountSummaries", pageSize="200", **({"pageToken": token} if token else {}))
            for summary in page.get("accountSummaries", ()):
                yield from (each["property"] for each in summary.get("propertySummaries", ()))
            token = page.get("nextPageToken", "")
            if not token:
                return

    def _account(self, name: str) -> AccountInfo:
        found = self._admin(name)
        external_id = name.removeprefix("properties/")
        return AccountInfo(external_id, found.get("displayName", external_id), found["currencyCode"], found["timeZone"])

    def _login(self) -> GoogleCredentials:
        if self._google is None:
            self._google = login(self._endpoint, self._given, PLATFORMS["ga4"].scopes)
        refresh(self._endpoint, self._google)
        return self._google

    def _report(self, request: PullRequest, offset: int) -> Any:
        """One page, unwrapped from proto-plus: its row objects are nine times slower to read."""
        google = self._login()
        if self._client is None:
            trust(self._endpoint.ca_bundle)
            self._client = BetaAnalyticsDataClient(credentials=google, client_options={"api_endpoint": self._endpoint.api})
        asked = report_request(request, offset, self.page_rows)
        try:
            return RunReportResponse.pb(self._client.run_report(asked, timeout=self._endpoint.timeout, retry=None))
        except GoogleAPICallError as error:
            failure = refusal(error)
        except GoogleAuthError as error:
            failure = token_refusal(error)
        except RetryError:
            failure = ConnectorError(ErrorKind.TRANSIENT, sentence("The line to Google Analytics broke."))
        raise failure

    def _admin(self, path: str, **params: str) -> dict[str, Any]:
        """A GET of the Admin API. Not httpx: google-auth brings requests, and one line to Google is enough."""
        if not self._endpoint.admin_api:
            raise ConnectorError(ErrorKind.INVALID, sentence("The address of the Analytics Admin API is not set."))
        url = f"{self._endpoint.admin_api}/{PLATFORMS['ga4'].api_version}/{path}"
        bearer = Bearer(self._login().token)
        verify, timeout = self._endpoint.ca_bundle or True, self._endpoint.timeout
        try:
            answer = requests.get(url, params, auth=bearer, verify=verify, timeout=timeout, allow_redirects=False)
            if answer.status_code == 200:
                return dict(answer.json())
            failure = refusal(from_http_status(answer.status_code, _message(answer)))
        except requests.Timeout:
            failure = ConnectorError(
                ErrorKind.TRANSIENT, sentence("Google Analytics said nothing within %(seconds)s seconds.", seconds=f"{timeout:g}")
            )
        except (requests.RequestException, TypeError, ValueError):
            failure = ConnectorError(ErrorKind.TRANSIENT, sentence("Google Analytics sent no readable answer."))
        raise failure


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (KeyError, TypeError, ValueError):
        return f"HTTP status {answer.status_code}"
