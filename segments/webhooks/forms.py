"""What a member says about an endpoint: its name, its address and the segments it hears of."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from segments.models import Endpoint, Segment
from segments.webhooks import target
from workspaces.models import Workspace


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    url = forms.URLField(
        label=_("Address"),
        max_length=500,
        assume_scheme="https",
        help_text=_("Gets a signed POST for every entry and exit, after the Standard Webhooks specification."),
    )
    segments = forms.ModelMultipleChoiceField(
        label=_("Segments"),
        queryset=Segment.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only segments with a purpose: without one nobody may leave."),
    )

    class Meta:
        model = Endpoint
        fields = ("name", "url", "segments")

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.workspace = workspace
        usable = Segment.objects.filter(workspace=workspace, purpose__isnull=False).exclude(state=Segment.State.ARCHIVED)
        self.fields["segments"].queryset = usable.order_by("name")  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Endpoint.objects.filter(workspace=self.instance.workspace, name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is an endpoint with this name already."))
        return name

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            target.resolve(url)
        except target.Unreachable as error:
            raise forms.ValidationError(str(error)) from None
        return url
