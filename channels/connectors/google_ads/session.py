"""The official client, logged in: built once per process and credential, a channel costs 7 ms and a file handle."""

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from google.oauth2.credentials import Credentials as GoogleCredentials

from channels.connectors.base import Credentials, Endpoint
from channels.connectors.google_ads.errors import translate
from channels.connectors.google_token import refresh, unproven

SCOPE = "https://www.googleapis.com/auth/adwords"
KEPT = 32  # sessions per process; each holds one connection
SUMMARY_ROW_WITH_RESULTS = 3


class Session:
    """A Google Ads client that logs in through one manager account ("" for none). All errors are ConnectorErrors."""

    def __init__(self, endpoint: Endpoint, token: GoogleCredentials, version: str, login_customer_id: str) -> None:
        from google.ads.googleads.client import GoogleAdsClient

        self._endpoint, self._timeout = endpoint, endpoint.timeout
        self._token = token
        self._client = GoogleAdsClient(
            credentials=token,
            developer_token=None,  # sunset in September 2026
            endpoint=endpoint.api,
            login_customer_id=login_customer_id or None,
            version=version,
            use_proto_plus=False,  # proto-plus reads rows seven times slower
        )
        self._service = self._client.get_service("GoogleAdsService")

    def accessible(self) -> list[str]:
        """Customer ids the login reaches directly."""
        request = self._client.get_type("ListAccessibleCustomersRequest")
        refresh(self._endpoint, self._token)
        try:
            service = self._client.get_service("CustomerService")  # a temporary would close its channel
            names = service.list_accessible_customers(request=request, timeout=self._timeout).resource_names
        except Exception as error:
            raise translate(error) from error
        return sorted(name.removeprefix("customers/") for name in names)

    def stream(self, customer_id: str, query: str, *, summary: bool = False) -> Iterator[Any]:
        """The messages of one SearchStream call; with `summary` the last one holds the totals in `summary_row`."""
        request = self._client.get_type("SearchGoogleAdsStreamRequest")
        request.customer_id, request.query = customer_id, query
        if summary:
            request.summary_row_setting = SUMMARY_ROW_WITH_RESULTS
        refresh(self._endpoint, self._token)
        try:
            yield from self._service.search_stream(request=request, timeout=self._timeout)
        except Exception as error:
            raise translate(error) from error


def session(endpoint: Endpoint, credentials: Credentials, version: str, login_customer_id: str = "") -> Session:
    """The session of this process; a fork builds its own."""
    return _session(os.getpid(), endpoint, credentials, version, login_customer_id)


def token(endpoint: Endpoint, credentials: Credentials) -> GoogleCredentials:
    """The token of this process, shared by all sessions of one credential; `refresh` tries it."""
    return _token(os.getpid(), endpoint, credentials)


def forget() -> None:
    """Drop all sessions and tokens: after Google refused one, the next call starts afresh."""
    _session.cache_clear()
    _token.cache_clear()


@lru_cache(maxsize=KEPT)
def _token(process: int, endpoint: Endpoint, credentials: Credentials) -> GoogleCredentials:
    return unproven(endpoint, credentials, [SCOPE])


@lru_cache(maxsize=KEPT)
def _session(process: int, endpoint: Endpoint, credentials: Credentials, version: str, login_customer_id: str) -> Session:
    return Session(endpoint, _token(process, endpoint, credentials), version, login_customer_id)
