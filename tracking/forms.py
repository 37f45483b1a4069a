"""What people fill in about orders: the filter of the list, a file, and which of its columns is what."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from channels.taxonomy import channel_choices
from tracking.imports.columns import FIELDS, Proposal, Reading
from tracking.imports.tables import LARGEST_FILE
from tracking.models import Order
from workspaces.forms import currency_choices, time_zone_choices

DAY = {"type": "date"}
DECIMAL_SIGNS = [(",", _("Comma: 1.234,56")), (".", _("Point: 1,234.56"))]
DATE_ORDERS = [
    ("ymd", _("Year first: 2026-10-31")), ("dmy", _("Day first: 31.10.2026")), ("mdy", _("Month first: 10/31/2026")),
]  # fmt: skip


class OrderFilter(forms.Form):
    """Everything optional; a filter that makes no sense is left out and shown in red."""

    search = forms.CharField(label=_("Order or customer"), max_length=120, required=False,
                             widget=forms.TextInput({"type": "search"}))  # fmt: skip
    channel = forms.ChoiceField(label=_("Channel"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(DAY, format="%Y-%m-%d"))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(DAY, format="%Y-%m-%d"))
    refunded = forms.BooleanField(label=_("Refunded only"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = [("", _("All channels")), *channel_choices()]  # type: ignore[attr-defined]

    def narrow(self, orders: QuerySet[Order]) -> QuerySet[Order]:
        """The orders that fit; `until` is the last day inside, as people write a period."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        if text := chosen.get("search"):
            orders = orders.filter(Q(order_id__icontains=text) | Q(customer__key__icontains=text))
        if channel := chosen.get("channel"):
            orders = orders.filter(channel=channel)
        if since := chosen.get("since"):
            orders = orders.filter(day__gte=since)
        if until := chosen.get("until"):
            orders = orders.filter(day__lte=until)
        return orders.filter(refunds__isnull=False).distinct() if chosen.get("refunded") else orders


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"), widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx"}),
        help_text=_("CSV or Excel (.xlsx) up to 20 MB, with one order per line and the column names in the first line."),
    )  # fmt: skip

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 20 MB. Split it and import the parts."))
        return file


class ColumnsForm(forms.Form):
    """One choice per value of an order, and how the cells are read."""

    decimal_sign = forms.ChoiceField(label=_("Decimal sign of amounts"))
    date_order = forms.ChoiceField(label=_("Dates are written"))
    time_zone = forms.ChoiceField(label=_("Time zone of the times"), choices=time_zone_choices)
    currency = forms.ChoiceField(label=_("Currency"), choices=currency_choices, help_text=_("Where no column gives it."))
    vat_percent = forms.DecimalField(label=_("VAT in percent"), min_value=0, max_value=99, decimal_places=2,
                                     help_text=_("Gives the net amount where no column does."))  # fmt: skip

    def __init__(self, data: Any = None, *, headers: Sequence[str], proposal: Proposal) -> None:
        initial = {f"column_{name}": header for name, header in proposal.columns.items()} | proposal.reading
        super().__init__(data, initial=initial)
        self._ask("decimal_sign", DECIMAL_SIGNS)
        self._ask("date_order", DATE_ORDERS)
        if proposal.ambiguous:
            self.fields["decimal_sign"].help_text = _now(
                "The file does not tell: “%(amount)s” can be read in two ways. Please choose."
            ) % {"amount": proposal.ambiguous}
        for field in FIELDS:
            choices = [("", _("– not in the file –")), *((header, header) for header in headers)]
            self.fields[f"column_{field.name}"] = forms.ChoiceField(
                label=str(field.label), choices=choices, required=field.required
            )

    def _ask(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        """Without a proposal nothing is preselected: a wrong guess would read every amount wrongly."""
        blank = [] if name in self.initial else [("", _("Please choose"))]
        self.fields[name].choices = [*blank, *choices]  # type: ignore[attr-defined]

    def column_fields(self) -> list[forms.BoundField]:
        return [self[f"column_{field.name}"] for field in FIELDS]

    def reading_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("decimal_sign", "date_order", "time_zone", "currency", "vat_percent")]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        used: set[str] = set()
        for field in FIELDS:
            header = values.get(f"column_{field.name}")
            if header and header in used:
                self.add_error(f"column_{field.name}", _("This column is already used above."))
            used |= {header} if header else set()
        return values

    @property
    def columns(self) -> dict[str, str]:
        """Field → header, as chosen."""
        chosen = {field.name: self.cleaned_data.get(f"column_{field.name}") for field in FIELDS}
        return {name: header for name, header in chosen.items() if header}

    @property
    def reading(self) -> Reading:
        values = self.cleaned_data
        return Reading(values["decimal_sign"], values["date_order"], values["time_zone"], values["currency"],
                       str(values["vat_percent"]))  # fmt: skip
