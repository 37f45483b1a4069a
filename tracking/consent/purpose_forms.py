"""What the team fills in about a purpose."""

from typing import Any

from django import forms
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from tracking.consent.intake import PLATFORMS
from tracking.consent.purposes import KNOWN
from tracking.models import Purpose

OWN = "own"
MAILS = ("email",)  # § 7(3) UWG is about electronic mail


class PurposeForm(forms.ModelForm):  # type: ignore[type-arg]
    """Names in both languages, as people read them in the preference centre."""

    name = forms.CharField(label=_("Name in English"), max_length=120)
    name_de = forms.CharField(label=_("Name in German"), max_length=120)

    class Meta:
        model = Purpose
        fields = ("name", "name_de", "expiry_months", "legal_basis")
        help_texts = {
            "expiry_months": _("1 to 120, from when the consent was given. It counts for every consent that still holds."),
            "legal_basis": _("For your records: mops sends nothing without a consent, whatever stands here."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for language, field in (("en", "name"), ("de", "name_de")):
            if self.instance.pk:
                with override(language):
                    self.initial[field] = self.instance.label
        self.fields["expiry_months"].widget.attrs |= {"min": 1, "max": 120}

    def clean_expiry_months(self) -> int:
        months: int = self.cleaned_data["expiry_months"]
        if not 1 <= months <= 120:
            raise forms.ValidationError(_("Between 1 and 120 months."))
        return months

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        key = values.get("key") or self.instance.key
        if values.get("legal_basis") == Purpose.LegalBasis.EXISTING_CUSTOMER and key not in MAILS:
            self.add_error("legal_basis", _("§ 7(3) UWG is about e-mail only."))
        return values

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in PurposeForm.Meta.fields}


class NewPurposeForm(PurposeForm):
    """One that banners and platforms know, or one with a key of the team's own."""

    known = forms.ChoiceField(label=_("Purpose"))

    class Meta(PurposeForm.Meta):
        fields = ("key", *PurposeForm.Meta.fields)  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].required = self.fields["name"].required = self.fields["name_de"].required = False
        self.fields["key"].help_text = _("Only for one of your own: as your banner or form names it, such as post.")
        self.fields["name"].help_text = self.fields["name_de"].help_text = _("Empty: the usual one.")
        there = set(Purpose.objects.filter(workspace=self.instance.workspace).values_list("key", flat=True))
        known = [(key, gettext(name)) for key, (name, _destination) in KNOWN.items() if key not in there]
        self.fields["known"].choices = [*known, (OWN, _("One of your own"))]  # type: ignore[attr-defined]
        self.initial["known"] = next((key for key, _name in known if key.endswith(PLATFORMS[2:])), OWN)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        known = values.get("known", OWN)
        key = values["key"] = known if known != OWN else values.get("key") or ""
        self._refuse(key)
        usual, destination = KNOWN.get(key, ("", key.partition(":")[2]))
        self.instance.destination = destination
        for field in ("name", "name_de"):
            if not values.get(field) and not usual:
                self.add_error(field, _("People read it: give it a name."))
        values["name"] = values.get("name") or usual
        return super().clean()

    def _refuse(self, key: str) -> None:
        platform = key.partition(":")[2]
        if not key and "key" not in self.errors:
            self.add_error("key", _("Choose a purpose, or name one of your own."))
        if platform and platform not in PLATFORMS:
            self.add_error("key", _("After the colon stands one of: %(platforms)s.") % {"platforms": ", ".join(PLATFORMS)})
        if key and Purpose.objects.filter(workspace=self.instance.workspace, key=key).exists():
            self.add_error("key", _("There is such a purpose already."))
