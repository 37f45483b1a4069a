"""What a segment is called and what it is for. Its rule is read by `segments.pages.posted`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from segments.models import Segment
from tracking.models import Purpose
from workspaces.models import Workspace


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Segment
        fields = ("name", "purpose", "description")
        help_texts = {
            "purpose": _("What its members are contacted or counted for. Only who consented to it ever leaves."),
            "description": _("For colleagues: what it is used for."),
        }

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.workspace = workspace
        purpose: Any = self.fields["purpose"]
        purpose.required = False
        purpose.queryset = Purpose.objects.filter(workspace=workspace).order_by("name")
        purpose.empty_label = _("Analysis only: nobody is contacted")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        same = Segment.objects.filter(workspace=self.instance.workspace, name=name).exclude(state=Segment.State.ARCHIVED)
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is a segment of this name already."))
        return name


class PeopleForm(forms.Form):
    """Identifiers pasted into a list, one a line or separated by commas or semicolons."""

    MOST = 5_000
    identifiers = forms.CharField(
        label=_("Identifiers"),
        widget=forms.Textarea({"rows": 6, "spellcheck": "false"}),
        max_length=MOST * 100,
        help_text=_("E-mail addresses, telephone numbers, user or CRM ids, each complete: one a line, at most 5,000."),
    )

    def clean_identifiers(self) -> list[str]:
        text = self.cleaned_data["identifiers"].replace(";", "\n").replace(",", "\n").replace("\t", "\n")
        found = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
        if len(found) > self.MOST:
            raise forms.ValidationError(_("Paste at most 5,000 identifiers at once."))
        return found
