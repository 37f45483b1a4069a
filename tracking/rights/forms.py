"""What privacy officers fill in: a request that came in, a reason for refusing it, how long data is kept."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mops.lib import clock
from mops.lib.day_input import DayInput
from tracking.blind_index import Unidentifiable
from tracking.models import DataSubjectRequest
from tracking.rights import person
from tracking.rights.declaring import Kept
from tracking.rights.retention import TIMERS

OLDEST = timedelta(days=366)  # an answer is due within a month: what came in before is a slip of the keyboard


class RequestForm(forms.Form):
    """Somebody asked. What they named is kept encrypted until the request is answered."""

    kind = forms.ChoiceField(label=_("What is asked for"), choices=DataSubjectRequest.Kind.choices)
    identifier_kind = forms.ChoiceField(label=_("Known by"), choices=DataSubjectRequest.IdentifierKind.choices)
    identifier = forms.CharField(
        label=_("Identifier"), max_length=500, widget=forms.TextInput({"autocomplete": "off"}),
        help_text=_("One is enough: everything that belongs to the same person is found from it."),
    )  # fmt: skip
    proof = forms.CharField(
        label=_("How the person proved who they are"), max_length=500,
        help_text=_("For example: answered from this address, or showed an identity card on 3 March."),
    )  # fmt: skip
    received_on = forms.DateField(label=_("Received on"), widget=DayInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate(clock.now())
        self.fields["received_on"].initial = today
        self.fields["received_on"].widget.attrs |= {"min": f"{today - OLDEST:%Y-%m-%d}", "max": f"{today:%Y-%m-%d}"}

    def clean_received_on(self) -> Any:
        day = self.cleaned_data["received_on"]
        today = timezone.localdate(clock.now())
        if day > today:
            raise forms.ValidationError(_("This day is still to come."))
        if day < today - OLDEST:
            raise forms.ValidationError(_("This day is more than a year ago. Please check the year."))
        return day

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                person.normal(found["identifier_kind"], found["identifier"])
            except Unidentifiable:
                self.add_error("identifier", _("This is no identifier of this kind."))
        return found


class RefusalForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500)


class RetentionForm(forms.Form):
    """A number of days per kind of data, within the limits of the law and of good sense."""

    def __init__(self, *args: Any, days: dict[Kept, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, timer in TIMERS.items():
            self.fields[str(kind)] = forms.IntegerField(
                label=timer.label,  # type: ignore[arg-type]  # translated when shown
                initial=days[kind], min_value=timer.least, max_value=timer.most,
                help_text=_("Days. Default %(days)s, from %(least)s to %(most)s.")
                % {"days": timer.days, "least": timer.least, "most": timer.most},
            )  # fmt: skip

    @property
    def days(self) -> dict[Kept, int]:
        return {kind: self.cleaned_data[str(kind)] for kind in TIMERS}
