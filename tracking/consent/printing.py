"""The proof of one person as PDF/A, by all their identifiers: every statement with all it rests on, nothing cut.

Linked identifiers appear by kind and blind index only: mops knows no more of them here.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mops.lib import clock
from tracking.blind_index import Subject
from tracking.consent import chain, checking, holding
from tracking.consent.deriving import months_after
from tracking.consent.holding import Known, Line
from tracking.consent.proof import Entry, label, local, timeline
from tracking.consent_models import Decision, SubjectKind
from tracking.models import ChainHead, ConsentText
from workspaces.models import Workspace

TEMPLATE = Path(__file__).with_name("proof.typ")
# What the fonts that come with Typst can show. PDF/A refuses a document with any other character.
UNPRINTABLE = re.compile(
    r"[^\n -~\u00a0-\u024f\u0391-\u03a1\u03a3-\u03c9\u0400-\u04ff\u1e00-\u1eff\u2010-\u2027\u2030-\u203a\u20a0-\u20bf"
    r"\u2190-\u22ff\u2500-\u257f\u25a0-\u25ff]"
)


class Person(NamedTuple):
    """Whom the proof is about."""

    workspace: Workspace
    known: Known
    zone: ZoneInfo

    def at(self, instant: datetime) -> str:
        """In the workspace's zone, with its offset."""
        return local(instant, self.zone)


def pdf(workspace: Workspace, subject: Subject, identifier: str) -> bytes:
    """The page for the person known by `identifier`, in the active language."""
    import typst

    made: bytes = typst.compile(
        TEMPLATE.read_bytes(),
        sys_inputs={"content": json.dumps(_printable(_content(_person(workspace, subject), identifier)))},
        pdf_standards=["a-2a", "ua-1"],
        timestamp=clock.now().replace(microsecond=0),
    )
    return made


def _person(workspace: Workspace, subject: Subject) -> Person:
    return Person(workspace, holding.known(workspace, subject), ZoneInfo(workspace.time_zone))


def _printable(value: Any) -> Any:
    """With the code point for each character that cannot be printed, never without it."""
    if isinstance(value, dict):
        return {name: _printable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(part) for part in value]
    return UNPRINTABLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", value) if isinstance(value, str) else value


def _content(person: Person, identifier: str) -> dict[str, Any]:
    entries = timeline(person.workspace, *person.known.subjects)[::-1]
    return {
        "language": get_language() or "en",
        "title": _("Proof of consent"),
        "subtitle": person.workspace.name,
        "facts": [
            (_("Person"), identifier),
            (_("Printed"), person.at(clock.now())),
            (_("These statements"), _check_of(entries)),
            *_chain(person),
        ],
        "tables": [
            {
                "title": _("Identifiers of this person"),
                "columns": [_("No."), _("Kind"), _("Identifier"), _("Blind index")],
                "rows": [_identifier(one, number, identifier) for number, one in enumerate(person.known.subjects, 1)],
            },
            {
                "title": _("What holds"),
                "columns": [_("Purpose"), _("Identifier"), _("Decision"), _("Since"), _("Valid until"), _("No.")],
                "rows": _states(person),
            },
            {
                "title": _("Objections and other entries of the suppression list"),
                "columns": [_("Identifier"), _("Reason"), _("Since")],
                "rows": _suppressions(person),
            },
        ],
        "statements_title": _("All statements, the oldest first"),
        "text_title": _("Text the person was shown"),
        "none": _("None."),
        "statements": [_statement(person, entry) for entry in entries],
        "note": _(
            "Every statement carries the SHA-256 of its content and of the statement before it; any later change breaks the chain. "
            "Times are those of the server, in the workspace’s time zone. A character no font can print stands as its code point, "
            "[U+1F600]; hashes cover the character. Check with: manage.py verify_consent_chain --hash."
        ),
    }  # fmt: skip


def _check_of(entries: Sequence[Entry]) -> str:
    wrong = [str(entry.event.seq) for entry in entries if not chain.is_as_written(entry.event)]
    if wrong:
        return _("NOT AS WRITTEN: %(numbers)s") % {"numbers": ", ".join(wrong)}
    return _("%(number)s, checked now: each gives its hash.") % {"number": len(entries)}


def _chain(person: Person) -> list[tuple[str, str]]:
    note, head = checking.latest(person.workspace), ChainHead.objects.filter(workspace=person.workspace).first()
    if note is None:
        checked = _("Not checked yet; it is checked every night.")
    else:
        found = note.outcome
        well = _("%(number)s statements are as they were written.") % {"number": found.events}
        checked = f"{person.at(note.at)}: {found.problem or well}"
    end = [(_("End of the chain"), f"{head.seq} · {head.hash}")] if head else []
    return [(_("Check of the whole chain"), checked), *end]


def _identifier(subject: Subject, number: int, identifier: str) -> list[str]:
    shown = identifier if number == 1 else _("kept as keyed hash only")
    return [str(number), str(SubjectKind(subject.kind).label), shown, subject.index]


def _states(person: Person) -> list[list[str]]:
    return [_state(person, line) for line in holding.lines(person.workspace, person.known)]


def _state(person: Person, line: Line) -> list[str]:
    until = person.at(line.expires_at) if line.expires_at else "–"
    return [line.purpose.label, line.identifier, str(line.decision.label), person.at(line.since), until, str(line.event_seq)]


def _suppressions(person: Person) -> list[list[str]]:
    rows = holding.suppressions(person.workspace, person.known)
    return [[person.known.name(row.subject), str(row.get_reason_display()), person.at(row.at)] for row in rows]


def _statement(person: Person, entry: Entry) -> dict[str, Any]:
    event = entry.event
    is_grant, ends_at = event.decision == Decision.GRANTED, months_after(event.given_at, event.purpose.expiry_months)
    rows = [(_("Identifier"), person.known.name(event.subject)), (_("Recorded"), person.at(event.at))]
    rows += [(_("Said"), person.at(event.given_at))] if event.given_at != event.at else []
    rows += [(_("Valid at the longest until"), person.at(ends_at))] if is_grant else []
    rows += [(_("Way"), entry.way), (_("Noted by"), label(event.actor))]
    rows += [(_("Text"), _version(person, event.text) if event.text else "–")] if event.text or is_grant else []
    rows += [*entry.details, (_("Hash"), event.hash), (_("Hash before it"), event.prev_hash)]
    rows += [(_("Today"), _("What holds rests on this statement."))] if entry.decides else []
    title = _("No. %(number)s · %(purpose)s") % {"number": event.seq, "purpose": event.purpose.label}
    return {
        "title": title, "decision": str(event.get_decision_display()), "rows": rows, "text": event.text.text if event.text else ""
    }  # fmt: skip


def _version(person: Person, text: ConsentText) -> str:
    version = _("Version %(version)s (%(language)s), published %(at)s") % {
        "version": text.version, "language": text.language, "at": person.at(text.published_at)
    }  # fmt: skip
    return f"{version}, SHA-256 {text.sha256}"
