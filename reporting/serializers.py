"""What the metrics API takes and gives. Metric values are decimals as text, null where undefined."""

from typing import Any

from rest_framework import serializers

from channels.connectors import PLATFORMS
from channels.connectors.base import DEFAULT_WINDOW
from mops.lib.period import COMPARISONS, DEFAULT_PRESET, PRESETS
from reporting.comparing import CUSTOM
from reporting.dimensions import DIMENSIONS
from reporting.kpis import KPIS

WINDOWS = sorted({window for platform in PLATFORMS.values() for window in platform.windows})
FORMATS = ("json", "csv", "csv_de", "xlsx")
METRICS = ", ".join(KPIS)


class MetricsParameters(serializers.Serializer[Any]):
    """The query string."""

    period = serializers.ChoiceField(list(PRESETS), default=DEFAULT_PRESET, help_text="Ends yesterday, workspace time.")
    since = serializers.DateField(required=False, help_text="First day, instead of `period`.")
    until = serializers.DateField(required=False, help_text="The day after the last one.")
    metrics = serializers.CharField(default="spend,impressions,clicks", help_text=f"Separated by commas: {METRICS}.")
    dimensions = serializers.CharField(default="", allow_blank=True, help_text=f"Separated by commas: {', '.join(DIMENSIONS)}.")
    filter = serializers.ListField(
        child=serializers.CharField(), default=list,
        help_text="`channel:paid_search,display`; may be repeated. `-` means not assigned.",
    )  # fmt: skip
    comparison = serializers.ChoiceField(
        ["none", *COMPARISONS, CUSTOM], default="none", help_text="`year` is 364 days earlier: the same weekdays."
    )
    comparison_since = serializers.DateField(required=False, help_text="First day of a `custom` comparison.")
    comparison_until = serializers.DateField(required=False, help_text="The day after its last one.")
    attribution_window = serializers.ChoiceField(WINDOWS, default=DEFAULT_WINDOW)
    as_of = serializers.DateTimeField(required=False, help_text="Show what was known at this instant (ISO 8601).")
    order_by = serializers.CharField(default="", allow_blank=True, help_text="`-spend`, `campaign` …")
    limit = serializers.IntegerField(default=1000, min_value=1, max_value=10_000)
    format = serializers.ChoiceField(FORMATS, default="json")


class NoteSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()


class DimensionValueSerializer(serializers.Serializer[Any]):
    value = serializers.CharField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]  # also an attribute of every field


class _Values(serializers.DictField):
    child = serializers.DecimalField(max_digits=None, decimal_places=None, coerce_to_string=True, allow_null=True)


class MetricsRowSerializer(serializers.Serializer[Any]):
    dimensions = serializers.DictField(child=DimensionValueSerializer())
    metrics = _Values()
    previous = _Values(allow_null=True)
    by_platform = serializers.DictField(
        child=_Values(), help_text="What each platform claims; claims of several platforms have no sum."
    )
    original_currency = serializers.CharField(allow_blank=True, help_text="Of a row from one foreign account, else empty.")
    original = _Values(help_text="Its amounts before conversion.")
    notes = NoteSerializer(many=True)


class PeriodSerializer(serializers.Serializer[Any]):
    since = serializers.DateField()
    until = serializers.DateField(help_text="The day after the last one.")


class MetricsSerializer(serializers.Serializer[Any]):
    period = PeriodSerializer()
    comparison = PeriodSerializer(allow_null=True)
    currency = serializers.CharField()
    time_zone = serializers.CharField()
    attribution_window = serializers.CharField()
    as_of = serializers.DateTimeField(allow_null=True)
    row_count = serializers.IntegerField(help_text="Before `limit`.")
    rows = MetricsRowSerializer(many=True)
    totals = MetricsRowSerializer()
    notes = NoteSerializer(many=True)


class ErrorDetailSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(allow_blank=True)


class ErrorSerializer(serializers.Serializer[Any]):
    error = ErrorDetailSerializer()
