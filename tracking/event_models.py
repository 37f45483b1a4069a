"""What the collector keeps: sources and their keys, raw bodies, events by month, refusals, the ledger of days, visits.

Raw bodies, keys and events are written by SQL (`tracking.collector.store`), never row by row through the ORM.
"""

import re
import secrets
import uuid
from hashlib import sha256
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels.taxonomy import channel_choices
from mops.lib.crypto import seal, unseal
from mops.lib.tenancy import SameWorkspace, WorkspaceKey
from tracking.packing import PackedBytesField

KEY_PREFIX = "mops_src_"
ERASED = "^erased-[0-9a-f]{32}$"  # message ids that tracking.rights.stripping gives, for Python and PostgreSQL


def new_write_key() -> str:
    return KEY_PREFIX + secrets.token_urlsafe(18)


class Source(models.Model):
    """A place events come from. Its write key is public by nature: it says who sends, it proves nothing."""

    class Kind(models.TextChoices):
        BROWSER = "browser", _("Website")
        SERVER = "server", _("Server or app")
        SHOP = "shop", _("Shop webhooks")
        WEBHOOK = "webhook", _("Other webhooks")
        IMPORT = "import", _("File import")

    class ConsentMode(models.TextChoices):
        REQUIRED = "required", _("Only with consent for analytics")
        DECLARED = "declared", _("On a legal basis declared below")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")

    class Dialect(models.TextChoices):
        SHOPIFY = "shopify", "Shopify"
        WOOCOMMERCE = "woocommerce", "WooCommerce"
        MAPPED = "mapped", _("Saved mapping")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="event_sources")
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    write_key = models.CharField(_("write key"), max_length=60, default=new_write_key)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    allowed_origins = models.JSONField(_("websites"), default=list, blank=True)  # ["https://shop.example"]
    own_referrers = models.JSONField(_("referrers that are no origin"), default=list, blank=True)  # ["pay.example"]
    rate_per_minute = models.PositiveIntegerField(_("events per minute"), default=60_000)
    consent_mode = models.CharField(_("consent"), max_length=10, choices=ConsentMode)
    legal_basis = models.CharField(_("legal basis"), max_length=200, blank=True)
    dialect = models.CharField(_("shop system"), max_length=12, choices=Dialect, blank=True)
    mapping = models.JSONField(_("mapping"), default=dict, blank=True)  # see tracking.collector.mapping
    sealed_secret = models.BinaryField(default=b"")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    created_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(fields=["workspace", "name"], name="tracking_source_name_once"),
            models.CheckConstraint(condition=models.Q(state__in=["active", "paused"]), name="tracking_source_state"),
            models.CheckConstraint(
                condition=~models.Q(kind="browser") | models.Q(consent_mode="required"), name="tracking_source_browser_consent"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key_hash = self.hash(self.write_key)
        super().save(*args, **kwargs)

    @staticmethod
    def hash(write_key: str) -> str:
        return sha256(write_key.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def secret(self) -> str:
        """The shared secret webhooks are signed with, "" if there is none."""
        return str(unseal(bytes(self.sealed_secret), self._owner)["secret"]) if self.sealed_secret else ""

    @secret.setter
    def secret(self, value: str) -> None:
        self.sealed_secret = seal({"secret": value}, self._owner)

    @property
    def _owner(self) -> str:
        return f"source:{self.workspace_id}:{self.write_key}"


class RawBody(models.Model):
    """One request as it came, kept 30 days, with what became of its events: the receipt the ledger is checked against."""

    class State(models.TextChoices):
        WHOLE = "whole", _("As sent")
        TRIMMED = "trimmed", _("Without the events that lacked consent")
        EMPTY = "empty", _("Not kept")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    received_at = models.DateTimeField()
    endpoint = models.CharField(max_length=20)
    body = PackedBytesField()
    sha256 = models.BinaryField()  # of the body, unpacked
    state = models.CharField(max_length=10, choices=State)
    received = models.IntegerField()  # events in it; the next three add up to it
    accepted = models.IntegerField()
    duplicate = models.IntegerField()
    rejected = models.IntegerField()

    class Meta:
        constraints = [SameWorkspace("source", to="tracking.Source")]
        indexes = [models.Index(fields=["source", "received_at"], name="tracking_rawbody_source")]


class EventKey(models.Model):
    """A message id that was taken. Its own table, because a unique key cannot span the months of the events."""

    pk = models.CompositePrimaryKey("workspace_id", "message_id")
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    message_id = models.TextField()
    received_at = models.DateTimeField()  # names the month of its event


class Event(models.Model):
    """Something a person did, as a source reported it. Partitioned by month of `received_at` (`tracking.partitions`)."""

    class Type(models.TextChoices):
        IDENTIFY = "identify", _("Identify")
        TRACK = "track", _("Track")
        PAGE = "page", _("Page")
        SCREEN = "screen", _("Screen")
        GROUP = "group", _("Group")
        ALIAS = "alias", _("Alias")

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        STORED = "stored", _("Stored")

    class Kind(models.TextChoices):
        PAGE = "page", _("Page view")
        PRODUCT = "product", _("Product")
        CART = "cart", _("Cart")
        CHECKOUT = "checkout", _("Checkout")
        ORDER = "order", _("Order")
        REFUND = "refund", _("Refund")
        LEAD = "lead", _("Lead")
        INSTALL = "install", _("Installation")
        EMAIL_OPEN = "email_open", _("E-mail opened")
        EMAIL_CLICK = "email_click", _("E-mail clicked")

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    raw_id = models.BigIntegerField()  # its RawBody, while that is kept
    message_id = models.TextField()
    type = models.CharField(max_length=10, choices=Type)
    name = models.TextField()
    anonymous_id = models.TextField()
    user_id = models.TextField()
    previous_id = models.TextField()  # of an alias
    group_id = models.TextField()
    visitor = models.TextField()  # anonymous id, else user id: whose visits it counts to
    received_at = models.DateTimeField()
    original_at = models.DateTimeField(null=True)  # by the sender's clock
    sent_at = models.DateTimeField(null=True)  # by the sender's clock
    occurred_at = models.DateTimeField()  # by ours (`tracking.ingest.clock`)
    properties = models.JSONField()
    context = models.JSONField()
    traits = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    kind = models.CharField(max_length=12, choices=Kind, blank=True)
    session = models.ForeignKey(
        "tracking.Session", models.DO_NOTHING, related_name="+", null=True, db_constraint=False, db_index=False
    )
    channel = models.CharField(max_length=20, choices=channel_choices, blank=True)
    channel_rule = models.CharField(max_length=40, blank=True)
    acquisition = models.JSONField(null=True)  # {"raw": {…}, "utm_source": … normalised}; null = nothing said
    device = models.JSONField(null=True)  # {"browser", "system", "kind"}
    profile_id = models.BigIntegerField(null=True)
    notes = models.JSONField(default=list)  # [["step", "what it found"], …]

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "visitor", "occurred_at"], name="tracking_event_visitor"),
            models.Index(fields=["id"], name="tracking_event_pending", condition=models.Q(state="pending")),
            models.Index(fields=["source", "received_at"], name="tracking_event_source"),
            models.Index(fields=["workspace", "profile_id", "occurred_at"], name="tracking_event_profile",
                         condition=models.Q(profile_id__isnull=False)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name or self.type

    @property
    def is_erased(self) -> bool:
        """Whether the person it was of was erased: what it told is gone."""
        return re.match(ERASED, self.message_id) is not None


class Session(models.Model):
    """A visit: events of one visitor less than 30 minutes apart, within one day of the workspace's zone.

    Its id follows from visitor and start, so that the same events give the same visits in any order of arrival.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False)
    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_constraint=False)
    visitor = models.TextField()
    day = models.DateField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    events = models.IntegerField()
    pages = models.IntegerField()
    entry_page = models.CharField(max_length=500, blank=True)
    channel = models.CharField(max_length=20, choices=channel_choices)
    channel_rule = models.CharField(max_length=40, blank=True)
    acquisition = models.JSONField(default=dict)  # of the first event that names an origin

    class Meta:
        constraints = [WorkspaceKey(), SameWorkspace("source", to="tracking.Source")]
        indexes = [
            models.Index(fields=["workspace", "visitor", "day"], name="tracking_session_visitor"),
            models.Index(fields=["workspace", "day", "channel"], name="tracking_session_day"),
        ]


class Rejection(models.Model):
    """An event, or a whole body, that was not taken, and why. Kept 30 days; those without consent keep no content."""

    class Reason(models.TextChoices):
        MALFORMED = "malformed", _("No JSON that can be read")
        NO_OBJECT = "no_object", _("No event object")
        UNKNOWN_TYPE = "unknown_type", _("Unknown type of event")
        NO_NAME = "no_name", _("Event name missing")
        NO_IDENTITY = "no_identity", _("Neither user nor anonymous id")
        BAD_ID = "bad_id", _("An id or a name is unusable")
        BAD_FIELD = "bad_field", _("A field has the wrong type")
        BAD_TEXT = "bad_text", _("A character that cannot be stored")
        BAD_NUMBER = "bad_number", _("A number that cannot be stored")
        TOO_DEEP = "too_deep", _("Nested too deeply")
        TOO_LARGE = "too_large", _("Too large")
        TOO_MANY = "too_many", _("Too many events in one request")
        NO_CONSENT = "no_consent", _("No consent for analytics")
        ORIGIN = "origin", _("Sent by a website that is not allowed")
        SIGNATURE = "signature", _("Signature missing or wrong")
        MAPPING = "mapping", _("The saved mapping does not fit")
        BOT = "bot", _("A bot")
        REFUSED = "refused", _("Refused by the database")
        STEP_FAILED = "step_failed", _("A processing step failed")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    raw_id = models.BigIntegerField()
    index = models.IntegerField()  # place in its batch, from 0
    message_id = models.TextField(blank=True)
    endpoint = models.CharField(max_length=20)
    reason = models.CharField(max_length=20, choices=Reason)
    detail = models.CharField(max_length=300, blank=True)
    payload = models.BinaryField(default=b"")
    sent_at = models.DateTimeField(null=True)  # of its batch
    received_at = models.DateTimeField()
    in_ingest = models.BooleanField(default=False)  # had been accepted at the door
    replayed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [SameWorkspace("source", to="tracking.Source")]
        indexes = [
            models.Index(fields=["source", "received_at"], name="tracking_rejection_source"),
            models.Index(fields=["source", "received_at"], name="tracking_rejection_faulty",
                         condition=models.Q(replayed_at=None) & ~models.Q(reason__in=["no_consent", "bot"])),
        ]  # fmt: skip


class SourceDay(models.Model):
    """The ledger of a source and a closed UTC day: received = stored + duplicate + rejected + pending."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    source = models.ForeignKey(Source, models.CASCADE, related_name="days", db_constraint=False)
    day = models.DateField()
    received = models.BigIntegerField()
    stored = models.BigIntegerField()
    duplicate = models.BigIntegerField()
    rejected = models.BigIntegerField()
    pending = models.BigIntegerField()

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("source", to="tracking.Source"),
            models.UniqueConstraint(fields=["source", "day"], name="tracking_sourceday_once"),
            models.CheckConstraint(
                condition=models.Q(
                    received=models.F("stored") + models.F("duplicate") + models.F("rejected") + models.F("pending")
                ),
                name="tracking_sourceday_balance",
            ),
        ]
