"""What a reader must know about a number, as codes with a text: nothing odd is shown without one."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MESSAGES: dict[str, str | Promise] = {
    "mixed_platforms": _("Several platforms claim conversions here. They overlap: see each platform, there is no sum."),
    "missing_rate": _("An exchange rate is missing, so amounts in this currency are not shown: %(detail)s"),
    "window_not_offered": _("This attribution window does not exist at %(detail)s: its standard window is shown."),
    "not_by_dimension": _("Not available in this breakdown: %(detail)s"),
    "no_orders": _("No own orders have arrived yet."),
    "margin_incomplete": _("Orders without a margin: %(detail)s. The margin is that of the others."),
    "missing_days": _("Days not pulled yet: %(detail)s"),
    "provisional_days": _("Days that platforms may still change: %(detail)s"),
    "stale_account": _("No successful pull for more than 26 hours: %(detail)s"),
    "reconnect": _("Reconnect needed: %(detail)s"),
}


@dataclass(frozen=True)
class Note:
    """A code of MESSAGES and what it is about (a platform, a currency, days)."""

    code: str
    detail: str = ""

    @property
    def text(self) -> str:
        """The sentence in the active language."""
        message = str(MESSAGES[self.code])
        return message % {"detail": self.detail} if "%(" in message else message
