"""Which identifier a file of members shall hold."""

from django import forms
from django.utils.translation import gettext_lazy as _

from segments.exporting.members import KINDS
from tracking.models import Identity


class ExportForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Identifier"),
        choices=[(kind.value, kind.label) for kind in Identity.Kind if kind in KINDS],
        help_text=_("Consent is given per identifier: somebody may have agreed to e-mails and not to calls."),
    )
