"""What contacts and events have in common: who somebody is, and whether their data may be used for analytics."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import localize
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking.imports import values
from tracking.imports.kind import Field
from tracking.profiles import normalise

LONGEST_SHOWN = 160
USER_ID = Field(
    "user_id", _("User id"), "text", False, "userid customerkey customerid kundennummer kundennr kundenid uid externalid"
)
EMAIL = Field("email", _("E-mail"), "text", False, "email emailaddress mail mailadresse emailadresse emailadress")
MESSAGE_ID = Field("message_id", _("Id of the line"), "text", False, "messageid eventid lineid rowid")
ANALYTICS = Field("analytics_consent", _("Consent for analytics"), "flag", False,
                  "analyticsconsent consentanalytics analytics einwilligunganalyse trackingconsent")  # fmt: skip


def email_of(given: Mapping[str, Any]) -> str:
    """The normalised address, "" without one. Raises values.Unreadable."""
    if not (text := given.get("email", "")):
        return ""
    if not (address := normalise.email(text)):
        raise values.Unreadable(gettext("“%(text)s” is no e-mail address.") % {"text": text[:60]})
    return address


def phone_of(given: Mapping[str, Any], country: str) -> str:
    """The number with its country's code, "" without one. Raises values.Unreadable."""
    if not (text := given.get("phone", "")):
        return ""
    if not (number := normalise.phone(text, country)):
        raise values.Unreadable(gettext("“%(text)s” is no telephone number.") % {"text": text[:30]})
    return number


def id_of(given: Mapping[str, Any], name: str) -> str:
    """An id as it is, "" for what exports write where there is none ("null", "0", "-")."""
    return normalise.identifier(given.get(name, ""))


def consent_context(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the event's context says of consent: nothing where no column does, which a source that needs it takes for a no."""
    agreed = given.get("analytics_consent")
    return {} if agreed is None else {"consent": {"purposes": {"analytics": agreed}}}


def shown(said: Mapping[str, Any]) -> str:
    """Further columns for the preview: numbers as people of this language write them."""
    return " · ".join(f"{name}: {localize(value)}" for name, value in said.items())[:LONGEST_SHOWN]


def plain(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Further columns as JSON: instants in ISO 8601."""
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in extra.items()}
