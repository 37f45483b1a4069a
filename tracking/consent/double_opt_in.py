"""Double opt-in: the owner of an address confirms, by a button on a page, that the request was theirs.

Opening the link changes nothing, because mail scanners open links; only the button's POST confirms. It works once, for seven
days, and a withdrawal in between ends it. The mail says what is asked and nothing else: it must not advertise.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from email.utils import make_msgid
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from mops.lib import clock
from tracking.blind_index import Subject, normalised, subject_of
from tracking.consent import blanking, suppression
from tracking.consent.ledger import Statement, record
from tracking.consent.purposes import current_text, purposes_of
from tracking.consent_models import Decision, SubjectKind
from tracking.models import ConsentEvent, DoubleOptIn
from workspaces.models import Workspace

VALID = timedelta(days=7)
DAY = timedelta(days=1)
PAUSE = timedelta(minutes=15)  # between two mails to one address, whoever asks
MOST_A_DAY = 3


class UnableToAsk(Exception):
    """No confirmation mail can be sent; the message tells the operator why."""


class UnableToConfirm(Exception):
    """The link was used, withdrawn, or is too old."""


def request(workspace: Workspace, email: str, purpose: str, *, language: str, proof: Mapping[str, Any]) -> DoubleOptIn | None:
    """Note the request as not proven and mail the link. None: nothing sent, as the address had its mails or is suppressed.

    Answer the visitor the same in both cases. Raises UnableToAsk, blind_index.Unidentifiable; OSError if mail fails: then the
    request is forgotten, so that the next one may follow at once.
    """
    address, found = normalised(SubjectKind.EMAIL, email), purposes_of(workspace, [purpose])[purpose]
    subject = subject_of(workspace.pk, SubjectKind.EMAIL, address)
    text = current_text(found, language)
    if text is None:
        raise UnableToAsk(_("Publish a text for this purpose and language first."))
    earlier = DoubleOptIn.objects.filter(workspace=workspace, subject=subject.index)
    at = clock.now()
    if earlier.filter(requested_at__gt=at - PAUSE).exists() or earlier.filter(requested_at__gt=at - DAY).count() >= MOST_A_DAY:
        return None
    if suppression.is_unreachable(workspace, subject):
        return None
    token, proof = secrets.token_urlsafe(32), blanking.proof(proof)
    with transaction.atomic():
        record(workspace, Statement(subject, purpose, Decision.UNPROVEN, "double_opt_in", text=text, proof=proof))
        asked = DoubleOptIn.objects.create(
            workspace=workspace, subject=subject.index, purpose=found, text=text, token_hash=hashed(token), language=language,
            requested=proof, requested_at=at, expires_at=at + VALID,
        )  # fmt: skip
    try:
        _send(asked, address, token)
    except OSError:
        asked.delete()
        raise
    return asked


def _send(asked: DoubleOptIn, address: str, token: str) -> None:
    """Mail in the language of the text; keeps when, under which id, and the hash of the body with the link blanked."""
    path = reverse("consent_public:confirm", args=[token])
    with translation.override(asked.language):
        name = " ".join(asked.workspace.name.split())
        values = {"workspace": name, "text": asked.text.text, "link": settings.SITE_URL + path, "asked": asked}
        body = render_to_string("consent/mail/confirm.txt", values)
        message_id = make_msgid(domain=urlsplit(settings.SITE_URL).hostname or "localhost")
        mail = EmailMessage(
            _("Please confirm: %(workspace)s") % {"workspace": name}, body, to=[address], headers={"Message-ID": message_id}
        )
    mail.send()
    asked.sent_at, asked.message_id = clock.now(), message_id
    asked.mail_sha256 = sha256(body.replace(token, "…").encode()).hexdigest()
    asked.save(update_fields=["sent_at", "message_id", "mail_sha256"])


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def find(token: str) -> DoubleOptIn | None:
    """The request this link still confirms. A refusal or objection since then has ended it."""
    open_ones = DoubleOptIn.objects.filter(confirmed_at=None, revoked_at=None, expires_at__gt=clock.now())
    asked = open_ones.select_related("workspace", "purpose", "text").filter(token_hash=hashed(token)).first()
    return None if asked and suppression.is_unreachable(asked.workspace, Subject(asked.subject_kind, asked.subject)) else asked


@transaction.atomic
def confirm(token: str, proof: Mapping[str, Any]) -> ConsentEvent:
    """The grant, proven by request, mail and click. Raises UnableToConfirm."""
    asked = find(token)
    if asked is None:
        raise UnableToConfirm
    subject = Subject(asked.subject_kind, asked.subject)
    proof = {**proof, "double_opt_in": _story(asked)}
    statement = Statement(subject, asked.purpose.key, Decision.GRANTED, "double_opt_in", text=asked.text, proof=proof)
    (event,) = suppression.record_own(asked.workspace, [statement])
    # After the ledger's locks: a withdrawal takes them first too, and then ends open requests.
    if not DoubleOptIn.objects.filter(pk=asked.pk, confirmed_at=None, revoked_at=None).update(confirmed_at=event.at):
        raise UnableToConfirm
    return event


def _story(asked: DoubleOptIn) -> dict[str, Any]:
    return {
        "requested_at": asked.requested_at.isoformat(), "request": asked.requested, "mail_sha256": asked.mail_sha256,
        "sent_at": asked.sent_at.isoformat() if asked.sent_at else "", "message_id": asked.message_id,
    }  # fmt: skip


def forget_unconfirmed() -> int:
    """Requests nobody confirmed are deleted when they have ended; the ledger keeps only that one was made."""
    deleted, _rows = DoubleOptIn.objects.filter(confirmed_at=None, expires_at__lt=clock.now()).delete()
    return deleted
