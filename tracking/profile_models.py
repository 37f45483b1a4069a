"""People as the product knows them: profiles, their identifiers, what was seen together, traits, merges and doubts.

Identifiers are found by blind index (tracking.blind_index) and kept encrypted (tracking.profiles.vault). Written in batches
by SQL (`tracking.profiles.resolution`), never row by row. In the large tables the keys with the workspace are the only ones: a
second, simple key to the same row would be checked for every row and could refuse nothing more.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from mops.lib.tenancy import SameWorkspace, WorkspaceKey
from tracking.consent_models import HEX


class Profile(models.Model):
    """A person. A merged profile stays as a row and points at the one that lives on, so that a merge can be undone."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="profiles")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    merged_into = models.ForeignKey("self", models.SET_NULL, related_name="absorbed", null=True)  # always a living one

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("merged_into", to="tracking.Profile"),
            models.CheckConstraint(condition=~Q(merged_into=models.F("id")), name="tracking_profile_not_itself"),
        ]
        indexes = [models.Index(fields=["workspace", "last_seen"], name="tracking_profile_last_seen")]

    def __str__(self) -> str:
        return str(self.uuid)


class Identity(models.Model):
    """One identifier and the profile it belongs to now."""

    class Kind(models.TextChoices):
        USER_ID = "user_id", _("User id")
        CRM_ID = "crm_id", _("CRM id")
        EMAIL = "email", _("E-mail address")
        PHONE = "phone", _("Telephone number")
        DEVICE = "device", _("Device")
        ANONYMOUS_ID = "anonymous_id", _("Anonymous id")

    class Guard(models.TextChoices):
        NONE = "", _("Links")
        SHARED = "shared", _("Used by many people")
        FLOODED = "flooded", _("Seen with too many identifiers")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, db_constraint=False, related_name="+", db_index=False)
    profile = models.ForeignKey(Profile, models.CASCADE, db_constraint=False, related_name="identities")
    home = models.ForeignKey(  # where it was first: a split returns there
        Profile, models.CASCADE, db_constraint=False, related_name="+", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    index = models.CharField(max_length=HEX)  # the same as the consent ledger's subject, where that knows the kind
    sealed = models.BinaryField()  # the normalised value
    first_at = models.DateTimeField()  # by event time, as everything here
    last_at = models.DateTimeField()
    cluster = models.BigIntegerField()  # identities that could be one person share it: what is looked at together
    users = models.IntegerField(default=0)  # user and CRM ids it was seen under
    others = models.IntegerField(default=0)  # other identifiers it was seen under
    leaves = models.IntegerField(default=0)  # weaker identifiers seen under it
    guard = models.CharField(max_length=8, choices=Guard, blank=True, default=Guard.NONE)
    marks = models.JSONField(default=dict)  # {"<merge id>": "left" or "right"}: sides a member keeps apart

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("profile", to="tracking.Profile"),
            SameWorkspace("home", to="tracking.Profile"),
            models.UniqueConstraint(fields=["workspace", "kind", "index"], name="tracking_identity_once"),
        ]
        indexes = [
            models.Index(fields=["cluster"], name="tracking_identity_cluster"),
            models.Index(fields=["workspace"], name="tracking_identity_guarded", condition=~Q(guard="")),
        ]


class IdentityLink(models.Model):
    """Two identifiers seen in one event, or joined by a member. `hub` is the stronger one."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, db_constraint=False, related_name="+", db_index=False)
    hub = models.ForeignKey(Identity, models.CASCADE, db_constraint=False, related_name="leaf_links", db_index=False)
    leaf = models.ForeignKey(Identity, models.CASCADE, db_constraint=False, related_name="hub_links")
    first_at = models.DateTimeField()
    event_id = models.BigIntegerField(null=True)  # the earliest event that shows it; None = a member said so
    is_confirmed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("hub", to="tracking.Identity"),
            SameWorkspace("leaf", to="tracking.Identity"),
            models.UniqueConstraint(fields=["hub", "leaf"], name="tracking_identitylink_once"),
        ]


class Trait(models.Model):
    """What was said about a person, under the identifier it was said with: it moves with it. The newest by time wins."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, db_constraint=False, related_name="+", db_index=False)
    identity = models.ForeignKey(Identity, models.CASCADE, db_constraint=False, related_name="traits", db_index=False)
    name = models.CharField(max_length=120)
    value = models.JSONField(null=True)  # None where it is personal
    sealed = models.BinaryField(default=b"")
    index = models.CharField(max_length=HEX, blank=True)  # of a normalised name or address, to find duplicates
    source = models.ForeignKey("tracking.Source", models.SET_NULL, null=True, related_name="+", db_index=False)
    rank = models.SmallIntegerField()  # of the source's kind: decides between equal times
    at = models.DateTimeField()
    digest = models.CharField(max_length=HEX)  # decides between equal times and ranks

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("identity", to="tracking.Identity"),
            models.UniqueConstraint(fields=["identity", "name"], name="tracking_trait_once"),
        ]
        indexes = [models.Index(fields=["workspace", "index"], name="tracking_trait_same", condition=~Q(index=""))]


class Merge(models.Model):
    """Two profiles became one: which identities moved, why, and whether a member undid it."""

    class Reason(models.TextChoices):
        SEEN_TOGETHER = "seen_together", _("Seen in one event")
        CONFIRMED = "confirmed", _("Confirmed by a member")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_index=False)
    into = models.ForeignKey(Profile, models.CASCADE, related_name="merges")
    source = models.ForeignKey(Profile, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=14, choices=Reason)
    evidence = models.JSONField(default=dict)  # {"links": [{"kinds": [hub, leaf], "at": instant}], "stayed": ids of the others}
    identities = models.JSONField(default=list)  # ids of those that moved
    merged_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("into", to="tracking.Profile"),
            SameWorkspace("source", to="tracking.Profile"),
        ]


class DuplicateSuggestion(models.Model):
    """Two identifiers whose profiles may be one person, where the rules do not decide alone."""

    class Reason(models.TextChoices):
        TWO_USERS = "two_users", _("Seen together, but with different user or CRM ids")
        SAME_PERSON = "same_person", _("Same name and address")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CONFIRMED = "confirmed", _("One person")
        DISMISSED = "dismissed", _("Two people")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_index=False)
    first = models.ForeignKey(Identity, models.CASCADE, related_name="+")
    second = models.ForeignKey(Identity, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=12, choices=Reason)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("first", to="tracking.Identity"),
            SameWorkspace("second", to="tracking.Identity"),
            models.UniqueConstraint(fields=["first", "second"], name="tracking_duplicate_once"),
            models.CheckConstraint(condition=Q(state__in=["open", "confirmed", "dismissed"]), name="tracking_duplicate_state"),
        ]
        indexes = [models.Index(fields=["workspace", "found_at"], name="tracking_duplicate_open", condition=Q(state="open"))]
