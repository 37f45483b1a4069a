"""Meta's insights rows in the terms of the product.

Clicks are link clicks: Meta's `clicks` also counts likes and opened pictures, which no other platform does.
Conversions are dated to the click or impression that earned them, so days of the last four weeks still grow.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from channels.connectors import PLATFORMS
from channels.connectors.base import (
    DEFAULT_WINDOW,
    Batch,
    ConnectorError,
    EntityRow,
    ErrorKind,
    PullRequest,
    Sentence,
    StatRow,
    sentence,
)
from channels.connectors.meta.entities import LEVELS, Level
from channels.connectors.meta.errors import quota
from channels.connectors.meta.graph import Answer

WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view")  # 7d_view and 28d_view ended on 2026-01-12
DAYS = ("date_start", "date_stop")
MEASURES = ("account_currency", "impressions", "inline_link_clicks", "spend", "actions", "action_values")
SHOWN_LEVELS = {"campaign": ("campaign",), "ad": ("campaign", "ad_group", "ad")}
ZERO = Decimal(0)
MICRO = Decimal("0.000001")
Row = Mapping[str, Any]


class Reading:
    """One pull: what to ask for, and what has been read so far, so that nothing is taken twice or left out."""

    def __init__(self, request: PullRequest, level: Level) -> None:
        self.account = f"act_{request.account.external_id}"
        self.known: set[tuple[str, str]] = set()  # (level, id) of entities already handed over
        self._currency = request.account.currency
        # Exactly one: purchase, omni_purchase and offsite_conversion.fb_pixel_purchase count the same orders.
        self._action = request.goals.get("conversion") or PLATFORMS["meta"].goal
        self._level = level
        self._shown = [LEVELS[key] for key in SHOWN_LEVELS[level.key]]
        self._read: set[tuple[date, str]] = set()
        self._days: dict[str, date] = {}

    def params(self, since: date, until: date) -> dict[str, Any]:
        """Parameters of the insights edge for the days [since, until)."""
        fields = [field for level in self._shown for field in (level.id_field, level.name_field)]
        # Named statuses: without them the numbers of archived and deleted campaigns are missing.
        status = {"field": f"{self._level.key}.effective_status", "operator": "IN", "value": list(self._level.statuses)}
        return {
            "level": self._level.key,
            "time_increment": 1,
            "time_range": {"since": since.isoformat(), "until": (until - timedelta(days=1)).isoformat()},
            "fields": ",".join([*fields, *MEASURES, *DAYS]),
            "action_attribution_windows": list(WINDOWS),
            "action_report_time": "impression",
            "use_unified_attribution_setting": True,
            "filtering": [status],
            "summary": ["impressions"],
        }

    def batches(self, pages: Iterable[Answer], since: date, until: date) -> Iterator[Batch]:
        """Translate the pages of one window. PARTIAL when rows come twice, are missing or belong to other days."""
        days = [since + timedelta(days=n) for n in range((until - since).days)]
        self._days = {day.isoformat(): day for day in days}
        impressions, total = 0, 0
        for page in pages:
            total = max(total, int((page.body.get("summary") or {}).get("impressions") or 0))
            rows, entities = self._page(page.body["data"])
            impressions += sum(row.impressions for row in rows)
            yield Batch(rows, entities, quota=quota(page.headers))
        if impressions < total:  # more is possible: today grows while its pages are read
            left_out = sentence("Meta left out rows: they hold %(found)s of %(total)s impressions.", found=impressions, total=total)
            raise _partial(left_out)

    def _page(self, data: list[Row]) -> tuple[list[StatRow], list[EntityRow]]:
        rows: list[StatRow] = []
        entities: list[EntityRow] = []
        try:
            for each in data:
                self._once(each)
                rows += self._rows(each)
                entities += self._gone(each)
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise _partial(sentence("Meta sent a row that cannot be read.")) from error
        return rows, entities

    def _once(self, row: Row) -> None:
        day = self._days.get(row["date_start"])
        if day is None or row["date_stop"] != row["date_start"]:
            raise _partial(sentence("Meta sent days that were not asked for (%(since)s to %(last)s).", since=row["date_start"],
                               last=row["date_stop"]))  # fmt: skip
        key = (day, row[self._level.id_field])
        if key in self._read:
            raise _partial(
                sentence("Meta sent the same row twice (%(row)s).", row=f"{row['date_start']}, {self._level.key} {key[1]}")
            )
        self._read.add(key)
        currency = row.get("account_currency", self._currency)
        if currency != self._currency:
            changed = sentence("Meta counts this account in %(found)s, not in %(known)s.", found=currency, known=self._currency)
            raise ConnectorError(ErrorKind.INVALID, changed, sentence("Read the account list again."))

    def _rows(self, row: Row) -> list[StatRow]:
        """The row of the default window with the delivery, and one for each further window with conversions."""
        counts, values = _of(row.get("actions"), self._action), _of(row.get("action_values"), self._action)
        key = (self._days[row["date_start"]], row["campaign_id"], row.get("adset_id", ""), row.get("ad_id", ""))
        delivery = (int(row["impressions"]), int(row.get("inline_link_clicks") or 0), Decimal(row["spend"]))
        if not counts and not values:
            return [StatRow(*key, DEFAULT_WINDOW, *delivery, ZERO, ZERO, ZERO, 0, 0)]
        found = {window: (_decimal(counts.get(window)), _decimal(values.get(window))) for window in WINDOWS}
        conversions = found["7d_click"][0] + found["1d_view"][0]
        value = found["7d_click"][1] + found["1d_view"][1]
        default = StatRow(*key, DEFAULT_WINDOW, *delivery, conversions, value, found["1d_view"][0], 0, 0)
        further = [StatRow(*key, window, 0, 0, ZERO, *pair, ZERO, 0, 0) for window, pair in found.items() if any(pair)]
        return [default, *further]

    def _gone(self, row: Row) -> list[EntityRow]:
        missing = [level for level in self._shown if (level.key, row[level.id_field]) not in self.known]
        self.known.update((level.key, row[level.id_field]) for level in missing)
        return [level.gone(row) for level in missing]


def _of(actions: list[Row] | None, action: str) -> Row:
    return next((each for each in actions or () if each["action_type"] == action), {})


def _decimal(number: str | None) -> Decimal:
    return Decimal(number).quantize(MICRO) if number else ZERO


def _partial(said: Sentence) -> ConnectorError:
    return ConnectorError(ErrorKind.PARTIAL, said, sentence("Nothing was stored; the days are pulled again."))
