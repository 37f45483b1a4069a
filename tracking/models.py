"""The product's own truth about sales: customers, orders and refunds, as the shop reported them."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels.taxonomy import channel_choices
from mops.lib.tenancy import SameWorkspace, WorkspaceKey

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _money(label: "StrOrPromise") -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(label, max_digits=18, decimal_places=6)


class Customer(models.Model):
    """A buyer under the shop's own key. How they were won is the channel of their first order."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="customers")
    key = models.CharField(_("customer key"), max_length=120)
    first_order_at = models.DateTimeField(null=True)
    acquisition_channel = models.CharField(max_length=20, choices=channel_choices, blank=True)
    acquisition_campaign = models.CharField(max_length=200, blank=True)  # utm_id or utm_campaign of the first order
    user_index = models.CharField(max_length=64, blank=True)  # blind indexes of the key as a user id and as a CRM id
    crm_index = models.CharField(max_length=64, blank=True)
    profile = models.ForeignKey("tracking.Profile", models.SET_NULL, null=True, related_name="customers")  # tracking.buyers

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("profile", to="tracking.Profile"),
            models.UniqueConstraint(fields=["workspace", "key"], name="tracking_customer_once"),
        ]
        indexes = [
            models.Index(fields=["workspace", "first_order_at"], name="tracking_customer_first_order"),
            models.Index(fields=["workspace", "user_index"], name="tracking_customer_user"),
            models.Index(fields=["workspace", "crm_index"], name="tracking_customer_crm"),
        ]


class Order(models.Model):
    """One order. Sending the same order id again corrects the row; money in the order's own currency."""

    class Source(models.TextChoices):
        API = "api", _("API")
        IMPORT = "import", _("File")
        SHOP = "shop", _("Shop")
        WEBSITE = "website", _("Website")  # what a browser says, until anybody who keeps the books says something

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="orders")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders", null=True)
    order_id = models.CharField(_("order id"), max_length=120)
    ordered_at = models.DateTimeField(_("time"))
    day = models.DateField()  # of ordered_at in the workspace's zone
    gross = _money(_("gross"))
    net = _money(_("net"))
    margin = models.DecimalField(_("margin"), max_digits=18, decimal_places=6, null=True)
    currency = models.CharField(max_length=3)
    is_new_customer = models.BooleanField(null=True)  # as the shop says; None = decided by our first order
    utm_source = models.CharField(max_length=200, blank=True)
    utm_medium = models.CharField(max_length=200, blank=True)
    utm_campaign = models.CharField(max_length=200, blank=True)
    utm_id = models.CharField(max_length=200, blank=True)
    gclid = models.CharField(max_length=200, blank=True)
    fbclid = models.CharField(max_length=500, blank=True)
    referrer = models.CharField(max_length=500, blank=True)
    channel = models.CharField(max_length=20, choices=channel_choices)
    channel_rule = models.CharField(max_length=40, blank=True)  # which rule of tracking.channel_grouping decided
    source = models.CharField(max_length=20, choices=Source, default=Source.API)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("customer", to="tracking.Customer"),
            models.UniqueConstraint(fields=["workspace", "order_id"], name="tracking_order_once"),
        ]
        indexes = [
            models.Index(fields=["workspace", "day", "channel"], name="tracking_order_day"),
            models.Index(fields=["workspace", "customer", "ordered_at"], name="tracking_order_customer"),
        ]

    @property
    def is_first(self) -> bool:
        """Whether a new customer bought: as the shop says, else whether it is the customer's first order we know."""
        if self.is_new_customer is not None:
            return self.is_new_customer
        return self.customer is not None and self.customer.first_order_at == self.ordered_at


class Refund(models.Model):
    """Money given back. It may arrive before its order: then `order` is filled when the order comes, and what follows from it."""

    class Derived(models.TextChoices):
        NOTHING = "", _("Nothing")
        NET = "net", _("Net")  # in the order's proportion of net to gross; as gross while the order is not here
        WHOLE = "whole", _("All amounts")  # the order's; none while it is not here

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="refunds")
    refund_id = models.CharField(max_length=120)
    order_id_text = models.CharField(_("order id"), max_length=120)
    order = models.ForeignKey(Order, models.CASCADE, related_name="refunds", null=True)
    refunded_at = models.DateTimeField()
    day = models.DateField()
    gross = _money(_("gross"))
    net = _money(_("net"))
    margin = models.DecimalField(_("margin"), max_digits=18, decimal_places=6, null=True)
    told_gross = models.DecimalField(max_digits=18, decimal_places=6, null=True)  # as said; gross may be cut to the order's
    told_net = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    currency = models.CharField(max_length=3)
    derived = models.CharField(max_length=5, choices=Derived, blank=True)
    source = models.CharField(max_length=20, choices=Order.Source, default=Order.Source.API)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("order", to="tracking.Order"),
            models.UniqueConstraint(fields=["workspace", "refund_id"], name="tracking_refund_once"),
        ]
        indexes = [
            models.Index(fields=["workspace", "order_id_text"], name="tracking_refund_order"),
            models.Index(fields=["workspace", "day"], name="tracking_refund_day"),
        ]


from tracking.consent_models import (  # noqa: E402
    BannerChoice,
    BlindKey,
    ChainHead,
    ConsentEvent,
    ConsentState,
    ConsentText,
    DoubleOptIn,
    Purpose,
    Release,
    SubjectLink,
    Suppression,
)
from tracking.event_models import (  # noqa: E402  models by topic, one place to import them from
    Event,
    EventKey,
    RawBody,
    Rejection,
    Session,
    Source,
    SourceDay,
)
from tracking.goal_models import ChangedDay, Conversion, Goal, Touchpoint  # noqa: E402
from tracking.import_models import (  # noqa: E402
    ColumnMapping,
    ImportedRow,
    ImportFile,
    ImportReceipt,
    RefusedRow,
)
from tracking.plan_models import PlanVersion, PlanViolation, QualityDay, Ticket  # noqa: E402
from tracking.profile_models import (  # noqa: E402
    DuplicateSuggestion,
    Identity,
    IdentityLink,
    Merge,
    Profile,
    Trait,
)
from tracking.rights_models import AccessFile, DataSubjectRequest, RetentionRule  # noqa: E402

__all__ = [
    "AccessFile", "BannerChoice", "BlindKey", "ChainHead", "ChangedDay", "ColumnMapping", "ConsentEvent", "ConsentState",
    "ConsentText", "Conversion", "Customer", "DataSubjectRequest", "DoubleOptIn", "DuplicateSuggestion", "Event", "EventKey",
    "Goal", "Identity", "IdentityLink", "ImportFile", "ImportReceipt", "ImportedRow", "Merge", "Order", "PlanVersion",
    "PlanViolation", "Profile", "Purpose", "QualityDay", "RawBody", "Refund", "RefusedRow", "Rejection", "Release",
    "RetentionRule", "Session", "Source", "SourceDay", "SubjectLink", "Suppression", "Ticket", "Touchpoint", "Trait",
]  # fmt: skip
