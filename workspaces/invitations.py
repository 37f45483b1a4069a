"""Invitations by mail: the way into a workspace, and the only way to an account.

The link proves the address, so it is sent there and shown to nobody else: an inviter who could read it could open
an account in another person's name.
"""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from mops.lib.clock import now
from workspaces.audit import record
from workspaces.members import NotAllowed
from workspaces.models import Invitation, Member, User, Workspace
from workspaces.permissions import grantable_by

VALID = timedelta(days=7)


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


@transaction.atomic
def invite(workspace: Workspace, email: str, role: str, *, by: Member) -> tuple[Invitation, str]:
    """An open invitation and its token, which exists nowhere else. An older open one for the address ends."""
    if role not in grantable_by(by.role):
        raise NotAllowed(_("You can only give and take roles up to your own. Ask an owner."))
    if Member.objects.filter(workspace=workspace, user__email__iexact=email).exists():
        raise NotAllowed(_("%(email)s is already a member.") % {"email": email})
    at, token = now(), secrets.token_urlsafe(32)
    open_invitations(workspace).filter(email__iexact=email).update(revoked_at=at)
    invitation = Invitation.objects.create(
        workspace=workspace,
        email=email.lower(),
        role=role,
        token_hash=hashed(token),
        invited_by=by.user,
        expires_at=at + VALID,
    )
    record(workspace, by.user, "member.invited", email, role=role)
    return invitation, token


def open_invitations(workspace: Workspace) -> QuerySet[Invitation]:
    """Neither accepted nor revoked; they may have expired."""
    return Invitation.objects.filter(workspace=workspace, accepted_at=None, revoked_at=None).order_by("-created_at")


def find(token: str) -> Invitation | None:
    """The invitation this token still opens."""
    invitations = Invitation.objects.select_related("workspace", "invited_by")
    return invitations.filter(token_hash=hashed(token), accepted_at=None, revoked_at=None, expires_at__gt=now()).first()


@transaction.atomic
def accept(invitation: Invitation, user: User) -> Member:
    """Make `user` a member, once. Raises NotAllowed for another address or a used invitation."""
    if user.email.lower() != invitation.email.lower():
        raise NotAllowed(_("This invitation was sent to another address."))
    at = now()
    usable = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None, expires_at__gt=at)
    if not usable.update(accepted_at=at):
        raise NotAllowed(_("This invitation was used, withdrawn or has expired. Ask for a new one."))
    member, created = Member.objects.get_or_create(workspace=invitation.workspace, user=user, defaults={"role": invitation.role})
    if created:
        record(invitation.workspace, user, "member.joined", user.email, role=invitation.role)
    return member


@transaction.atomic
def accept_with_new_account(invitation: Invitation, *, name: str, password: str, language: str) -> User:
    """Open the account that the link proves, and join."""
    user = User.objects.create_user(invitation.email, password, name=name, language=language)
    accept(invitation, user)
    return user


@transaction.atomic
def revoke(invitation: Invitation, *, by: Member) -> None:
    open_invitations(by.workspace).filter(pk=invitation.pk).update(revoked_at=now())
    record(by.workspace, by.user, "member.invitation_revoked", invitation.email)


def send(invitation: Invitation, token: str) -> None:
    """Mail the link, in the receiver's language if known, else the workspace's. Raises OSError if mail fails."""
    known = User.objects.filter(email__iexact=invitation.email).first()
    with translation.override(known.language if known else invitation.workspace.language):
        values = {
            "invitation": invitation,
            "workspace": invitation.workspace,
            "link": settings.SITE_URL + reverse("accept_invitation", args=[token]),
        }
        mail = EmailMultiAlternatives(
            subject=_("Invitation to %(workspace)s") % {"workspace": _one_line(invitation.workspace.name)},
            body=render_to_string("workspaces/mail/invitation.txt", values),
            to=[invitation.email],
        )
        mail.attach_alternative(render_to_string("workspaces/mail/invitation.html", values), "text/html")
        mail.send()


def _one_line(name: str) -> str:
    return " ".join(name.split())
