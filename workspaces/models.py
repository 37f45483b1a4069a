"""Who works where: people, workspaces, roles, invitations, API keys and what happened."""

import secrets
from hashlib import sha256
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from mops.lib.tenancy import WorkspaceKey


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by mail address; what they may do hangs on their Member rows."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=[("de", _("German")), ("en", _("English"))], default="de")
    theme = models.CharField(
        _("appearance"),
        max_length=5,
        default="auto",
        choices=[("auto", _("As the device")), ("light", _("Light")), ("dark", _("Dark"))],
    )
    preferences = models.JSONField(default=dict, blank=True)  # last period and the like, never anything personal
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="workspaces_user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email


class Workspace(models.Model):
    """One client or brand: the tenant. Money is shown in its currency, days of own data follow its zone."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    time_zone = models.CharField(_("time zone"), max_length=50, default="Europe/Berlin")
    language = models.CharField(_("language"), max_length=5, choices=[("de", _("German")), ("en", _("English"))], default="de")
    revenue_basis = models.CharField(_("revenue"), max_length=5, default="net",
                                     choices=[("net", _("Net of VAT")), ("gross", _("Gross"))])  # fmt: skip
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    MARKETER = "marketer", _("Marketer")
    MANAGER = "manager", _("Manager")
    PRIVACY = "privacy", _("Privacy officer")


class Member(models.Model):
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role)
    joined_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(fields=["workspace", "user"], name="workspaces_member_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="workspaces_member_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class Invitation(models.Model):
    """An invitation by mail. Only the hash of its token is kept; it works once, for one address, for seven days."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=10, choices=Role)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(
                "workspace", Lower("email"), name="workspaces_invitation_open_once",
                condition=models.Q(accepted_at=None, revoked_at=None),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.email


class ApiKey(models.Model):
    """A key of one workspace with named scopes. The key is shown once; prefix and SHA-256 stay."""

    PREFIX = "mops_key_"

    class Scope(models.TextChoices):
        METRICS_READ = "metrics:read", _("Read metrics")
        ORDERS_WRITE = "orders:write", _("Send orders and refunds")
        SEGMENTS_READ = "segments:read", _("Read segments and their members")
        PLAN_WRITE = "plan:write", _("Read and change the tracking plan")
        CONSENTS_WRITE = "consents:write", _("Read and change consents")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=80)
    scopes = models.JSONField(_("scopes"), default=list)
    shown = models.CharField(max_length=24)  # prefix and first characters, to recognise it
    key_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, models.CASCADE, null=True)  # a key does not outlive its maker
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [WorkspaceKey()]

    def __str__(self) -> str:
        return f"{self.name} · {self.shown}…"

    @staticmethod
    def hash(key: str) -> str:
        return sha256(key.encode()).hexdigest()

    @classmethod
    def generate(cls) -> str:
        """A new key: prefix for scanners plus 192 random bits."""
        return cls.PREFIX + secrets.token_urlsafe(24)


class AuditEvent(models.Model):
    """Who did what to what. Append only: the database refuses UPDATE and DELETE (migration 0002)."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="audit_events", null=True)
    at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(User, models.DO_NOTHING, null=True, db_constraint=False)
    actor_name = models.CharField(max_length=200)  # as it was then; "system" for workers
    action = models.CharField(max_length=60)  # "connection.created", "member.role_changed" …
    target = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-at"], name="workspaces_audit_recent")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name}: {self.action} {self.target}"
