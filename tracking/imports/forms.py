"""What people fill in about files: the file itself, which of its columns is what, and how its cells are read."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking.imports.columns import Proposal
from tracking.imports.kind import Field, Kind, Reading
from tracking.imports.tables import LARGEST_FILE
from tracking.models import Purpose, Source
from workspaces.forms import currency_choices, time_zone_choices
from workspaces.models import Workspace

DECIMAL_SIGNS = [(",", _("Comma: 1.234,56")), (".", _("Point: 1,234.56"))]
DATE_ORDERS = [
    ("ymd", _("Year first: 2026-10-31")), ("dmy", _("Day first: 31.10.2026")), ("mdy", _("Month first: 10/31/2026")),
]  # fmt: skip
EXTRA = [
    ("", _("– leave out –")), ("text", _("Text")), ("number", _("A number")), ("time", _("Time")), ("flag", _("Yes or no")),
]  # fmt: skip


def _ways(fits: str) -> list[tuple[str, Any]]:
    """How a further column can be kept. Columns of numbers say so, next to leaving them out."""
    left_out, *ways = EXTRA
    if fits != "number":
        return EXTRA
    return [left_out, ("number", _("A number (all cells are)")), *(way for way in ways if way[0] != "number")]


class UploadForm(forms.Form):
    """A file, and for contacts and events the source they are booked under."""

    source = forms.ModelChoiceField(
        Source.objects.none(), label=_("Source"), empty_label=None,
        help_text=_("Its books show what came in, and its legal basis holds for every line of the file."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("File"), widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx"}),
        help_text=_("CSV or Excel (.xlsx) up to 20 MB, with the column names in the first line."),
    )  # fmt: skip

    def __init__(self, *args: Any, kind: Kind, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind.needs_source:
            active = Source.objects.filter(workspace=workspace, kind=Source.Kind.IMPORT, state=Source.State.ACTIVE)
            self.fields["source"].queryset = active.order_by("name")  # type: ignore[attr-defined]
        else:
            del self.fields["source"]

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 20 MB. Split it and import the parts."))
        return file


class ColumnsForm(forms.Form):
    """One choice per field of the kind, one per further column, and how the cells are read."""

    decimal_sign = forms.ChoiceField(label=_("Decimal sign of numbers"))
    date_order = forms.ChoiceField(label=_("Dates are written"))
    time_zone = forms.ChoiceField(label=_("Time zone of the times"), choices=time_zone_choices)
    currency = forms.ChoiceField(label=_("Currency"), choices=currency_choices, help_text=_("Where no column gives it."))
    vat_percent = forms.DecimalField(label=_("VAT in percent"), min_value=0, max_value=99, decimal_places=2,
                                     help_text=_("Gives the net amount where no column does."))  # fmt: skip
    event_name = forms.CharField(label=_("Event name of all lines"), max_length=255, required=False,
                                 help_text=_("Where no column gives it, such as “Branch visited”."))  # fmt: skip
    purpose = forms.ChoiceField(label=_("Purpose of all lines"), required=False,
                                help_text=_("Where the file has no column for it."))  # fmt: skip

    def __init__(
        self, data: Any = None, *, kind: Kind, workspace: Workspace, headers: Sequence[str], proposal: Proposal, consents: bool
    ) -> None:
        self.kind, self.headers, self.further = kind, headers, proposal.further
        self.chosen: tuple[Field, ...] = kind.fields_for(consents=consents)
        further = {f"extra_{place}": proposal.reading.get("extra", {}).get(header, "") for place, header in enumerate(headers)}
        columns = {f"column_{name}": header for name, header in proposal.columns.items()}
        super().__init__(data, initial=columns | dict(proposal.reading) | further)
        asked = [name for name in kind.asks if consents or name != "purpose"]
        for name in [name for name in self.fields if name not in asked]:
            del self.fields[name]
        self._ask("decimal_sign", DECIMAL_SIGNS)
        self._ask("date_order", DATE_ORDERS)
        if proposal.ambiguous:
            self.fields["decimal_sign"].help_text = gettext(
                "The file does not tell: “%(amount)s” can be read in two ways. Please choose."
            ) % {"amount": proposal.ambiguous}
        if "purpose" in self.fields:
            purposes = Purpose.objects.filter(workspace=workspace).order_by("key").values_list("key", "name")
            named = [(key, f"{gettext(name)} ({key})") for key, name in purposes]
            self.fields["purpose"].choices = [("", gettext("– none –")), *named]  # type: ignore[attr-defined]
        self._add_columns()

    def _add_columns(self) -> None:
        choices = [("", _("– not in the file –")), *((header, header) for header in self.headers)]
        for field in self.chosen:
            self.fields[f"column_{field.name}"] = forms.ChoiceField(
                label=str(field.label), choices=choices, required=field.required
            )
        for place, header in enumerate(self.headers if self.kind.extra else ()):
            ways = _ways(self.further.get(header, ""))
            self.fields[f"extra_{place}"] = forms.ChoiceField(label=header, choices=ways, required=False)

    def _ask(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        """Without a proposal nothing is preselected: a wrong guess would read every amount wrongly."""
        blank = [] if name in self.initial else [("", _("Please choose"))]
        self.fields[name].choices = [*blank, *choices]  # type: ignore[attr-defined]

    def column_fields(self) -> list[forms.BoundField]:
        return [self[f"column_{field.name}"] for field in self.chosen if not field.about_consent]

    def consent_fields(self) -> list[forms.BoundField]:
        own = [self[f"column_{field.name}"] for field in self.chosen if field.about_consent]
        return [*own, self["purpose"]] if own else []

    def extra_fields(self) -> list[forms.BoundField]:
        """Of the columns that are no field of the kind by what is proposed or chosen now."""
        used = {self[f"column_{field.name}"].value() for field in self.chosen}
        return [self[f"extra_{place}"] for place, header in enumerate(self.headers) if self.kind.extra and header not in used]

    def reading_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.kind.asks if name in self.fields and name != "purpose"]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        used: set[str] = set()
        for field in self.chosen:
            header = values.get(f"column_{field.name}")
            if header and header in used:
                self.add_error(f"column_{field.name}", _("This column is already used above."))
            used |= {header} if header else set()
        return values

    @property
    def columns(self) -> dict[str, str]:
        """Field → header, as chosen."""
        chosen = {field.name: self.cleaned_data.get(f"column_{field.name}") for field in self.chosen}
        return {name: header for name, header in chosen.items() if header}

    @property
    def reading(self) -> Reading:
        values, used = self.cleaned_data, set(self.columns.values())
        extra = {header: values.get(f"extra_{place}", "") for place, header in enumerate(self.headers) if header not in used}
        asked: dict[str, Any] = {name: str(values[name]) for name in self.kind.asks if name in values}
        return Reading(**asked, extra={header: how for header, how in extra.items() if how})


class UndoForm(forms.Form):
    """Taking a file back; `ends_consents` is only there where the file brought some."""

    ends_consents = forms.BooleanField(
        label=_("Also end the consents this file brought"), required=False, initial=True,
        help_text=_("They end for good: a consent given before today counts again only when the person agrees anew."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, consents: int) -> None:
        super().__init__(data)
        if not consents:
            del self.fields["ends_consents"]
