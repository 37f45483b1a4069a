"""What visitors choose in cookie banners, as their browsers tell it: taken from events, kept for the ledger.

A refusal sends nothing, so nothing of it can be kept. A grant comes with the first event; a withdrawal is the last message of
a browser, sent before it deletes its id, and the only one that passes the door without consent: stripped of all but the choice.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from tracking.arrays import array, columns_of, rows_of
from tracking.blind_index import Indexer
from tracking.collector import parse
from tracking.consent import blanking, evidence, tcf
from tracking.consent.intake import signals
from tracking.consent_models import PURPOSE_KEY, SubjectKind
from tracking.ingest.arrival import Arrival, text
from tracking.ingest.clock import corrected
from tracking.profiles import normalise

GOODBYE = "Consent Withdrawn"  # name of the last message
SOURCES = ("browser", "server")  # kinds of sources with visitors behind them
AGREEING = timedelta(minutes=2)  # a browser's clock this far from ours is right
MOST_PURPOSES, MOST_TEXT = 50, 1_000  # kept of what one visitor may send
REMEMBERED = 4_000  # characters of a choice that is read once only


class Word(NamedTuple):
    """What a banner said, at one moment."""

    said: Mapping[str, bool]
    told_at: datetime  # by the browser's clock
    given_at: datetime
    is_dated: bool
    is_last: bool
    proof: Mapping[str, Any] = {}


def goodbye(item: Any) -> dict[str, Any] | None:
    """A browser's last message, less everything that is not the choice; None for any other event."""
    if not isinstance(item, dict) or item.get("event") != GOODBYE or item.get("type", "track") != "track":
        return None
    context = item.get("context")
    consent = context.get("consent") if isinstance(context, dict) else None
    if not isinstance(consent, dict) or not item.get("anonymousId"):
        return None
    kept = {name: item[name] for name in ("event", "anonymousId", "messageId", "timestamp", "sentAt") if name in item}
    return {**kept, "type": "track", "context": {"consent": consent, "page": {"url": _address(context)}}}


def part(arrivals: Sequence[Arrival]) -> tuple[list[Arrival], list[Arrival]]:
    """(events, last messages): the latter are no events, and nothing is measured by them."""
    going, last = [], []
    for arrival in arrivals:
        if arrival.name == GOODBYE and arrival.type == "track" and arrival.anonymous_id and not _allows(arrival):
            arrival.visitor = arrival.anonymous_id
            last.append(arrival)
        else:
            going.append(arrival)
    return going, last


def _allows(arrival: Arrival) -> bool:
    return signals(arrival.context).get("analytics", False)


NEWEST = """
SELECT DISTINCT ON (subject) subject, said::text, told_at, given_at, is_dated, is_last FROM tracking_bannerchoice
WHERE workspace_id = %s AND subject = ANY(%s::text[]) ORDER BY subject, is_last DESC, told_at DESC, id DESC
"""
ADD = """
INSERT INTO tracking_bannerchoice (workspace_id, subject, said, told_at, given_at, is_dated, is_last, proof)
SELECT %s, t.subject, t.said::jsonb, t.told_at, t.given_at, t.is_dated, t.is_last, t.proof::jsonb
FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::boolean[], %s::boolean[], %s::text[])
    AS t (subject, said, told_at, given_at, is_dated, is_last, proof)
"""


def keep(arrivals: Iterable[Arrival]) -> None:
    """Put aside for the ledger what is news, in the running transaction. One look-up per workspace; the visitors are locked."""
    heard: dict[int, dict[str, list[Arrival]]] = defaultdict(lambda: defaultdict(list))
    for arrival in arrivals:
        consent = arrival.context.get("consent")
        if consent and arrival.anonymous_id and arrival.source_kind in SOURCES and isinstance(consent, dict):
            told = heard[arrival.workspace_id][arrival.anonymous_id]
            if not told or told[-1].context["consent"] != consent or arrival.name == GOODBYE:
                told.append(arrival)
    for workspace_id, browsers in heard.items():
        indexer = Indexer(workspace_id)
        named = {normalise.identifier(name): name for name in browsers}
        indexes = {indexer.index(SubjectKind.DEVICE, value): browsers[name] for value, name in named.items() if value}
        rows = list(_news(workspace_id, indexes)) if indexes else []
        if rows:
            rows_of(ADD, [workspace_id, *columns_of(rows)])


def _news(workspace_id: int, browsers: Mapping[str, list[Arrival]]) -> Iterator[tuple[Any, ...]]:
    newest = {row[0]: Word(_parsed(row[1]), *row[2:]) for row in rows_of(NEWEST, [workspace_id, array(browsers)])}
    for index, arrivals in browsers.items():
        last = newest.get(index)
        for arrival in sorted(arrivals, key=_told_at) if len(arrivals) > 1 else arrivals:
            said = _said(arrival.context)
            if last and said == last.said and _told_at(arrival) >= last.told_at and not _is_new_date(arrival, last):
                continue  # nearly every event; what follows costs more
            word = _word(arrival, said)
            if is_news(word, last):
                yield index, json.dumps(word.said), *word[1:5], json.dumps(word.proof)
                last = word if last is None or word.is_last or word.told_at >= last.told_at else last


def is_news(word: Word, newest: Word | None) -> bool:
    """Whether the ledger has to hear it, given the newest word of that browser. Of older words only what restricts."""
    if newest is None:
        return bool(word.said)
    if newest.is_last or not word.said:
        return False  # that id has ended: whatever comes late was said before
    if word.is_last:
        return True
    if word.told_at < newest.told_at:
        return any(newest.said.get(purpose) and not granted for purpose, granted in word.said.items())
    return word.said != newest.said or (word.is_dated and (not newest.is_dated or word.given_at > newest.given_at))


def _is_new_date(arrival: Arrival, newest: Word) -> bool:
    """Cheap: the banner names the time of the choice, and it may be another one."""
    written = arrival.context["consent"].get("given_at")
    named = parse.instant(written) if written else None
    return (named is not None and (not newest.is_dated or named > newest.given_at)) or arrival.name == GOODBYE


def _told_at(arrival: Arrival) -> datetime:
    return arrival.original_at or arrival.received_at


def _said(context: Mapping[str, Any]) -> Mapping[str, bool]:
    written = json.dumps(context["consent"])
    return _read(written) if len(written) <= REMEMBERED else _read.__wrapped__(written)


@lru_cache(maxsize=500)
def _parsed(said: str) -> Mapping[str, bool]:
    parsed: dict[str, bool] = json.loads(said)
    return parsed


@lru_cache(maxsize=2_000)
def _read(consent: str) -> Mapping[str, bool]:
    """Visitors repeat themselves, and TC strings take long to read."""
    said = signals({"consent": json.loads(consent)})
    return {purpose: said[purpose] for purpose in sorted(said)[:MOST_PURPOSES] if _is_key(purpose)}


def _is_key(purpose: str) -> bool:
    try:
        PURPOSE_KEY(purpose)
    except ValidationError:
        return False
    return True


def _word(arrival: Arrival, said: Mapping[str, bool]) -> Word:
    is_last = arrival.name == GOODBYE and not said.get("analytics", False)
    told_at, received = _told_at(arrival), arrival.received_at
    named = parse.instant(arrival.context["consent"].get("given_at"))
    is_right = arrival.sent_at is not None and abs(received - arrival.sent_at) <= AGREEING
    chosen = min(named, told_at) if named else told_at
    # A right clock is believed as it is: the correction would add the time the request took, and a grant may have been on its way
    # for longer than the withdrawal after it.
    given_at = min(chosen, received) if is_right else corrected(chosen, arrival.sent_at, received).at
    proof = _proof(arrival)
    if is_last:
        said = {"analytics": False, **said}
    return Word(said, told_at, given_at, is_right and named is not None, is_last, proof)


def _proof(arrival: Arrival) -> dict[str, Any]:
    consent, user_id = arrival.context["consent"], arrival.user_id
    agent = text(arrival.context, "userAgent")
    rest = {name: value for name, value in consent.items() if name not in ("cmp", "text", "tcString", "given_at")}
    found = {
        "url": _address(arrival.context, user_id),
        "mechanism": blanking.text(text(consent, "cmp")[:60], user_id),
        "text_version": blanking.text(text(consent, "text")[:200], user_id),
        "tc_string": text(consent, "tcString")[: tcf.LONGEST],
        "cmp": _manager(text(consent, "tcString")),
        "received": blanking.text(json.dumps(rest, ensure_ascii=False)[:MOST_TEXT], user_id),
        "user_agent": evidence.family(agent) if agent else "",
        "browser_time": _told_at(arrival).isoformat(timespec="milliseconds"),
        "received_at": arrival.received_at.isoformat(timespec="milliseconds"),
        "event": blanking.MAIL.sub(blanking.BLANK, arrival.message_id),
        "data_source": arrival.source_id,
    }
    return {name: value for name, value in found.items() if value}


def _manager(tc_string: str) -> str:
    """The consent manager that wrote a TC string, and what it was asking about."""
    try:
        string = tcf.read(tc_string)
    except tcf.UnableToRead:
        return ""
    return f"{string.cmp_id}, version {string.cmp_version}, vendor list {string.vendor_list_version}"


def _address(context: Any, user_id: str = "") -> str:
    """Of the page, less what could name a person."""
    return blanking.address(text(context, "page", "url")[:MOST_TEXT], user_id)
