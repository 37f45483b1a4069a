"""POST /api/v1/orders and /refunds: one row or up to 1,000; the answer says for each row what became of it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from tracking import orders, refunds
from tracking.outcome import Outcome, Refused
from tracking.row_rules import KEY_LENGTH, OrderRow, RefundRow
from workspaces.api_keys import RequiresScope
from workspaces.models import ApiKey, Workspace

LARGEST_BATCH = 1_000
WRITES_ORDERS = RequiresScope(ApiKey.Scope.ORDERS_WRITE)


class MoneyField(serializers.DecimalField):
    """An amount with up to six decimals, as text or number; text keeps the cents exact."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=18, decimal_places=6, **kwargs)


class OrderSerializer(serializers.Serializer[OrderRow]):
    """One order; sent again with the same order_id it is corrected."""

    order_id = serializers.CharField(max_length=KEY_LENGTH)
    ordered_at = serializers.DateTimeField(help_text="ISO 8601; without an offset it is read in the workspace's time zone.")
    gross = MoneyField(help_text="What the customer paid, with VAT.")
    net = MoneyField(help_text="Without VAT.")
    currency = serializers.CharField(max_length=3, min_length=3, help_text="ISO 4217, for example EUR.")
    customer_key = serializers.CharField(max_length=KEY_LENGTH, default="", allow_blank=True,
                                         help_text="The shop's own key of the buyer, no address; empty for guests.")  # fmt: skip
    margin = MoneyField(default=None, allow_null=True, help_text="Contribution margin of the order, where the shop knows it.")
    is_new_customer = serializers.BooleanField(default=None, allow_null=True,
                                               help_text="Left out: the first order we know of the customer decides.")  # fmt: skip
    utm_source = serializers.CharField(default="", allow_blank=True)
    utm_medium = serializers.CharField(default="", allow_blank=True)
    utm_campaign = serializers.CharField(default="", allow_blank=True)
    utm_id = serializers.CharField(default="", allow_blank=True, help_text="Id of the platform campaign, as pulled.")
    gclid = serializers.CharField(default="", allow_blank=True)
    fbclid = serializers.CharField(default="", allow_blank=True)
    referrer = serializers.CharField(default="", allow_blank=True, help_text="URL of the page the visit came from.")


class RefundSerializer(serializers.Serializer[RefundRow]):
    """Money given back; amounts are positive. It may come before its order."""

    refund_id = serializers.CharField(max_length=KEY_LENGTH)
    order_id = serializers.CharField(max_length=KEY_LENGTH)
    refunded_at = serializers.DateTimeField(help_text="ISO 8601; without an offset it is read in the workspace's time zone.")
    gross = MoneyField()
    net = MoneyField()
    currency = serializers.CharField(max_length=3, min_length=3)
    margin = MoneyField(default=None, allow_null=True)


class RefusedSerializer(serializers.Serializer[Refused]):
    index = serializers.IntegerField(source="place", help_text="Place of the row in what was sent, from 0.")
    reason = serializers.CharField()


class OutcomeSerializer(serializers.Serializer[Outcome]):
    """The first three and the refused rows add up to all rows sent. Of one id sent twice in a request the last row counts."""

    stored = serializers.IntegerField()
    corrected = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = RefusedSerializer(many=True)


def _one_or_many(serializer: type[serializers.Serializer[Any]], name: str) -> PolymorphicProxySerializer:
    return PolymorphicProxySerializer(
        component_name=name, serializers=[serializer, serializer(many=True)], resource_type_field_name=None, many=False
    )


EXAMPLE_ORDER = {
    "order_id": "2026-100231", "ordered_at": "2026-10-31T14:05:00+01:00", "gross": "119.00", "net": "100.00", "currency": "EUR",
    "customer_key": "c-4711", "margin": "42.50", "utm_source": "google", "utm_medium": "cpc", "utm_id": "7001",
}  # fmt: skip


@extend_schema(
    operation_id="orders_store",
    summary="Send orders",
    description="One order or a list of up to 1,000. Sending an order again corrects it; a bad row never stops the others: "
    "look at `refused`.",
    request=_one_or_many(OrderSerializer, "OneOrManyOrders"),
    responses=OutcomeSerializer,
    examples=[OpenApiExample("One order", EXAMPLE_ORDER, request_only=True)],
)
@api_view(["POST"])
@permission_classes([WRITES_ORDERS])
def store_orders(request: Request) -> Response:
    return _answer(request, OrderSerializer, OrderRow, lambda workspace, rows: orders.store(workspace, rows, "api"))


@extend_schema(
    operation_id="refunds_store",
    summary="Send refunds",
    description="One refund or a list of up to 1,000. A refund whose order is not here yet waits for it.",
    request=_one_or_many(RefundSerializer, "OneOrManyRefunds"),
    responses=OutcomeSerializer,
)
@api_view(["POST"])
@permission_classes([WRITES_ORDERS])
def store_refunds(request: Request) -> Response:
    return _answer(request, RefundSerializer, RefundRow, refunds.store)


class _Parsed(NamedTuple):
    rows: list[Any]
    places: list[int]  # index in the request of each of the rows
    refused: list[Refused]


def _answer(
    request: Request,
    serializer: type[serializers.Serializer[Any]],
    row_type: Callable[..., Any],
    store: Callable[[Workspace, Sequence[Any]], Outcome],
) -> Response:
    """Parse row by row, store what could be read, and give every refusal its place in the request."""
    workspace = cast(ApiKey, request.auth).workspace  # RequiresScope saw to it
    with timezone.override(ZoneInfo(workspace.time_zone)):
        parsed = _parse(_sent(request.data), serializer, row_type)
    outcome = store(workspace, parsed.rows)
    later = [Refused(parsed.places[index], reason) for index, reason in outcome.refused]
    refused = sorted([*parsed.refused, *later])
    return Response(OutcomeSerializer(outcome._replace(refused=tuple(refused))).data)


def _sent(body: Any) -> list[Any]:
    rows = body if isinstance(body, list) else [body]
    if len(rows) > LARGEST_BATCH:
        raise ValidationError(_("Send at most %(number)s rows per request.") % {"number": LARGEST_BATCH})
    return rows


def _parse(sent: list[Any], serializer: type[serializers.Serializer[Any]], row_type: Callable[..., Any]) -> _Parsed:
    parsed = _Parsed([], [], [])
    for index, content in enumerate(sent):
        row = serializer(data=content)
        if row.is_valid():
            parsed.rows.append(row_type(**row.validated_data))
            parsed.places.append(index)
        else:
            parsed.refused.append(Refused(index, _reason(row.errors)))
    return parsed


def _reason(errors: Any) -> str:
    """All complaints about a row in one line: "gross: A valid number is required."."""
    complaints = errors.items() if isinstance(errors, dict) else [("", errors)]
    return " ".join(f"{field}: {' '.join(map(str, texts))}" for field, texts in complaints).replace("non_field_errors: ", "")
