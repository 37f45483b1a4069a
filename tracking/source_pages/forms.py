"""What people say about a source: which websites or shop it is, and on what ground its events are kept."""

from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking import referrers
from tracking.collector import mapping
from tracking.collector.sources import normal_origin
from tracking.models import Source

Kind, Mode = Source.Kind, Source.ConsentMode
SHOPS = [(one.value, one.label) for one in Source.Dialect if one != Source.Dialect.MAPPED]


class Asked(NamedTuple):
    """Fields of a kind of source: those it needs, and those that may stay as they are."""

    needed: tuple[str, ...]
    more: tuple[str, ...]


GROUND = ("consent_mode", "legal_basis")
FIELDS = {  # a website's ground is always consent
    Kind.BROWSER: Asked(("name", "websites"), ("own_referrers", "rate_per_minute")),
    Kind.SERVER: Asked(("name", *GROUND), ("websites", "own_referrers", "rate_per_minute")),
    Kind.SHOP: Asked(("name", "dialect", "secret", *GROUND), ("own_referrers", "rate_per_minute")),
    Kind.WEBHOOK: Asked(("name", "secret", "mapping", *GROUND), ("own_referrers", "rate_per_minute")),
    Kind.IMPORT: Asked(("name", *GROUND), ("own_referrers",)),
}


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """One kind of source. It is chosen once: what is kept of a website and of a shop rests on different grounds."""

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
        help_text=_("As the sender shows it: webhooks are only taken when they are signed. Kept encrypted."),
    )

    class Meta:
        model = Source
        fields = ("name", "consent_mode", "legal_basis", "rate_per_minute", "dialect", "mapping")
        help_texts = {
            "consent_mode": _("A shop's orders may rest on the contract with the buyer. Websites always need consent."),
            "legal_basis": _("Why these events may be kept without consent, such as “Contract, Art. 6 (1) b GDPR”."),
            "mapping": _("Field of the event → path in the body, or fixed text after “=”."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """`instance` says of which kind the source is, also a new one."""
        super().__init__(*args, **kwargs)
        self.initial.setdefault("websites", "\n".join(self.instance.allowed_origins))
        self.initial.setdefault("own_referrers", "\n".join(self.instance.own_referrers))
        self.kind = Kind(self.instance.kind)
        asked = FIELDS[self.kind]
        for name in self.fields.keys() - {*asked.needed, *asked.more}:
            del self.fields[name]
        self.order_fields([*asked.needed, *asked.more])
        self._ask_of_kind()

    def _ask_of_kind(self) -> None:
        """What is required, and what may be chosen: nothing is only after an error."""
        if self.kind == Kind.BROWSER:
            self.fields["websites"].required = True
            self.fields["websites"].help_text = _("Pages that may send events, one a line, such as https://shop.example.")
        if "consent_mode" in self.fields:
            self.fields["consent_mode"].choices = Mode.choices  # type: ignore[attr-defined]
            self.fields["legal_basis"].when = _("if they are kept on it")  # type: ignore[attr-defined]
        if "dialect" in self.fields:
            self.fields["dialect"].required = True
            self.fields["dialect"].choices = SHOPS  # type: ignore[attr-defined]
        if "secret" in self.fields:
            self.fields["secret"].required = not self.instance.sealed_secret
            if self.instance.sealed_secret:
                self.fields["secret"].when = _("leave empty to keep the stored one")  # type: ignore[attr-defined]

    def needed(self) -> list[forms.BoundField]:
        return [self[name] for name in FIELDS[self.kind].needed]

    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in FIELDS[self.kind].more]

    def more_is_wrong(self) -> bool:
        return any(field.errors for field in self.more())

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
        if values.get("consent_mode") == Mode.DECLARED and not values.get("legal_basis"):
            self.add_error("legal_basis", gettext("Say why these events may be kept without consent."))
        return values

    def _post_clean(self) -> None:
        """What the kind decides, before the model looks at it."""
        if self.kind == Kind.BROWSER:
            self.instance.consent_mode = Mode.REQUIRED
        if self.kind == Kind.WEBHOOK:
            self.instance.dialect = Source.Dialect.MAPPED
        super()._post_clean()  # type: ignore[misc]

    def save(self, commit: bool = True) -> Source:
        said = self.cleaned_data
        self.instance.allowed_origins = said.get("websites", self.instance.allowed_origins)
        self.instance.own_referrers = said.get("own_referrers", self.instance.own_referrers)
        if said.get("secret"):
            self.instance.secret = said["secret"]
        return super().save(commit)  # type: ignore[no-any-return]
