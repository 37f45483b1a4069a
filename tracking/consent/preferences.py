"""The preference centre: a person looks at their consents and changes them, without a login, by a personal signed link.

The link names the person by blind index only and never ends: withdrawing must be possible from the oldest mail.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from mops.lib import clock
from tracking.blind_index import Subject
from tracking.consent import linking, locking, suppression
from tracking.consent.ledger import Statement, withdraw
from tracking.consent.purposes import current_text
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, ConsentState, ConsentText, DoubleOptIn, Purpose
from workspaces.models import Workspace

SALT = "consent.preferences"
MAIL_PURPOSES = ("email", "email_open_tracking")


class BadLink(Exception):
    """The link was cut or changed on its way."""


class Unreachable(Exception):
    """The person is on the list for a reason that no consent lifts: a complaint, a bounce, an erasure."""


class TextChanged(Exception):
    """A text was published anew while the person read the one before: they must see it first."""


@dataclass(frozen=True)
class Choice:
    """One purpose as the person sees it."""

    purpose: Purpose
    text: ConsentText | None  # None: nothing is asked for any more, it can only be withdrawn
    is_granted: bool  # and usable: the switch is on
    is_held: bool  # the ledger has a grant, which the list may overrule
    decided_at: Any  # datetime, or None if nothing was ever said
    agreed: str = ""  # the wording that was agreed to, where it is not `text`; "" also where nobody noted it


def token(workspace: Workspace, subject: Subject) -> str:
    return str(signing.dumps([workspace.pk, subject.kind, subject.index], salt=SALT, compress=True))


def read(token: str) -> tuple[Workspace, Subject]:
    """Whose link this is. Raises BadLink."""
    try:
        workspace_id, kind, index = signing.loads(token, salt=SALT)
        return Workspace.objects.get(pk=workspace_id), Subject(kind, index)
    except (signing.BadSignature, Workspace.DoesNotExist) as error:
        raise BadLink from error


def link(workspace: Workspace, subject: Subject) -> str:
    """The personal address of the preference centre, for mails and pages."""
    return f"{settings.SITE_URL}" + reverse("consent_public:preferences", args=[token(workspace, subject)])


def unsubscribe_headers(workspace: Workspace, subject: Subject) -> dict[str, str]:
    """Headers of every mail we send: one click in the mail program withdraws (RFC 8058)."""
    address = settings.SITE_URL + reverse("consent_public:unsubscribe", args=[token(workspace, subject)])
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def choices(workspace: Workspace, subject: Subject, language: str) -> list[Choice]:
    """Every purpose people are asked about, and every other one this person granted. Nothing is on for those on the list."""
    is_listed = suppression.entry(workspace, subject) is not None
    states = {s.purpose_id: s for s in ConsentState.objects.filter(workspace=workspace, subject=subject.index)}
    worded = _agreed(workspace, [state.event_seq for state in states.values() if _holds(state)])
    found = []
    for purpose in Purpose.objects.filter(workspace=workspace).order_by("pk"):
        text = current_text(purpose, language) or current_text(purpose, "en" if language == "de" else "de")
        state = states.get(purpose.pk)
        is_held = _holds(state)
        if text or is_held:
            agreed = worded.get(purpose.pk, "")
            found.append(Choice(purpose, text, is_held and not is_listed, is_held, state.since if state else None,
                                "" if text and text.text == agreed else agreed))  # fmt: skip
    return found


def _agreed(workspace: Workspace, statements: Collection[int]) -> dict[int, str]:
    """By purpose: what people were shown when they agreed, as far as it was noted."""
    events = ConsentEvent.objects.filter(workspace=workspace, seq__in=statements).select_related("text")
    return {event.purpose_id: event.text.text if event.text else str(event.proof.get("wording", "")) for event in events}


def _holds(state: ConsentState | None) -> bool:
    return bool(state and state.decision == Decision.GRANTED and state.expires_at and state.expires_at > clock.now())


def save(
    workspace: Workspace,
    subject: Subject,
    wanted: Collection[str],
    read_texts: Collection[int],
    *,
    language: str,
    proof: Mapping[str, Any],
) -> int:
    """Make `wanted` purposes the granted ones; `read_texts` are the texts on the page. How many changed.

    A grant given here ends an objection. Raises TextChanged, Unreachable.
    """
    statements = []
    for choice in choices(workspace, subject, language):
        wants = choice.purpose.key in wanted
        if wants and not choice.is_granted and choice.text:
            if choice.text.pk not in read_texts:
                raise TextChanged
            statements.append(Statement(subject, choice.purpose.key, Decision.GRANTED, "preferences", choice.text, proof=proof))
        elif choice.is_held and not wants:
            statements.append(Statement(subject, choice.purpose.key, Decision.WITHDRAWN, "preferences", choice.text, proof=proof))
    if any(statement.decision == Decision.GRANTED for statement in statements) and suppression.is_unreachable(workspace, subject):
        raise Unreachable
    return len(suppression.record_own(workspace, statements))


@transaction.atomic
def withdraw_everything(workspace: Workspace, subject: Subject, *, proof: Mapping[str, Any]) -> int:
    """Withdraw in one click whatever any identifier of the person holds or is being asked for. How many."""
    locking.links(workspace.pk, changing=False)
    indexes = [one.index for one in linking.groups(workspace.pk, [subject])[subject]]
    held = ConsentState.objects.filter(workspace=workspace, subject__in=indexes, decision__in=[Decision.GRANTED, Decision.UNPROVEN])
    asked = DoubleOptIn.objects.filter(workspace=workspace, subject__in=indexes, confirmed_at=None, revoked_at=None)
    keys = {key for rows in (held, asked) for key in rows.values_list("purpose__key", flat=True)}
    return len(withdraw(workspace, subject, keys, source="preferences", proof=proof))


def unsubscribe(workspace: Workspace, subject: Subject, *, proof: Mapping[str, Any]) -> None:
    """No more mails. Also said by those who never said yes: then a late yes of before does not count either."""
    withdraw(workspace, subject, MAIL_PURPOSES, source="one_click", proof=proof)
