"""The consent ledger: what people were asked, what they answered, what left on its strength.

People appear only as blind indexes (tracking.blind_index). Texts and events never change: the database refuses it.
"""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from mops.lib.tenancy import SameWorkspace, WorkspaceKey

HEX = 64  # digits of a SHA-256
PURPOSE_KEY = RegexValidator(r"^[a-z][a-z0-9_]*(:[a-z0-9_]+)?\Z", _("Small letters, digits and _; a platform after a colon."))


class SubjectKind(models.TextChoices):
    EMAIL = "email", _("E-mail address")
    PHONE = "phone", _("Telephone number")
    DEVICE = "device", _("Device")
    USER = "user", _("User id")


class Decision(models.TextChoices):
    GRANTED = "granted", _("Granted")
    DENIED = "denied", _("Denied")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    UNPROVEN = "unproven", _("Not proven")  # asked for but not confirmed, or imported without proof: never usable


class BlindKey(models.Model):
    """A random key of a workspace, encrypted: for blind indexes, or the pepper of one month's network addresses."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)  # "subjects", "ip:2026-11"
    sealed = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [WorkspaceKey(), models.UniqueConstraint(fields=["workspace", "name"], name="tracking_blindkey_once")]


class Purpose(models.Model):
    """What data may be used for, per use and destination: "email", "ads_audience:meta"."""

    class LegalBasis(models.TextChoices):
        CONSENT = "consent", _("Consent (Art. 6(1)(a) GDPR)")
        EXISTING_CUSTOMER = "existing_customer", _("Existing customers (§ 7(3) UWG)")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="purposes")
    key = models.CharField(_("key"), max_length=60, validators=[PURPOSE_KEY])
    name = models.CharField(_("name"), max_length=120)
    name_de = models.CharField(_("name in German"), max_length=120, blank=True)  # empty: the catalog's, where it knows the name
    destination = models.CharField(_("destination"), max_length=40, blank=True)  # "meta"; empty = stays with us
    legal_basis = models.CharField(_("legal basis"), max_length=20, choices=LegalBasis, default=LegalBasis.CONSENT)
    expiry_months = models.PositiveSmallIntegerField(_("valid for months"), default=24)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(fields=["workspace", "key"], name="tracking_purpose_once"),
            models.CheckConstraint(condition=Q(expiry_months__gte=1, expiry_months__lte=120), name="tracking_purpose_expiry"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        if self.name_de and (get_language() or "").startswith("de"):
            return self.name_de
        return gettext(self.name)


class ConsentText(models.Model):
    """One version of what people were told, in one language. Published means unchangeable."""

    workspace = models.ForeignKey("workspaces.Workspace", models.PROTECT, related_name="+")
    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="texts")
    language = models.CharField(_("language"), max_length=5)
    version = models.PositiveIntegerField()  # counts per purpose and language, from 1
    text = models.TextField(_("text"))
    sha256 = models.CharField(max_length=HEX)  # of the UTF-8 text
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=200)  # as the person was called then

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("purpose", to="tracking.Purpose"),
            models.UniqueConstraint(fields=["purpose", "language", "version"], name="tracking_consenttext_once"),
        ]

    def __str__(self) -> str:
        return f"{self.language} {self.version}"


class ConsentEvent(models.Model):
    """One statement about one purpose, chained to the one before it in the workspace. Append only."""

    workspace = models.ForeignKey("workspaces.Workspace", models.PROTECT, related_name="+")
    seq = models.BigIntegerField()  # 1, 2, 3 … without gaps
    subject_kind = models.CharField(max_length=10, choices=SubjectKind)
    subject = models.CharField(max_length=HEX)
    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="+")
    decision = models.CharField(max_length=10, choices=Decision)
    at = models.DateTimeField()  # when this server learned it
    given_at = models.DateTimeField()  # when the person said it, never after `at`
    text = models.ForeignKey(ConsentText, models.PROTECT, related_name="+", null=True)
    source = models.CharField(max_length=20)  # tracking.consent.appending.SOURCES
    proof = models.JSONField(default=dict)
    actor = models.CharField(max_length=200)  # "person", "system", or the member who typed it in
    prev_hash = models.CharField(max_length=HEX)
    hash = models.CharField(max_length=HEX)

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("purpose", to="tracking.Purpose"),
            SameWorkspace("text", to="tracking.ConsentText"),
            models.UniqueConstraint(fields=["workspace", "seq"], name="tracking_consentevent_chain"),
            models.CheckConstraint(condition=Q(decision__in=Decision.values), name="tracking_consentevent_decision"),
            models.CheckConstraint(condition=Q(given_at__lte=models.F("at")), name="tracking_consentevent_given"),
        ]
        indexes = [models.Index(fields=["workspace", "subject", "purpose", "seq"], name="tracking_consentevent_person")]


class ChainHead(models.Model):
    """The last link of a workspace's chain: a chain cut short no longer ends in it."""

    workspace = models.OneToOneField("workspaces.Workspace", models.CASCADE, primary_key=True, related_name="+")
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=HEX)


class ConsentState(models.Model):
    """What holds now for one person and purpose: derived from the events, and the row the gate locks."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    subject_kind = models.CharField(max_length=10, choices=SubjectKind)
    subject = models.CharField(max_length=HEX)
    purpose = models.ForeignKey(Purpose, models.CASCADE, related_name="states")
    decision = models.CharField(max_length=10, choices=Decision)
    since = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)  # of a grant
    event_seq = models.BigIntegerField()  # the event that decides

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("purpose", to="tracking.Purpose"),
            models.UniqueConstraint(fields=["workspace", "purpose", "subject"], name="tracking_consentstate_once"),
            models.CheckConstraint(condition=Q(decision__in=Decision.values), name="tracking_consentstate_decision"),
            models.CheckConstraint(
                condition=Q(decision="granted", expires_at__isnull=False) | (~Q(decision="granted") & Q(expires_at=None)),
                name="tracking_consentstate_expiry",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "subject"], name="tracking_consentstate_person"),
            models.Index(fields=["expires_at"], name="tracking_consentstate_expires", condition=Q(decision="granted")),
        ]


class BannerChoice(models.Model):
    """What a banner told of one browser: the newest word of each, and those the ledger has yet to hear (tracking.consent.noting).

    Events only ever add rows, in the transaction that stores them: a worker that dies forgets none and waits for nobody.
    """

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    subject = models.CharField(max_length=HEX)  # the browser's anonymous id, as a device
    said = models.JSONField()  # purpose → granted
    told_at = models.DateTimeField()  # by the browser's own clock: tells which of its words is the newer one
    given_at = models.DateTimeField()  # by ours, never after the event arrived
    is_dated = models.BooleanField()  # it is known when the visitor chose, else only when the banner said so
    is_last = models.BooleanField()  # withdrawn, and the id deleted in the browser
    proof = models.JSONField(default=dict)  # until it stands in the ledger
    noted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [WorkspaceKey()]
        indexes = [
            models.Index(fields=["workspace", "subject"], name="tracking_bannerchoice_browser"),
            models.Index(fields=["workspace", "id"], name="tracking_bannerchoice_waiting", condition=Q(noted_at=None)),
        ]


class SubjectLink(models.Model):
    """Two identifiers of one person, as identity resolution found: a restriction of one holds for both."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    first = models.CharField(max_length=HEX)  # the smaller of the two
    second = models.CharField(max_length=HEX)
    first_kind = models.CharField(max_length=10, choices=SubjectKind)
    second_kind = models.CharField(max_length=10, choices=SubjectKind)
    linked_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(
                fields=["workspace", "first", "second"], condition=Q(ended_at=None), name="tracking_subjectlink_once"
            ),
            models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="tracking_subjectlink_order"),
        ]
        indexes = [models.Index(fields=["workspace", "second"], name="tracking_subjectlink_second")]


class Suppression(models.Model):
    """Who is never to be reached again, whatever consents say: objection to direct marketing (Art. 21(3) GDPR)."""

    class Reason(models.TextChoices):
        OBJECTION = "objection", _("Objection")
        COMPLAINT = "complaint", _("Spam complaint")
        BOUNCE = "bounce", _("Address does not exist")
        ERASURE = "erasure", _("Erased on request")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    subject_kind = models.CharField(max_length=10, choices=SubjectKind)
    subject = models.CharField(max_length=HEX)
    reason = models.CharField(max_length=10, choices=Reason)
    at = models.DateTimeField()
    by_link = models.BooleanField(default=False)  # another identifier of the person objected: ends where that proves to be wrong

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(fields=["workspace", "subject"], name="tracking_suppression_once"),
        ]


class Release(models.Model):
    """One identifier that left for one destination, and the consent that allowed it. Written before sending."""

    class State(models.TextChoices):
        SENDING = "sending", _("Sending")  # stays if sending broke off: it may have left
        SENT = "sent", _("Sent")

    class Removal(models.TextChoices):
        NONE = "", _("Not asked for")
        QUEUED = "queued", _("Queued")
        ACCEPTED = "accepted", _("Accepted")
        VERIFIED = "verified", _("Verified")
        REFUSED = "refused", _("Refused")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="+")
    destination = models.CharField(max_length=120)  # platform and list: "meta:audience:42"
    job = models.CharField(max_length=80)
    subject_kind = models.CharField(max_length=10, choices=SubjectKind)
    subject = models.CharField(max_length=HEX)
    event_seq = models.BigIntegerField()  # the consent event that allowed it
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.SENDING)
    removal = models.CharField(max_length=10, choices=Removal, default=Removal.NONE, blank=True)
    removal_queued_at = models.DateTimeField(null=True)
    removal_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("purpose", to="tracking.Purpose"),
            models.UniqueConstraint(fields=["workspace", "job", "subject"], name="tracking_release_once"),
            models.CheckConstraint(condition=Q(state__in=["sending", "sent"]), name="tracking_release_state"),
            models.CheckConstraint(
                condition=Q(removal__in=["", "queued", "accepted", "verified", "refused"]), name="tracking_release_removal"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "subject", "purpose"], name="tracking_release_person"),
            models.Index(fields=["removal_queued_at"], name="tracking_release_due", condition=Q(removal="queued")),
        ]


class DoubleOptIn(models.Model):
    """A mail that asks whether the request came from the address's owner. Its link works once, for seven days."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    subject_kind = models.CharField(max_length=10, choices=SubjectKind, default=SubjectKind.EMAIL)
    subject = models.CharField(max_length=HEX)
    purpose = models.ForeignKey(Purpose, models.CASCADE, related_name="+")
    text = models.ForeignKey(ConsentText, models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=HEX, unique=True)
    language = models.CharField(max_length=5)
    requested = models.JSONField(default=dict)  # proof of the request: form, mechanism, address's HMAC …
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    mail_sha256 = models.CharField(max_length=HEX, blank=True)  # of the body as sent, its link blanked
    message_id = models.CharField(max_length=200, blank=True)
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("purpose", to="tracking.Purpose"),
            SameWorkspace("text", to="tracking.ConsentText"),
        ]
        indexes = [models.Index(fields=["workspace", "subject", "purpose"], name="tracking_doi_person")]
