"""What an insights call asks for, checked as strictly as Meta does."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from sandbox.wires.meta.refusals import Refusal, Refused, invalid

LEVELS = ("campaign", "ad")
WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view", "1d_ev")
DEAD_WINDOWS = ("7d_view", "28d_view")  # gone since 2026-01-12
REPORT_TIMES = ("impression", "mixed")
RETENTION = timedelta(days=37 * 30 + 17)
FIELDS = {
    "account_id", "account_currency", "account_name", "campaign_id", "campaign_name", "adset_id", "adset_name", "ad_id",
    "ad_name", "impressions", "clicks", "inline_link_clicks", "spend", "actions", "action_values", "date_start",
    "date_stop",
}  # fmt: skip
ABOVE_ADS = {"adset_id", "adset_name", "ad_id", "ad_name"}  # unknown to the level campaign
SUMMABLE = {"impressions", "clicks", "inline_link_clicks", "spend"}


class Query(NamedTuple):
    """A checked insights call; days inclusive."""

    level: str
    since: date
    until: date
    fields: tuple[str, ...]
    windows: tuple[str, ...]
    statuses: frozenset[str]  # empty: all but archived and deleted
    summary: tuple[str, ...]


def parse(params: Mapping[str, str], today: date) -> Query:
    """The query in form or query-string parameters. Refused with Meta's code 100 (or 3018) otherwise."""
    level = params.get("level", "")
    if level not in LEVELS:
        raise invalid("level must be one of the levels served here: campaign, ad.")
    if params.get("time_increment") != "1":
        raise invalid("time_increment: only daily rows (1) are served here.")
    if params.get("action_report_time", "mixed") not in REPORT_TIMES:
        raise invalid("action_report_time must be one of the following values: impression, mixed")
    since, until = _days(_json(params, "time_range", {}), today)
    fields = _names(params, "fields") or ("impressions", "spend")
    for name in fields:
        if name not in FIELDS or (level == "campaign" and name in ABOVE_ADS):
            raise invalid(f"{name} is not valid for fields param.")
    summary = tuple(name for name in _names(params, "summary") if name in SUMMABLE and name in fields)
    return Query(level, since, until, fields, _windows(params), _statuses(params, level), summary)


def _days(span: Any, today: date) -> tuple[date, date]:
    try:
        since, until = date.fromisoformat(span["since"]), date.fromisoformat(span["until"])
    except (KeyError, TypeError, ValueError):
        raise invalid("time_range must hold since and until as YYYY-MM-DD.", 1487851) from None
    if since > until:
        raise invalid("time_range: since must not be after until.", 1487851)
    if since < today - RETENTION:
        message = "(#3018) The start date of the time range cannot be beyond 37 months from the current date"
        raise Refused(Refusal(3018, message))
    return since, until


def _windows(params: Mapping[str, str]) -> tuple[str, ...]:
    found = tuple(_json(params, "action_attribution_windows", []))
    for window in found:
        if window in DEAD_WINDOWS or window not in WINDOWS:
            allowed = ", ".join(WINDOWS)
            raise invalid(f"param action_attribution_windows[0] must be one of the following values: {allowed}")
    return found


def _statuses(params: Mapping[str, str], level: str) -> frozenset[str]:
    found: set[str] = set()
    for rule in _json(params, "filtering", []):
        if rule.get("field") != f"{level}.effective_status" or rule.get("operator") != "IN":
            raise invalid(f"filtering: only {level}.effective_status IN is served here.")
        found |= set(rule.get("value", []))
    return frozenset(found)


def _names(params: Mapping[str, str], name: str) -> tuple[str, ...]:
    """A list as JSON or joined by commas; Graph takes both."""
    text = params.get(name, "")
    return tuple(_json(params, name, [])) if text.startswith("[") else tuple(filter(None, text.split(",")))


def _json(params: Mapping[str, str], name: str, default: Any) -> Any:
    try:
        return json.loads(params[name]) if name in params else default
    except ValueError:
        raise invalid(f"Param {name} must be valid JSON.") from None
