"""What one person said, as people read it (BGH, I ZR 164/09): what they were shown, when and how they agreed, by which proof."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.blind_index import Subject
from tracking.consent_models import Decision, SubjectKind
from tracking.models import ConsentEvent, ConsentState, Suppression
from workspaces.models import Workspace

LABELS = {  # of proof and actors; other names are shown as they are
    "url": gettext_lazy("Address of the form"),
    "mechanism": gettext_lazy("Mechanism"),
    "button": gettext_lazy("Button"),
    "ip_hmac": gettext_lazy("Network address (HMAC)"),
    "ip_month": gettext_lazy("Month of its pepper"),
    "user_agent": gettext_lazy("Browser"),
    "tc_string": gettext_lazy("TC string"),
    "double_opt_in": gettext_lazy("Double opt-in"),
    "requested_at": gettext_lazy("requested"),
    "request": gettext_lazy("request"),
    "sent_at": gettext_lazy("mail sent"),
    "message_id": gettext_lazy("mail id"),
    "mail_sha256": gettext_lazy("SHA-256 of the mail"),
    "file": gettext_lazy("File"),
    "line": gettext_lazy("Line"),
    "reason": gettext_lazy("Reason"),
    "text_version": gettext_lazy("Version of the text shown"),
    "wording": gettext_lazy("Wording they were shown"),
    "cmp": gettext_lazy("Consent manager of the TC string"),
    "received": gettext_lazy("What the banner said, as received"),
    "browser_time": gettext_lazy("Time by the browser’s clock"),
    "received_at": gettext_lazy("Received"),
    "event": gettext_lazy("Event"),
    "data_source": gettext_lazy("Data source"),
    "person": gettext_lazy("the person"),
    "system": gettext_lazy("the system"),
    "said_by": gettext_lazy("Said by identifier"),
    "stricter": gettext_lazy("Stricter identifier"),
    "seq": gettext_lazy("No."),
    "subject": gettext_lazy("Blind index"),
    "decision": gettext_lazy("Decision"),
    "given_at": gettext_lazy("Said, by the file"),
    "kind": gettext_lazy("Kind of identifier"),
    "language": gettext_lazy("Language of the text shown"),
    "import": gettext_lazy("Number of the import"),
    "taken_back": gettext_lazy("Undone import, number"),
    "doi_sent_at": gettext_lazy("Double opt-in: mail sent"),
    "doi_confirmed_at": gettext_lazy("Double opt-in: confirmed"),
}
WORDS: Mapping[str, Mapping[str, Any]] = {  # ours; whatever else stands there is quoted
    "said_by": dict(SubjectKind.choices),
    "kind": dict(SubjectKind.choices),
    "decision": dict(Decision.choices),
    "mechanism": {
        **dict(Suppression.Reason.choices),
        "button after double opt-in mail": gettext_lazy("Button after the confirmation mail"),
        "switch and button": gettext_lazy("Switch and button"),
        "List-Unsubscribe one-click": gettext_lazy("One-click withdrawal in the mail program"),
    },
    "url": {
        "double opt-in page": gettext_lazy("Page of the confirmation mail"),
        "preference centre": gettext_lazy("Preference centre"),
        "mail header": gettext_lazy("Header of the mail"),
    },
}
TIMES = ("given_at", "requested_at", "sent_at", "confirmed_at", "browser_time", "received_at", "doi_sent_at", "doi_confirmed_at")
SOURCE_LABELS = {
    "banner": gettext_lazy("Consent banner"),
    "form": gettext_lazy("Form"),
    "api": gettext_lazy("API"),
    "import": gettext_lazy("File import"),
    "double_opt_in": gettext_lazy("Double opt-in"),
    "preferences": gettext_lazy("Preference centre"),
    "one_click": gettext_lazy("One-click withdrawal"),
    "member": gettext_lazy("Noted by a member"),
    "merge": gettext_lazy("Merge of identifiers"),
    "expiry": gettext_lazy("End of validity"),
    "objection": gettext_lazy("Suppression list"),
    "bounce": gettext_lazy("Address does not exist"),
    "erasure": gettext_lazy("Erased on request"),
}


class Entry(NamedTuple):
    """One event as people read it."""

    event: ConsentEvent
    decides: bool  # whether today's answer rests on it
    way: str
    details: list[tuple[str, str]]  # label, value


def timeline(workspace: Workspace, *subjects: Subject) -> list[Entry]:
    """Everything these identifiers ever said, newest first."""
    of_them = {"workspace": workspace, "subject__in": [subject.index for subject in subjects]}
    deciding = set(ConsentState.objects.filter(**of_them).values_list("event_seq", flat=True))
    events, zone = ConsentEvent.objects.filter(**of_them).select_related("purpose", "text"), ZoneInfo(workspace.time_zone)
    return [
        Entry(event, event.seq in deciding, str(SOURCE_LABELS[event.source]), details(event.proof, zone))
        for event in events.order_by("-seq")
    ]


def details(proof: Mapping[str, Any], zone: ZoneInfo) -> list[tuple[str, str]]:
    """The proof as pairs of label and value; what is nested as "double opt-in: sent_at", instants in `zone`."""
    found: list[tuple[str, str]] = []
    for name, value in sorted(proof.items()):
        if isinstance(value, dict):
            found += [(f"{label(name)}: {inner}", text) for inner, text in details(value, zone)]
        elif value not in ("", None):
            found.append((label(name), _time(value, zone) if name in TIMES else _shown(value, WORDS.get(name, {}))))
    return found


def local(instant: datetime, zone: ZoneInfo) -> str:
    """In `zone`, to the second, with its offset."""
    there = instant.astimezone(zone)
    return f"{date_format(there, 'DATE_FORMAT')} {there:%H:%M:%S} (UTC{there.isoformat()[-6:]})"


def _time(value: Any, zone: ZoneInfo) -> str:
    """What is no instant, or does not say in which zone, is quoted."""
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return local(instant, zone) if instant.tzinfo else str(value)


def _shown(value: Any, words: Mapping[str, Any]) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return " · ".join(_shown(part, words) for part in value)
    return str(words.get(value, value)) if isinstance(value, str) else str(value)


def label(name: str) -> str:
    return str(LABELS.get(name, name))
