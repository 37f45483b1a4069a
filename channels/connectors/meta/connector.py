"""Meta Ads through the Marketing API: campaigns and ads per day, one action type, each attribution window apart."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

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
from channels.connectors.meta.entities import LEVELS, Level, account_info
from channels.connectors.meta.errors import RECONNECT, TooMuchData, quota
from channels.connectors.meta.graph import Graph
from channels.connectors.meta.insights import Reading

REPORTS = {"campaigns": ("campaign",), "ads": ("campaign", "ad_group", "ad")}  # the last level carries the numbers
ACCOUNT_FIELDS = "account_id,name,currency,timezone_name,account_status"
SYNCHRONOUS_DAYS = 31  # longer windows go to a report run at once
RUN_SECONDS = 600.0  # for a report run, after which smaller portions are tried
POLLS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between two looks at a report run; the last one repeats
COMPLETED, FAILED = "Job Completed", {"Job Failed", "Job Skipped"}


class Meta:
    """See `channels.connectors.base.Connector`."""

    page_rows = 1_000  # larger pages time out at Meta

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        self._graph = Graph(endpoint, credentials)

    def check(self) -> CredentialCheck:
        """Ask what the token may do and whose it is. AUTH if it is dead, PERMISSION if it may not read ads."""
        token = self._graph.debug_token()
        if not token.get("is_valid"):
            raise ConnectorError(ErrorKind.AUTH, sentence("Meta no longer takes the access token."), RECONNECT, code="190")
        scopes = tuple(token.get("scopes") or ())
        if not {"ads_read", "ads_management"} & set(scopes):
            lacking = sentence("The login lacks the permission %(scope)s.", scope="ads_read")
            raise ConnectorError(ErrorKind.PERMISSION, lacking, sentence("Reconnect and allow it."), code="200")
        person = self._graph.get("me", fields="id,name").body
        expires = int(token.get("expires_at") or 0)
        identity = str(person.get("name") or person.get("id") or "")
        return CredentialCheck(identity, scopes, datetime.fromtimestamp(expires, UTC) if expires else None)

    def accounts(self) -> list[AccountInfo]:
        """All ad accounts of the token, by id; closed and disabled ones too, their history can be read."""
        pages = self._graph.pages("me", "adaccounts", fields=ACCOUNT_FIELDS, limit=self.page_rows)
        return sorted(account_info(each) for page in pages for each in page.body["data"])

    def pull(self, request: PullRequest) -> Iterator[Batch]:
        """First the names of everything, then the numbers of the report's level."""
        reading = Reading(request, LEVELS[REPORTS[request.report][-1]])
        for level in REPORTS[request.report]:
            yield from self._entities(reading, LEVELS[level])
        yield from self._window(reading, request.since, request.until)

    def _entities(self, reading: Reading, level: Level) -> Iterator[Batch]:
        fields = ",".join(field for field in ("id", "name", "effective_status", level.parent_field) if field)
        params = {"fields": fields, "effective_status": list(level.statuses)}
        for page in self._graph.pages(reading.account, level.edge, limit=self.page_rows, **params):
            entities = [level.entity(each) for each in page.body["data"]]
            reading.known.update((each.level, each.external_id) for each in entities)
            yield Batch(entities=entities, quota=quota(page.headers))

    def _window(self, reading: Reading, since: date, until: date) -> Iterator[Batch]:
        """The days [since, until): in one call, else as a report run, else both halves one after the other."""
        if (until - since).days <= SYNCHRONOUS_DAYS:
            try:
                # Held back to the last page: with rows already handed over there is no changing to a report run.
                params = reading.params(since, until)
                pages = list(self._graph.pages(reading.account, "insights", limit=self.page_rows, **params))
            except TooMuchData:
                pass
            else:
                yield from reading.batches(pages, since, until)
                return
        try:
            run = self._finished_run(reading, since, until)
        except TooMuchData:
            half = since + (until - since) // 2
            if half == since:
                raise
            yield from self._window(reading, since, half)
            yield from self._window(reading, half, until)
        else:
            yield from reading.batches(self._graph.pages(run, "insights", limit=self.page_rows), since, until)

    def _finished_run(self, reading: Reading, since: date, until: date) -> str:
        """The id of a completed report run. TooMuchData when Meta fails at it or takes too long."""
        started = self._graph.post(reading.account, "insights", **reading.params(since, until))
        run = str(started.body.get("report_run_id") or "")
        if not run:
            raise ConnectorError(ErrorKind.TRANSIENT, sentence("Meta did not start the report run."))
        deadline, looks = time.monotonic() + RUN_SECONDS, 0
        while time.monotonic() < deadline:
            state = self._graph.get(run, fields="async_status,async_percent_completion").body
            if state.get("async_status") == COMPLETED and state.get("async_percent_completion") == 100:
                return run
            if state.get("async_status") in FAILED:
                failed = sentence("Meta failed to compute the report, even for a single day."), sentence("It is tried again later.")
                raise TooMuchData(ErrorKind.TRANSIENT, *failed, code="-2/2490547")
            time.sleep(POLLS[min(looks, len(POLLS) - 1)])
            looks += 1
        slow = sentence("Meta did not compute the report within %(seconds)s seconds.", seconds=f"{RUN_SECONDS:g}")
        raise TooMuchData(ErrorKind.TRANSIENT, slow)
