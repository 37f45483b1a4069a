"""The rules by which the sandbox's Google Ads refuses a query, and the fields it serves.

What is not served is refused, never ignored: what passes here asks for nothing that the real service would not know.
"""

from datetime import date, timedelta

from sandbox.wires.gaql import Condition, Query, QueryRefused

RETENTION = timedelta(days=37 * 30 + 17)  # daily rows are kept for 37 months
PERIODS = {
    "TODAY": (0, 0),
    "YESTERDAY": (1, 1),
    "LAST_7_DAYS": (7, 1),
    "LAST_14_DAYS": (14, 1),
    "LAST_30_DAYS": (30, 1),
}

_ENTITY = ("resource_name", "id", "name", "status")
_CUSTOMER = (
    "resource_name",
    "id",
    "descriptive_name",
    "currency_code",
    "time_zone",
    "manager",
    "test_account",
    "status",
)
FIELDS = {
    "customer": {f"customer.{name}" for name in _CUSTOMER},
    "customer_client": {f"customer_client.{name}" for name in (*_CUSTOMER, "client_customer", "level", "hidden")},
    "campaign": {f"campaign.{name}" for name in (*_ENTITY, "advertising_channel_type")},
    "ad_group": {f"ad_group.{name}" for name in (*_ENTITY, "campaign")},
    "ad_group_ad": {"ad_group_ad.resource_name", "ad_group_ad.status", "ad_group_ad.ad_group"}
    | {"ad_group_ad.ad.id", "ad_group_ad.ad.name"},
    "segments": {"segments.date", "segments.conversion_action", "segments.conversion_action_name"},
    "metrics": {
        f"metrics.{name}"
        for name in (
            "cost_micros", "impressions", "clicks", "view_through_conversions", "conversions", "conversions_value",
            "all_conversions", "all_conversions_value", "conversions_by_conversion_date",
            "conversions_value_by_conversion_date",
        )
    },
}  # fmt: skip
SELECTABLE = {  # what may stand beside the resource in FROM
    "customer": ("customer", "segments", "metrics"),
    "customer_client": ("customer_client", "customer"),
    "campaign": ("campaign", "customer", "segments", "metrics"),
    "ad_group": ("ad_group", "campaign", "customer", "segments", "metrics"),
    "ad_group_ad": ("ad_group_ad", "ad_group", "campaign", "customer", "segments", "metrics"),
}
NOT_BY_CONVERSION_ACTION = ("metrics.cost_micros", "metrics.impressions", "metrics.clicks")


def validate(query: Query, today: date, *, manager: bool) -> None:
    """Refuse what the service refuses for an account whose own day is `today`."""
    if query.resource not in SELECTABLE:
        raise QueryRefused("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", f"'{query.resource}' is not a valid resource name.")
    for field in query.select:
        _check_field(query, field, "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE")
    for condition in query.where:
        _check_field(query, condition.field, "PROHIBITED_RESOURCE_TYPE_IN_WHERE_CLAUSE")
    if manager and query.selects("metrics"):
        message = "Metrics cannot be requested for a manager account. Ask its client accounts one by one."
        raise QueryRefused("REQUESTED_METRICS_FOR_MANAGER", message)
    _check_combinations(query)
    _check_references(query)
    if query.selects("segments") or any(condition.field == "segments.date" for condition in query.where):
        date_range(query, today)


def _check_field(query: Query, field: str, wrong_room: str) -> None:
    room = field.partition(".")[0]
    if field not in FIELDS.get(room, ()):
        raise QueryRefused("UNRECOGNIZED_FIELD", f"Unrecognized field in the query: '{field}'.", field)
    if room not in SELECTABLE[query.resource]:
        raise QueryRefused(wrong_room, f"'{field}' cannot be used with FROM {query.resource}.", field)


def _check_combinations(query: Query) -> None:
    if not any(field.startswith("segments.conversion_action") for field in query.select):
        return
    for field in query.select:
        if field in NOT_BY_CONVERSION_ACTION:
            code = "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE"
            message = f"Cannot select the following segments with {field}: 'segments.conversion_action'."
            raise QueryRefused(code, message, field)


def _check_references(query: Query) -> None:
    """Fields of other clauses must be selected, apart from the date in WHERE and the resource's own attributes."""
    own = FIELDS[query.resource]
    for field in (condition.field for condition in query.where):
        if field.startswith("segments.") and field != "segments.date" and field not in query.select:
            message = f"'{field}' must be in the SELECT clause."
            raise QueryRefused("EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE", message, field)
    for field, _ in query.order_by:
        if field not in query.select and field not in own:
            raise QueryRefused("PROHIBITED_FIELD_IN_ORDER_BY_CLAUSE", f"'{field}' must be selected.", field)


def date_range(query: Query, today: date) -> tuple[date, date]:
    """The first and last day asked for. QueryRefused unless that is a finite range the service still has."""
    since, until = date.min, date.max
    for condition in query.where:
        if condition.field == "segments.date":
            first, last = _days(condition, today)
            since, until = max(since, first), min(until, last)
    if since == date.min or until == date.max:
        message = "A finite date range is needed in WHERE when segments.date is selected."
        raise QueryRefused("EXPECTED_FILTERS_ON_DATE_RANGE", message, "segments.date")
    if since < today - RETENTION:
        message = "The requested dates lie before the 37 months for which daily data is kept."
        raise QueryRefused("DATE_RANGE_TOO_WIDE", message, "segments.date")
    return since, until


def _days(condition: Condition, today: date) -> tuple[date, date]:
    operator, values = condition.operator, condition.values
    if operator == "DURING":
        if values[0] not in PERIODS:
            raise QueryRefused("INVALID_VALUE_WITH_DURING_OPERATOR", f"'{values[0]}' is no period.", condition.field)
        first, last = PERIODS[values[0]]
        return today - timedelta(days=first), today - timedelta(days=last)
    days = [_day(value) for value in values]
    ranges = {"=": (days[0], days[-1]), ">=": (days[0], date.max), "<=": (date.min, days[-1])}
    one = timedelta(days=1)
    ranges |= {">": (days[0] + one, date.max), "<": (date.min, days[-1] - one), "BETWEEN": (days[0], days[-1])}
    if operator not in ranges:
        raise QueryRefused("OPERATOR_FIELD_MISMATCH", f"segments.date cannot be filtered with {operator}.")
    if operator == "BETWEEN" and days[1] < days[0]:
        raise QueryRefused("INVALID_VALUE_WITH_BETWEEN_OPERATOR", "The range ends before it starts.", condition.field)
    return ranges[operator]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise QueryRefused("INVALID_DATE_FORMAT", f"'{text}' is no date (YYYY-MM-DD).", "segments.date") from None
