"""What people enter about connections. Tokens go in and never come back: their fields render empty."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels.connectors import PLATFORMS, Platform
from channels.models import AdAccount, Connection
from channels.taxonomy import channel_choices
from mops.lib import clock
from mops.lib.day_input import DayInput
from mops.lib.period import add_months

GOALS = (
    ("omni_purchase", _("Purchases, everywhere")),
    ("offsite_conversion.fb_pixel_purchase", _("Purchases on the website (pixel)")),
    ("lead", _("Leads, everywhere")),
    ("offsite_conversion.fb_pixel_lead", _("Leads on the website (pixel)")),
    ("omni_complete_registration", _("Registrations")),
    ("omni_app_install", _("App installs")),
)
BACKFILL_MONTHS = 13  # a full year to compare with


def _secret(label: Any, help_text: Any = "", *, required: bool = True) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    return forms.CharField(label=label, help_text=help_text, required=required, max_length=2000, strip=True,
                           widget=forms.PasswordInput(attrs=attrs, render_value=False))  # fmt: skip


class CredentialForm(forms.Form):
    """A pasted credential; `values()` is what a connector takes."""

    fields_of_credential: tuple[str, ...] = ()

    def values(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.fields_of_credential if self.cleaned_data.get(name)}


class MetaForm(CredentialForm):
    access_token = _secret(
        _("System user token"), _("From the Business settings, with the permission ads_read. It does not expire.")
    )
    fields_of_credential = ("access_token",)


class GoogleForm(CredentialForm):
    refresh_token = _secret(_("Refresh token"))
    client_id = forms.CharField(label=_("OAuth client ID"), required=False, max_length=200,
                                help_text=_("Only if the token was made with a client of your own."))  # fmt: skip
    client_secret = _secret(_("OAuth client secret"), required=False)
    fields_of_credential: tuple[str, ...] = ("refresh_token", "client_id", "client_secret")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if bool(found.get("client_id")) != bool(found.get("client_secret")):
            self.add_error("client_secret", _("Client ID and client secret belong together: enter both or neither."))
        return found


class GoogleAdsForm(GoogleForm):
    login_customer_id = forms.RegexField(
        r"^\s*\d{3}-?\d{3}-?\d{4}\s*$", label=_("Manager account"), required=False,
        help_text=_("Ten digits, if the accounts are reached through a manager account."),
        error_messages={"invalid": _("A customer ID has ten digits, for example 123-456-7890.")},
    )  # fmt: skip
    fields_of_credential = (*GoogleForm.fields_of_credential, "login_customer_id")

    def clean_login_customer_id(self) -> str:
        return str(self.cleaned_data["login_customer_id"]).replace("-", "").strip()


FORMS: dict[str, type[CredentialForm]] = {"google_ads": GoogleAdsForm, "ga4": GoogleForm, "meta": MetaForm}


class NameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)


class AccountsForm(forms.Form):
    """Which accounts to pull, since when, and for Meta the one action type that counts as conversion."""

    accounts = forms.ModelMultipleChoiceField(
        AdAccount.objects.none(), label=_("Accounts"), error_messages={"required": _("Choose at least one account.")}
    )
    since = forms.DateField(label=_("Pull the past since"), widget=DayInput())
    goal = forms.ChoiceField(
        label=_("What counts as a conversion"),
        choices=GOALS,
        help_text=_("Meta counts many actions; exactly one of them is the conversion in your reports."),
    )

    def __init__(self, *args: Any, connection: Connection, **kwargs: Any) -> None:
        self.platform: Platform = PLATFORMS[connection.platform]
        today = clock.today(connection.workspace.time_zone)
        self.oldest = today - timedelta(days=self.platform.retention_days - 1)
        self.latest = today - timedelta(days=1)
        wanted = {"since": max(self.oldest, add_months(today, -BACKFILL_MONTHS))}
        kwargs["initial"] = wanted | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.fields["accounts"].queryset = connection.accounts.order_by("name")  # type: ignore[attr-defined]
        self.fields["since"].widget.attrs |= {"min": self.oldest.isoformat(), "max": self.latest.isoformat()}
        if not self.platform.goal:
            del self.fields["goal"]

    def clean_since(self) -> date:
        since: date = self.cleaned_data["since"]
        if since > self.latest:
            raise forms.ValidationError(_("Choose a day in the past."))
        return max(since, self.oldest)


class DisconnectForm(forms.Form):
    """Keep the numbers, or delete them after typing the connection's name."""

    numbers = forms.ChoiceField(
        label=_("What happens to the numbers"), initial="keep", widget=forms.RadioSelect,
        choices=[("keep", _("Keep them: reports stay as they are")),
                 ("delete", _("Delete them: all numbers of its accounts, their history and campaigns"))],
    )  # fmt: skip
    typed_name = forms.CharField(label=_("To delete, type the name of the connection"), required=False,
                                 widget=forms.TextInput(attrs={"autocomplete": "off"}))  # fmt: skip

    def __init__(self, *args: Any, connection: Connection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection = connection

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("numbers") == "delete" and found.get("typed_name", "").strip() != self.connection.name.strip():
            self.add_error("typed_name", _("That is not the name of this connection; nothing was deleted."))
        return found


class ChannelForm(forms.Form):
    channel = forms.ChoiceField(choices=channel_choices)
