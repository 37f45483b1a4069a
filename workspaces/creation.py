"""Opening a workspace: its address, its owner, its first line in the audit log."""

import itertools

from django.db import transaction
from django.utils.text import slugify

from workspaces.audit import record
from workspaces.models import Member, Role, User, Workspace

RESERVED = {
    "account",
    "api",
    "collect",
    "consent",
    "healthz",
    "invitations",
    "media",
    "metrics",
    "oauth",
    "profile",
    "static",
    "v1",
    "workspaces",
}
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
SLUG_LENGTH = 50  # leaves room for a number


@transaction.atomic
def create_workspace(workspace: Workspace, owner: User) -> Workspace:
    """Save a new workspace under a free address made from its name, with `owner` as its owner."""
    workspace.slug = free_slug(workspace.name)
    workspace.save()
    Member.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
    record(workspace, owner, "workspace.created", workspace.name)
    return workspace


def free_slug(name: str) -> str:
    """An address such as "mueller-soehne", numbered where it is taken or means something else."""
    base = slugify(name.translate(UMLAUTS))[:SLUG_LENGTH] or "workspace"
    numbered = (f"{base}-{number}" for number in itertools.count(2))
    return next(
        slug
        for slug in itertools.chain([base], numbered)
        if slug not in RESERVED and not Workspace.objects.filter(slug=slug).exists()
    )
