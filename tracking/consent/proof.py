"""The printable proof for one person (BGH, I ZR 164/09): what they read, when and how they agreed, and its place in the chain."""

import json
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from mops.lib import clock
from tracking.blind_index import Subject
from tracking.models import ChainHead, ConsentEvent, ConsentState
from workspaces.models import Workspace

TEMPLATE = Path(__file__).with_name("proof.typ")
SHOWN_PROOF = 300  # characters of one value
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
    "cmp": gettext_lazy("Consent manager of the TC string"),
    "received": gettext_lazy("What the banner said"),
    "browser_time": gettext_lazy("Time by the browser’s clock"),
    "received_at": gettext_lazy("Received"),
    "event": gettext_lazy("Event"),
    "data_source": gettext_lazy("Data source"),
    "person": gettext_lazy("the person"),
    "system": gettext_lazy("the system"),
}
SOURCE_LABELS = {
    "banner": gettext_lazy("Consent banner"),
    "form": gettext_lazy("Form"),
    "api": gettext_lazy("API"),
    "import": gettext_lazy("Import"),
    "double_opt_in": gettext_lazy("Double opt-in"),
    "preferences": gettext_lazy("Preference centre"),
    "one_click": gettext_lazy("One-click withdrawal"),
    "member": gettext_lazy("Noted by a member"),
    "merge": gettext_lazy("Merge of identifiers"),
    "expiry": gettext_lazy("End of validity"),
    "objection": gettext_lazy("Suppression list"),
}


class Entry(NamedTuple):
    """One event as people read it."""

    event: ConsentEvent
    decides: bool  # whether today's answer rests on it
    way: str
    details: list[tuple[str, str]]  # label, value


def timeline(workspace: Workspace, subject: Subject) -> list[Entry]:
    """Everything this identifier ever said, newest first."""
    deciding = set(ConsentState.objects.filter(workspace=workspace, subject=subject.index).values_list("event_seq", flat=True))
    events = ConsentEvent.objects.filter(workspace=workspace, subject=subject.index).select_related("purpose", "text")
    return [
        Entry(event, event.seq in deciding, str(SOURCE_LABELS[event.source]), details(event.proof))
        for event in events.order_by("-seq")
    ]


def details(proof: dict[str, Any]) -> list[tuple[str, str]]:
    """The proof as pairs of label and value; what is nested as "double opt-in: sent_at"."""
    found: list[tuple[str, str]] = []
    for name, value in sorted(proof.items()):
        if isinstance(value, dict):
            found += [(f"{label(name)}: {inner}", text) for inner, text in details(value)]
        elif value not in ("", None):
            found.append((label(name), str(value)[:SHOWN_PROOF]))
    return found


def label(name: str) -> str:
    return str(LABELS.get(name, name))


def pdf(workspace: Workspace, subject: Subject, identifier: str) -> bytes:
    """The page for the person known by `identifier`, in the active language."""
    import typst

    fields = json.dumps(_content(workspace, subject, identifier))
    made: bytes = typst.compile(
        TEMPLATE.read_bytes(),
        sys_inputs={"content": fields},
        pdf_standards=["a-2a", "ua-1"],
        timestamp=clock.now().replace(microsecond=0),
    )
    return made


def _content(workspace: Workspace, subject: Subject, identifier: str) -> dict[str, Any]:
    zone = ZoneInfo(workspace.time_zone)
    entries = timeline(workspace, subject)
    head = ChainHead.objects.filter(workspace=workspace).first()
    return {
        "language": get_language() or "en",
        "title": _("Proof of consent"),
        "subtitle": workspace.name,
        "facts": [
            [_("Person"), identifier],
            [_("Blind index"), subject.index],
            [_("Printed"), _at(clock.now(), zone)],
            [_("End of the chain"), f"{head.seq} · {head.hash}" if head else "–"],
        ],
        "headings": {"decisive": _("What holds"), "all": _("All statements"), "text": _("Text the person was shown")},
        "none": _("No statements."),
        "columns": [_("No."), _("Time"), _("Purpose"), _("Decision"), _("Way"), _("Text"), _("Hash")],
        "decisive": [_decisive(entry, zone) for entry in reversed(entries) if entry.decides],
        "rows": [_row(entry.event, zone) for entry in reversed(entries)],
        "note": _(
            "Every statement carries the SHA-256 of its content and of the statement before it; any later change breaks the chain. "
            "Times are those of the server. Check with: manage.py verify_consent_chain."
        ),
    }  # fmt: skip


def _decisive(entry: Entry, zone: ZoneInfo) -> dict[str, Any]:
    event = entry.event
    text = event.text
    rows = [(_("Time"), _at(event.given_at, zone)), (_("Way"), entry.way), *entry.details]
    rows += [(_("Noted by"), label(event.actor)), (_("Chain"), f"{event.seq} · {event.hash}"), (_("Before it"), event.prev_hash)]
    if text:
        version = _("Version %(version)s (%(language)s), published %(at)s") % {
            "version": text.version, "language": text.language, "at": _at(text.published_at, zone)
        }  # fmt: skip
        rows.insert(2, (_("Text"), f"{version}, SHA-256 {text.sha256}"))
    return {
        "purpose": _(event.purpose.name), "decision": event.get_decision_display(), "granted": event.decision == "granted",
        "rows": rows, "text": text.text if text else "",
    }  # fmt: skip


def _row(event: ConsentEvent, zone: ZoneInfo) -> list[str]:
    version = f"{event.text.language} {event.text.version}" if event.text else "–"
    at, way = _at(event.at, zone), str(SOURCE_LABELS[event.source])
    return [str(event.seq), at, _(event.purpose.name), str(event.get_decision_display()), way, version, event.hash[:12] + "…"]


def _at(at: Any, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{date_format(local, 'DATE_FORMAT')} {local:%H:%M:%S %Z}"
