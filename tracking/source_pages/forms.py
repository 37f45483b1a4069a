"""What people say about a source: which websites or shop it is, and on what ground its events are kept."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking import referrers
from tracking.collector import mapping
from tracking.collector.sources import normal_origin
from tracking.models import Source

Kind, Mode = Source.Kind, Source.ConsentMode


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """The kind is chosen once: what is kept of a website and of a shop rests on different grounds."""

    websites = forms.CharField(
        label=_("Websites"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Pages that may send events, one a line, such as https://shop.example. Servers and apps need none."),
    )
    own_referrers = forms.CharField(
        label=_("Referrers that are no origin"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_(
            "Hosts, one a line, such as pay.example.com; their subdomains count too. A visit that comes back from one keeps its "
            "channel: Google Analytics calls it an unwanted referral. The websites above and known payment and login pages need no "
            "entry."
        ),
    )
    secret = forms.CharField(
        label=_("Signing secret"),
        required=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_("As the shop shows it. Kept encrypted; leave empty to keep the stored one."),
    )

    class Meta:
        model = Source
        fields = ("name", "kind", "consent_mode", "legal_basis", "rate_per_minute", "dialect", "mapping")
        help_texts = {
            "consent_mode": _("Websites always need consent. A shop's orders may rest on the contract with the buyer."),
            "legal_basis": _("Why these events may be kept without consent, such as “Contract, Art. 6 (1) b GDPR”."),
            "mapping": _("Field of the event → path in the body, or fixed text after “=”."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("websites", "\n".join(self.instance.allowed_origins))
        self.initial.setdefault("own_referrers", "\n".join(self.instance.own_referrers))
        if self.instance.pk:
            del self.fields["kind"]

    def clean_websites(self) -> list[str]:
        origins = []
        for line in filter(str.strip, self.cleaned_data["websites"].splitlines()):
            try:
                origins.append(normal_origin(line))
            except ValueError:
                raise forms.ValidationError(gettext("“%(line)s” is no address of a website.") % {"line": line[:80]}) from None
        return sorted(set(origins))

    def clean_own_referrers(self) -> list[str]:
        hosts = set()
        for line in filter(str.strip, self.cleaned_data["own_referrers"].splitlines()):
            try:
                hosts.add(referrers.normal_host(line))
            except ValueError:
                problem = gettext("“%(line)s” is no host, such as pay.example.com.") % {"line": line.strip()[:80]}
                raise forms.ValidationError(problem) from None
        return sorted(hosts)

    def clean_mapping(self) -> dict[str, str]:
        value: dict[str, str] = self.cleaned_data["mapping"] or {}
        if unknown := mapping.problems(value):
            raise forms.ValidationError(gettext("Not usable: %(fields)s") % {"fields": ", ".join(unknown)[:200]})
        return value

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        kind = values.get("kind") or self.instance.kind
        if kind == Kind.BROWSER and values.get("consent_mode") != Mode.REQUIRED:
            self.add_error("consent_mode", gettext("Events of a website are only kept with consent."))
        if values.get("consent_mode") == Mode.DECLARED and not values.get("legal_basis"):
            self.add_error("legal_basis", gettext("Say why these events may be kept without consent."))
        if kind == Kind.BROWSER and "websites" in values and not values["websites"]:
            self.add_error("websites", gettext("Name at least one website."))
        wanted = {Kind.SHOP: ("shopify", "woocommerce"), Kind.WEBHOOK: ("mapped",)}.get(kind, ("",))
        if values.get("dialect", "") not in wanted:
            self.add_error("dialect", gettext("This does not fit the kind of source."))
        if kind in (Kind.SHOP, Kind.WEBHOOK) and not values.get("secret") and not self.instance.sealed_secret:
            self.add_error("secret", gettext("Webhooks are only taken when they are signed."))
        return values

    def save(self, commit: bool = True) -> Source:
        self.instance.allowed_origins = self.cleaned_data["websites"]
        self.instance.own_referrers = self.cleaned_data["own_referrers"]
        if self.cleaned_data["secret"]:
            self.instance.secret = self.cleaned_data["secret"]
        return super().save(commit)  # type: ignore[no-any-return]
