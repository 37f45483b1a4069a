"""Changing who belongs to a workspace. Nobody grants above their own role, and the last owner stays."""

from django.db import transaction
from django.utils.translation import gettext as _

from mops.lib.clock import now
from workspaces.audit import record
from workspaces.models import ApiKey, Member, Role
from workspaces.permissions import grantable_by


class NotAllowed(Exception):
    """The change would break a rule; the text says which, in the person's language."""


@transaction.atomic
def change_role(member: Member, role: str, *, by: Member) -> None:
    """Give `member` another role. Takes effect with their next request."""
    member = _locked(member)
    _check_reach(by, member.role, role)
    if member.role == Role.OWNER and role != Role.OWNER:
        _check_another_owner(member)
    before = member.role
    member.role = role
    member.save(update_fields=["role"])
    record(by.workspace, by.user, "member.role_changed", member.user.email, before=before, after=role)


@transaction.atomic
def remove(member: Member, *, by: Member) -> None:
    """End the membership; the person's API keys of this workspace end with it."""
    member = _locked(member)
    _check_reach(by, member.role)
    if member.role == Role.OWNER:
        _check_another_owner(member)
    ApiKey.objects.filter(workspace=by.workspace, created_by=member.user, revoked_at=None).update(revoked_at=now())
    member.delete()
    record(by.workspace, by.user, "member.removed", member.user.email, role=member.role)


def _locked(member: Member) -> Member:
    """The member as now in the database. All owners are locked too: two could otherwise remove each other at once."""
    members = Member.objects.select_for_update(of=("self",)).select_related("user").order_by("pk")
    list(members.filter(workspace=member.workspace_id, role=Role.OWNER))
    return members.get(pk=member.pk)


def _check_reach(by: Member, *roles: str) -> None:
    if not set(roles) <= set(grantable_by(by.role)):
        raise NotAllowed(_("You can only give and take roles up to your own. Ask an owner."))


def _check_another_owner(member: Member) -> None:
    owners = Member.objects.filter(workspace=member.workspace_id, role=Role.OWNER).exclude(pk=member.pk)
    if not owners.exists():
        raise NotAllowed(_("A workspace needs an owner. Make somebody else owner first."))
