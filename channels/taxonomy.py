"""The channels a marketing team plans and compares, with class and role in the funnel (features 1.11)."""

from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ChannelClass(TextChoices):
    PAID = "paid", _("Paid")
    OWNED = "owned", _("Owned")
    EARNED = "earned", _("Earned")


class FunnelRole(TextChoices):
    DEMAND = "demand", _("Demand capture")
    AWARENESS = "awareness", _("Awareness")
    SCALE = "scale", _("Scale")
    RETENTION = "retention", _("Retention")


class Channel(NamedTuple):
    code: str
    label: str | Promise
    channel_class: ChannelClass
    role: FunnelRole


PAID, OWNED, EARNED = ChannelClass.PAID, ChannelClass.OWNED, ChannelClass.EARNED
DEMAND, AWARENESS, SCALE, RETENTION = FunnelRole.DEMAND, FunnelRole.AWARENESS, FunnelRole.SCALE, FunnelRole.RETENTION

CHANNELS: dict[str, Channel] = {
    channel.code: channel
    for channel in (
        Channel("paid_search", _("Paid Search"), PAID, DEMAND),
        Channel("shopping", _("Shopping"), PAID, DEMAND),
        Channel("cross_network", _("Cross-network"), PAID, SCALE),
        Channel("display", _("Display"), PAID, AWARENESS),
        Channel("video", _("Video"), PAID, AWARENESS),
        Channel("programmatic", _("Programmatic"), PAID, AWARENESS),
        Channel("paid_social", _("Paid Social"), PAID, SCALE),
        Channel("affiliate", _("Affiliates"), PAID, DEMAND),
        Channel("email", _("E-mail"), OWNED, RETENTION),
        Channel("app", _("App"), OWNED, RETENTION),
        Channel("content", _("Content"), OWNED, AWARENESS),
        Channel("organic_search", _("Organic Search"), EARNED, DEMAND),
        Channel("organic_social", _("Organic Social"), EARNED, AWARENESS),
        Channel("ai_assistant", _("AI assistant"), EARNED, DEMAND),
        Channel("referral", _("Referral"), EARNED, AWARENESS),
        Channel("direct", _("Direct"), OWNED, RETENTION),
        Channel("offline", _("Offline"), PAID, AWARENESS),
        Channel("other", _("Other"), OWNED, SCALE),
    )
}


def channel_choices() -> list[tuple[str, str | Promise]]:
    return [(channel.code, channel.label) for channel in CHANNELS.values()]


def channel_label(code: str) -> str:
    """The channel's name in the active language; an unknown code is shown as it is."""
    channel = CHANNELS.get(code)
    return str(channel.label) if channel else code
