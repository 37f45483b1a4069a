"""What the team fills in: a text to publish, a person to look up, a decision to note, a file."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from tracking.blind_index import Subject, Unidentifiable, subject_of
from tracking.consent import blanking
from tracking.consent_models import SubjectKind
from tracking.imports.tables import LARGEST_FILE
from tracking.models import Purpose
from workspaces.models import Workspace

LANGUAGES = [("de", _("German")), ("en", _("English"))]


class TextForm(forms.Form):
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    text = forms.CharField(
        label=_("Text"), max_length=5_000, widget=forms.Textarea({"rows": 6}),
        help_text=_("Exactly what people read. Once published it can only be followed by a new version."),
    )  # fmt: skip


class PersonForm(forms.Form):
    """Somebody by identifier. It is hashed for the look-up and written down nowhere."""

    kind = forms.ChoiceField(label=_("Kind"), choices=SubjectKind.choices)
    identifier = forms.CharField(label=_("Identifier"), max_length=500, widget=forms.TextInput({"autocomplete": "off"}))

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace
        self.subject: Subject | None = None

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if "kind" in found and "identifier" in found:
            try:
                self.subject = subject_of(self.workspace.pk, found["kind"], found["identifier"])
            except Unidentifiable as error:
                self.add_error("identifier", str(error))
        return found


class DecisionForm(PersonForm):
    """What a person said by telephone or letter. Only refusals: nobody can agree for somebody else."""

    WITHDRAW, SUPPRESS = "withdraw", "suppress"
    action = forms.ChoiceField(choices=[(WITHDRAW, ""), (SUPPRESS, "")])
    purposes = forms.ModelMultipleChoiceField(queryset=Purpose.objects.none(), required=False, to_field_name="key")
    reason = forms.CharField(label=_("How did they say so?"), max_length=200)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, workspace=workspace, **kwargs)
        self.fields["purposes"].queryset = Purpose.objects.filter(workspace=workspace)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if found.get("action") == self.WITHDRAW and not found.get("purposes"):
            self.add_error("purposes", _("Tick at least one purpose."))
        return found

    def clean_reason(self) -> str:
        """Less whatever names somebody: the ledger keeps it for good."""
        return blanking.text(self.cleaned_data["reason"], self.cleaned_data.get("identifier", ""))


class FileForm(forms.Form):
    file = forms.FileField(label=_("File"), widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx"}))

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 20 MB. Split it and import the parts."))
        return file
