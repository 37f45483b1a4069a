"""One look for all forms: Tabler's classes are put on while rendering, so that forms stay free of presentation.

Below: the forms of this room.
"""

from typing import Any, cast
from zoneinfo import available_timezones

from babel import numbers
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from mops.lib.day_input import DayInput
from workspaces.models import ApiKey, Role, User, Workspace

# The European Central Bank publishes daily rates for these against the euro: what cannot be converted is not offered.
CURRENCIES = (
    *("EUR", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "ISK"),
    *("JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "USD", "ZAR"),
)
ZONE_REGIONS = ("Europe/", "America/", "Asia/", "Africa/", "Australia/", "Pacific/", "Atlantic/", "Indian/", "UTC")

CLASSES = {  # the last part of a widget's template name → its class; everything else is a text control
    "select": "form-select",
    "checkbox": "form-check-input",
    "radio": "",
    "checkbox_select": "",
    "color": "form-control form-control-color",
    "hidden": "",
    "multiple_hidden": "",
    "splitdatetime": "",
    "multiwidget": "",
}


class TablerRenderer(TemplatesSetting):
    """Renders forms from templates/forms and marks every control for Tabler, red where it has an error."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        if widget := context.get("widget"):
            self._dress(widget, template_name)
        return super().render(template_name, context, request)

    def _dress(self, widget: dict[str, Any], template_name: str) -> None:
        kind = template_name.rsplit("/", 1)[-1].removesuffix(".html")
        attrs = widget["attrs"]
        for _group, options, _index in widget.get("optgroups", []) if kind in {"radio", "checkbox_select"} else []:
            for option in options:
                option["attrs"]["class"] = "form-check-input"
        invalid = "is-invalid" if attrs.get("aria-invalid") == "true" else ""
        classes = [attrs.get("class", ""), CLASSES.get(kind, "form-control"), invalid]
        attrs["class"] = " ".join(filter(None, classes))
        if not attrs["class"]:
            del attrs["class"]


def currency_choices() -> list[tuple[str, str]]:
    return [(code, f"{code} · {numbers.get_currency_name(code, locale=get_language() or 'en')}") for code in CURRENCIES]


def time_zone_choices() -> list[tuple[str, str]]:
    zones = sorted(zone for zone in available_timezones() if zone.startswith(ZONE_REGIONS))
    return [(zone, zone.replace("_", " ")) for zone in zones]


class WorkspaceForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a workspace counts in: money, days, language."""

    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=currency_choices,
        help_text=_("All money is shown in it, converted at the ECB rate of the day."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zone_choices,
        help_text=_("Where the days of your own orders and events begin."),
    )

    class Meta:
        model = Workspace
        fields = ("name", "currency", "time_zone", "language", "revenue_basis")
        help_texts = {
            "language": _("Of reports and mails. Everyone chooses the language of their own pages in their profile."),
            "revenue_basis": _("Which amount of an order counts as revenue."),
        }


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("name", "language", "theme")


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"))
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["role"]).choices = [(role.value, role.label) for role in roles]
        self.initial.setdefault("role", Role.MARKETER)


class JoinForm(forms.Form):
    """Name and password of a new account; the invitation gives the address."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(label=_("Password"), strip=False, help_text=_("At least 10 characters."),
                               widget=forms.PasswordInput({"autocomplete": "new-password"}))  # fmt: skip

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if password := values.get("password"):
            try:
                validate_password(password, User(email=self.email, name=values.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return values


class ApiKeyForm(forms.Form):
    EXPIRY = {"90": _("90 days"), "365": _("1 year"), "0": _("Never")}

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What uses it, such as “Shop export”."))
    scopes = forms.MultipleChoiceField(label=_("Scopes"), choices=ApiKey.Scope.choices, widget=forms.CheckboxSelectMultiple)
    expires = forms.ChoiceField(label=_("Expires after"), choices=EXPIRY, initial="365")


class AuditFilter(forms.Form):
    """Filters of the audit log; they live in the URL."""

    who = forms.CharField(label=_("Who"), required=False)
    action = forms.ChoiceField(label=_("What"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=DayInput())
    until = forms.DateField(label=_("To"), required=False, widget=DayInput())

    def __init__(self, *args: Any, actions: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["action"]).choices = [("", _("Everything")), *actions]
