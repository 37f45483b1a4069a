"""Webhooks: the signature over the raw body is checked in constant time, then the body becomes events like any other."""

import base64
import hmac
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.db import DatabaseError, InterfaceError

from mops.lib.clock import now
from mops.lib.crypto import UnableToDecrypt
from tracking.collector import body, door, mapping, shops
from tracking.collector.door import Answer, refuse
from tracking.collector.limits import rate_limit
from tracking.collector.parse import Reason, Refusal, shown, storable
from tracking.collector.sources import known
from tracking.collector.store import Request, store
from tracking.models import Event, EventKey, Source

TOLERANCE = 300  # seconds a signed time may be off (generic webhooks)
UNSIGNED = refuse(401, "Signature missing or wrong.")
FORM = "application/x-www-form-urlencoded"
PING = re.compile(rb"webhook_id=[0-9]{1,20}")  # WooCommerce's only unsigned request, sent when a webhook is saved


def answer(write_key: str, raw: bytes, headers: Mapping[str, str]) -> Answer:
    """Check, translate, store, acknowledge. 401 leaves a trace in the source's refusals, without the content."""
    try:
        source = Source.objects.filter(key_hash=Source.hash(write_key[:200]), state=Source.State.ACTIVE).first()
        if source is None or not source.dialect:
            return door.UNKNOWN_KEY
        if source.dialect == Source.Dialect.WOOCOMMERCE and _is_ping(raw, headers):
            return door.SUCCESS
        if not is_signed(source, raw, headers):
            store(Request(known(source), "hook", now(), b"", False, [], [Refusal(0, Reason.SIGNATURE, "", b"")]))
            return UNSIGNED
        return _take(source, raw, headers)
    except (DatabaseError, InterfaceError):
        return door.AWAY


def _is_ping(raw: bytes, headers: Mapping[str, str]) -> bool:
    """Whether nothing is sent but the number of a webhook: the shop shows its owner anything but a 200 as a failure."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower() == FORM and PING.fullmatch(raw) is not None


def is_signed(source: Source, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the body was signed with the source's secret. Without a secret nothing is."""
    try:
        secret = source.secret.encode()
    except UnableToDecrypt:
        return False
    if not secret:
        return False
    if source.dialect == Source.Dialect.MAPPED:
        return _is_signed_with_time(secret, raw, headers)
    name = {"shopify": "X-Shopify-Hmac-Sha256", "woocommerce": "X-WC-Webhook-Signature"}[source.dialect]
    expected = base64.b64encode(hmac.new(secret, raw, sha256).digest())
    return hmac.compare_digest(expected, headers.get(name, "").encode(errors="replace"))


def _is_signed_with_time(secret: bytes, raw: bytes, headers: Mapping[str, str]) -> bool:
    """X-Signature: hex HMAC-SHA256 of "<X-Timestamp>.<body>"; the time keeps a recorded request from being sent again later."""
    stamp = headers.get("X-Timestamp", "")
    if not stamp.isascii() or not stamp.isdigit() or abs(int(stamp[:12]) - now().timestamp()) > TOLERANCE:
        return False
    expected = hmac.new(secret, stamp.encode() + b"." + raw, sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), headers.get("X-Signature", "").removeprefix("sha256=").encode(errors="replace"))


def _take(source: Source, raw: bytes, headers: Mapping[str, str]) -> Answer:
    door_source = known(source)
    if wait := rate_limit.wait(source.pk, 1, source.rate_per_minute):
        return refuse(429, "Too many events per minute for this source.", Retry_After=str(int(wait) + 1))
    try:
        content = body.read(raw)
        events = translated(source, content, raw, headers)
    except (body.Unreadable, shops.NotUnderstood, RecursionError) as error:
        reason = Reason.MALFORMED if isinstance(error, body.Unreadable) else Reason.MAPPING
        store(Request(door_source, "hook", now(), raw, False, [], [Refusal(0, reason, shown(str(error)), raw)]))
        return door.SUCCESS  # the shop can do nothing about it and would switch the webhook off
    if events:
        store(_with_raw(door.prepared("hook", door_source, raw, {}, events), raw))
    return door.SUCCESS


def _with_raw(request: Request, raw: bytes) -> Request:
    return request._replace(body=raw if request.body else b"", trimmed=False)


def translated(source: Source, content: Any, raw: bytes, headers: Mapping[str, str]) -> list[dict[str, Any]]:
    """The events a body is, in the source's dialect. Raises NotUnderstood, for a body of any depth also RecursionError."""
    if source.dialect == Source.Dialect.MAPPED:
        return mapping.events(source.mapping, content, own_id(raw))
    translate = shops.shopify if source.dialect == Source.Dialect.SHOPIFY else shops.woocommerce
    if not isinstance(content, dict):
        raise shops.NotUnderstood("The body is no object.")
    events = translate(content, headers)
    if source.dialect == Source.Dialect.WOOCOMMERCE:
        _tell_refunds_apart(source, events[1:])
    return events


def _tell_refunds_apart(source: Source, refunds: shops.Events) -> None:
    """Name those after their order too whose number stands for a refund of another order: another shop counts from 1 as well.

    A shop alone in its workspace never has one, so its refunds keep their names, and telling of them again changes nothing.
    """
    named = {event["messageId"]: event for event in refunds if storable(event["messageId"])}
    if not named:
        return
    told_at = EventKey.objects.filter(workspace=source.workspace_id, message_id__in=named).values("received_at")
    told = Event.objects.filter(  # by the index of sources and arrival: there is none of message ids
        source__in=Source.objects.filter(workspace=source.workspace_id), received_at__in=told_at, message_id__in=named
    )
    for message_id, order_id in told.values_list("message_id", "properties__order_id"):
        said = named[message_id]["properties"]
        if order_id != said["order_id"]:
            said["refund_id"] = f"{said['order_id']}-{said['refund_id']}"
            named[message_id]["messageId"] = f"woocommerce-refund-{said['refund_id']}"


def own_id(raw: bytes) -> str:
    """What events of a body without ids of their own are named after: the same body again gives the same names."""
    return sha256(raw).hexdigest()[:40]


def sign(secret: str, raw: bytes, stamp: int) -> dict[str, str]:
    """The headers of a generic webhook, as a sender makes them: for the recipe in the docs and for tests."""
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + raw, sha256).hexdigest()
    return {"X-Timestamp": str(stamp), "X-Signature": f"sha256={signature}"}
