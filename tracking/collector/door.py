"""What happens to a request of the tracking API, from bytes to answer. Knows neither Django's request nor WSGI.

The answers are those the Segment SDKs understand: 200 {"success": true}; 4xx means "do not send this again", 429 and 503
mean "later, with the same message ids".
"""

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.db import DatabaseError, InterfaceError, connection

from mops.lib.clock import now
from tracking.collector import body, parse, sources
from tracking.collector.limits import BATCH_BYTES, BATCH_EVENTS, BODY_BYTES, SPREAD_BYTES, rate_limit
from tracking.collector.parse import Bad, Incoming, Reason, Refusal
from tracking.collector.sources import Known
from tracking.collector.store import Request, store
from tracking.models import Source

ENDPOINTS = {  # path below /v1/ → type of event, "" for several events that name their own
    "identify": "identify", "track": "track", "page": "page", "screen": "screen", "group": "group", "alias": "alias",
    "batch": "", "import": "",
    "i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "",
}  # fmt: skip
API_KINDS = (Source.Kind.BROWSER, Source.Kind.SERVER, Source.Kind.IMPORT)  # the keys of webhooks only open their signed door
DATABASE_AWAY = 5  # seconds to wait before sending again


class Call(NamedTuple):
    """A request as it came in; headers as they were sent, "" where missing."""

    endpoint: str
    body: bytes
    authorization: str = ""
    encoding: str = ""
    origin: str = ""


class Answer(NamedTuple):
    status: int
    content: bytes
    headers: Mapping[str, str] = {}


class Decision(NamedTuple):
    """What to answer once `request` is stored; None when there is nothing to store."""

    answer: Answer
    request: Request | None = None


SUCCESS = Answer(200, b'{"success":true}')


def refuse(status: int, message: str, *, kind: str = "", **headers: str) -> Answer:
    content = json.dumps({"success": False, **({"kind": kind} if kind else {}), "message": message}).encode()
    return Answer(status, content, {name.replace("_", "-"): value for name, value in headers.items()})


TOO_LARGE = refuse(
    413,
    f"Send at most {BODY_BYTES // 1024} KB per request, {BATCH_BYTES // 1024} KB and {BATCH_EVENTS:,} events per batch, "
    f"its context times its events at most {SPREAD_BYTES // 1024} KB.",
)
AWAY = refuse(503, "The database is away. Nothing of this request was stored: send it again.", Retry_After=str(DATABASE_AWAY))
UNKNOWN_KEY = refuse(401, "Unknown write key.")
UNLISTED = "{} is not among the websites of this source. Add it in mops: Sources, this source, Edit, Websites."


def answer(call: Call, write: Callable[[Request], object] = store) -> Answer:
    """Store and acknowledge, or say why not. Never raises for anything that was sent."""
    try:
        decision = decide(call)
        if decision.request:
            write(decision.request)
        return with_origin(decision.answer, call.origin)
    except (DatabaseError, InterfaceError):
        if not connection.in_atomic_block:
            connection.close()  # it may be dead, and the next request shall not find that out for itself
        return with_origin(AWAY, call.origin)


def preflight(origin: str) -> Answer:
    """Yes to any website: which source it wants is not known yet, and a browser shows nobody why a preflight was refused.

    The source's own list is asked with the event, which needs no preflight to arrive: there the refusal has words and is counted.
    """
    if not origin:
        return refuse(400, "A preflight names its website in the header Origin.", kind="no_origin")
    asked = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "authorization, content-type, content-encoding",
        "Access-Control-Max-Age": "86400",
    }
    return with_origin(Answer(204, b"", asked), origin)


def with_origin(reply: Answer, origin: str) -> Answer:
    """Let the page read the answer, a refusal too: what a browser hides from its page looks like a broken network, and is
    sent again for ever. It holds nothing but success or failure, so no list of websites is needed here."""
    if not origin:
        return reply
    return reply._replace(headers={**reply.headers, "Access-Control-Allow-Origin": origin, "Vary": "Origin"})


def decide(call: Call) -> Decision:
    """Read and judge a request, storing nothing yet."""
    content, problem, unpacked = None, "", call.body
    try:
        unpacked = body.unpack(call.body, call.encoding)
        content = body.read(unpacked)
    except body.TooLarge:
        return Decision(TOO_LARGE)
    except body.Unreadable as error:
        problem = str(error)
    key = basic_user(call.authorization) or (content.get("writeKey") if isinstance(content, dict) else "")
    if problem and not key:
        return Decision(refuse(400, f"No JSON: {problem[:100]}"))
    source = sources.find(key) if isinstance(key, str) and len(key) < 200 else None
    if source is None or source.kind not in API_KINDS:
        return Decision(UNKNOWN_KEY)
    return _of_source(call, source, unpacked, content, problem)


def _of_source(call: Call, source: Known, unpacked: bytes, content: Any, problem: str) -> Decision:
    kind = ENDPOINTS[call.endpoint]
    batch = content.get("batch") if isinstance(content, dict) and not kind else [content]
    if wait := rate_limit.wait(source.id, len(batch) if isinstance(batch, list) else 1, source.rate_per_minute):
        return Decision(refuse(429, "Too many events per minute for this source.", Retry_After=str(math.ceil(wait))))
    if not sources.allows(call.origin, source):
        refused = refuse(403, UNLISTED.format(parse.shown(call.origin)), kind=Reason.ORIGIN)
        return Decision(refused, _whole_refused(call, source, Reason.ORIGIN, call.origin, b""))
    if problem or not isinstance(batch, list):
        refused = refuse(400, f"No JSON: {problem[:100]}" if problem else "A batch needs a list “batch”.")
        return Decision(refused, _whole_refused(call, source, Reason.MALFORMED, problem or "batch is missing", unpacked))
    if len(batch) > BATCH_EVENTS or len(unpacked) > BATCH_BYTES or _spread(content, batch, unpacked) > SPREAD_BYTES:
        reason = Reason.TOO_MANY if len(batch) > BATCH_EVENTS else Reason.TOO_LARGE
        detail = f"{len(batch)} events, {len(unpacked)} bytes"
        return Decision(TOO_LARGE, _whole_refused(call, source, reason, detail, unpacked))
    request = prepared(call.endpoint, source, unpacked, content, batch)
    return Decision(_reply(kind, request), request if batch else None)


def _spread(content: Any, batch: list[Any], unpacked: bytes) -> int:
    """Bytes the batch's context takes when each event has it."""
    shared = content.get("context") if isinstance(content, dict) and batch is content.get("batch") else None
    if not shared or len(unpacked) * len(batch) <= SPREAD_BYTES:
        return 0
    try:
        return len(json.dumps(shared)) * len(batch)
    except RecursionError:
        return len(unpacked) * len(batch)


def _reply(kind: str, request: Request) -> Answer:
    """A batch succeeds even if some of its events were refused: a client could only send the same ones again."""
    refusal = request.refusals[0] if kind and request.refusals else None
    if refusal is None or refusal.reason == Reason.NO_CONSENT:
        return SUCCESS
    label = str(Reason(refusal.reason).label)
    return refuse(413 if refusal.reason == Reason.TOO_LARGE else 400, f"{label}. {refusal.detail}".strip())


def prepared(endpoint: str, source: Known, unpacked: bytes, content: Any, batch: list[Any]) -> Request:
    """Every event of the batch parsed or refused. What lacks consent leaves nothing but its number."""
    whole: dict[str, Any] = content if isinstance(content, dict) else {}
    sent_at, kind = parse.instant(whole.get("sentAt")), ENDPOINTS.get(endpoint, "")
    shared: Any = None if kind else whole.get("context")
    events: list[tuple[int, Incoming]] = []
    refusals: list[Refusal] = []
    without: set[int] = set()
    for index, sent in enumerate(batch):
        item = {**sent, "context": {**shared, **(sent.get("context") or {})}} if _shares(sent, shared) else sent
        if source.needs_consent and not has_consent(item):
            without.add(index)
            item = last_message(item, kind)
            if item is None:
                refusals.append(Refusal(index, Reason.NO_CONSENT, "", b""))
                continue
        try:
            events.append((index, parse.event(item, kind, sent_at, by_traits=source.kind == Source.Kind.IMPORT)))
        except Bad as bad:
            refusals.append(Refusal(index, bad.reason, bad.detail, parse.payload(item), _id_of(item), sent_at))
    kept = _kept(unpacked, whole, batch, without)
    return Request(source, endpoint, now(), kept, bool(without and kept), events, refusals)


def _shares(sent: Any, shared: Any) -> bool:
    return isinstance(shared, dict) and bool(shared) and isinstance(sent, dict) and isinstance(sent.get("context") or {}, dict)


def has_consent(item: Any) -> bool:
    """Whether the event says that the person agreed to analytics. Unknown is no."""
    from tracking.consent.intake import signals

    context = item.get("context") if isinstance(item, dict) else None
    return isinstance(context, dict) and signals(context).get("analytics") is True


def last_message(item: Any, kind: str) -> dict[str, Any] | None:
    """A browser's withdrawal, stripped of all but the choice: proof, no event. None for anything else."""
    from tracking.consent.banner import goodbye

    return goodbye(item) if kind in ("", "track") else None


def _kept(unpacked: bytes, whole: Mapping[str, Any], batch: list[Any], without: set[int]) -> bytes:
    """The raw body less the events that lack consent."""
    if not without:
        return unpacked
    rest = [sent for index, sent in enumerate(batch) if index not in without]
    return json.dumps({**whole, "batch": rest}).encode() if rest else b""


def _id_of(item: Any) -> str:
    found = item.get("messageId") if isinstance(item, dict) else ""
    return found[:100] if isinstance(found, str) and parse.storable(found) else ""


def _whole_refused(call: Call, source: Known, reason: str, detail: str, content: bytes) -> Request:
    """Keep a body nothing can be made of, as one refusal. Where consent is needed it proved none: its content is not kept."""
    kept = b"" if source.needs_consent else content
    return Request(source, call.endpoint, now(), kept, False, [], [Refusal(0, reason, parse.shown(detail), kept)])


def basic_user(authorization: str) -> str:
    """The user of HTTP Basic authentication, which is the write key; "" when there is none."""
    scheme, _space, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(token.strip(), validate=False).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
