"""Google Ads: spend, clicks and both datings of conversions per campaign or ad and day."""

from collections.abc import Iterator
from datetime import timedelta

from channels.connectors.base import (
    AccountInfo,
    Batch,
    ConnectorError,
    CredentialCheck,
    Credentials,
    Endpoint,
    ErrorKind,
    PullRequest,
)
from channels.connectors.google_ads import reports
from channels.connectors.google_ads.session import SCOPE, Session, forget, session, token
from channels.connectors.google_token import refresh
from channels.connectors.grpc_trust import trust

VERSION = "v26"


class GoogleAds:
    """See `channels.connectors.base.Connector`."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        trust(endpoint.ca_bundle)
        self._endpoint = endpoint
        self._credentials = credentials

    def check(self) -> CredentialCheck:
        """Renew the token and ask which accounts it reaches. AUTH or PERMISSION says what the owner has to do."""
        refresh(self._endpoint, token(self._endpoint, self._credentials), always=True)
        customers = self._session().accessible()  # refused without the scope, which the token server does not always name
        return CredentialCheck("Google Ads " + ", ".join(customers), (SCOPE,), None)

    def accounts(self) -> list[AccountInfo]:
        """Every account that can be pulled, by id. Managers are opened, not listed; accounts they lost are left out."""
        found: dict[str, AccountInfo] = {}
        roots = [self._credentials.login_customer_id] if self._credentials.login_customer_id else self._session().accessible()
        for root in roots:
            for account in self._clients(root):
                known = found.get(account.external_id)
                if known is None or (known.manager_id and not account.manager_id):  # direct access beats a manager's
                    found[account.external_id] = account
        return [found[external_id] for external_id in sorted(found)]

    def pull(self, request: PullRequest) -> Iterator[Batch]:
        """First the names of everything, then the numbers; the names again if something was created in between."""
        if request.since >= request.until:
            return
        login = request.account.manager_id or self._credentials.login_customer_id
        named: set[tuple[str, str]] = set()
        statistics = reports.Statistics()
        try:
            opened = self._session(login)
            yield from self._entities(opened, request, named)
            yield from self._statistics(opened, request, statistics)
            if not statistics.entities <= named:
                yield from self._entities(opened, request, named)
        except ConnectorError as error:
            if error.kind is ErrorKind.AUTH:
                forget()
            raise

    def _session(self, login_customer_id: str = "") -> Session:
        version = self._endpoint.api_version or VERSION
        return session(self._endpoint, self._credentials, version, login_customer_id)

    def _clients(self, root: str) -> list[AccountInfo]:
        """The accounts at or below a directly reachable one; none if it was closed."""
        found: list[AccountInfo] = []
        try:
            for message in self._session(root).stream(root, reports.CLIENTS):
                clients = [row.customer_client for row in message.results]
                found += [
                    reports.account(client, "" if str(client.id) == root else root) for client in clients if not client.manager
                ]
        except ConnectorError as error:
            if error.code == "authorization_error.CUSTOMER_NOT_ENABLED":  # closed accounts stay in the list
                return []
            raise
        return found

    def _entities(self, opened: Session, request: PullRequest, named: set[tuple[str, str]]) -> Iterator[Batch]:
        query = reports.ENTITIES[request.report]
        for number, message in enumerate(opened.stream(request.account.external_id, query)):
            yield Batch(entities=reports.entities(message.results, named), requests=int(number == 0))

    def _statistics(self, opened: Session, request: PullRequest, statistics: reports.Statistics) -> Iterator[Batch]:
        last = request.until - timedelta(days=1)
        query = reports.STATISTICS[request.report] + reports.days(request.since, last)
        stream = opened.stream(request.account.external_id, query, summary=True)
        for number, message in enumerate(stream):  # all messages of a stream are one operation
            yield statistics.batch(message, requests=int(number == 0))
