"""Files of events, one per line: what somebody did and when. They go the way of events that a website sends."""

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking.imports import sending, taking_back, values
from tracking.imports.kind import Cell, Field, Given, Kind, Reading, Row
from tracking.imports.kinds import people
from tracking.models import ImportFile
from tracking.outcome import Outcome
from tracking.row_rules import time_problem
from workspaces.models import Workspace

FIELDS: tuple[Field, ...] = (
    Field("event", _("Event name"), "text", False, "event eventname name ereignis ereignisname aktion action"),
    Field("occurred_at", _("Time"), "time", True,
          "occurredat timestamp time eventtime datetime date datum zeitpunkt zeit createdat originaltimestamp"),
    people.USER_ID,
    Field("anonymous_id", _("Anonymous id"), "text", False, "anonymousid clientid visitorid cookieid besucherid deviceid"),
    people.EMAIL,
    people.MESSAGE_ID,
    people.ANALYTICS,
    Field("page_url", _("Page address"), "text", False, "pageurl url pagelocation seite seitenadresse landingpage"),
    Field("referrer", _("Referring page"), "text", False, "referrer referer pagereferrer verweis"),
    Field("utm_source", "utm_source", "text", False, "utmsource"),
    Field("utm_medium", "utm_medium", "text", False, "utmmedium"),
    Field("utm_campaign", "utm_campaign", "text", False, "utmcampaign"),
    Field("utm_id", "utm_id", "text", False, "utmid"),
)  # fmt: skip
CAMPAIGN = {"source": "utm_source", "medium": "utm_medium", "name": "utm_campaign", "id": "utm_id"}


def reader(_workspace: Workspace, reading: Reading) -> Callable[[Given], dict[str, Any]]:
    def event(given: Given) -> dict[str, Any]:
        said = given.values
        if not (name := said.get("event") or reading.event_name):
            raise values.Unreadable(gettext("The event has no name."))
        if problem := time_problem(said["occurred_at"]):
            raise values.Unreadable(problem)
        ids = {"userId": people.id_of(said, "user_id"), "anonymousId": people.id_of(said, "anonymous_id")}
        context = _context(given)
        if not any(ids.values()) and "traits" not in context:
            raise values.Unreadable(gettext("Nobody is named: user id, anonymous id and e-mail are all empty."))
        content = {"type": "track", "event": name, "timestamp": said["occurred_at"].isoformat(), "context": context,
                   "properties": people.plain(given.extra), **{key: value for key, value in ids.items() if value}}  # fmt: skip
        return {**content, "messageId": said.get("message_id") or sending.own_id(content)}

    return event


def _context(given: Given) -> dict[str, Any]:
    said = given.values
    campaign = {name: said[field] for name, field in CAMPAIGN.items() if field in said}
    page = {name: said[field] for name, field in (("url", "page_url"), ("referrer", "referrer")) if field in said}
    email = people.email_of(said)
    parts = {"campaign": campaign, "page": page, "traits": {"email": email} if email else {}}
    return {name: part for name, part in parts.items() if part} | people.consent_context(said)


def cells(row: dict[str, Any]) -> Sequence[Cell]:
    person = [row.get("userId"), row.get("anonymousId"), row["context"].get("traits", {}).get("email")]
    at = values.instant(row["timestamp"], "ymd", Reading().zone)
    return [Cell(at), Cell(row["event"]), Cell(" · ".join(filter(None, person))), Cell(people.shown(row["properties"]))]


def store(file: ImportFile, rows: Sequence[Row]) -> Outcome:
    return sending.send(file, [row.content for row in rows])


def undo(file: ImportFile) -> bool:
    return taking_back.take_back(file)


KIND = Kind(
    "events", _("Events"), _("What people did and when: sign-ups, bookings, calls, visits of a shop."), "activity", FIELDS,
    ("decimal_sign", "date_order", "time_zone", "event_name"),
    (_("Time"), _("Event"), _("Person"), _("Properties")),
    cells, reader, store, undo, _("Property of the event"), needs_source=True,
)  # fmt: skip
