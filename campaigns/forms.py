"""What people fill in about campaigns."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.matching import is_too_wide
from campaigns.models import Campaign
from mops.lib.day_input import DayInput
from workspaces.models import User, Workspace


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]
    """A campaign with its goals and the rule that finds its platform campaigns."""

    class Meta:
        model = Campaign
        fields = ("name", "objective", "status", "owner", "starts_on", "ends_on", "target_roas", "target_cpa", "name_rule")
        widgets = {"starts_on": DayInput(), "ends_on": DayInput()}
        help_texts = {
            "objective": _("What it is to reach, in one sentence."),
            "target_roas": _("Revenue for each unit of spend, such as 4."),
            "target_cpa": _("Spend per conversion, in the workspace's currency."),
            "name_rule": _("Text that platform campaigns of this campaign have in their names; * stands for anything: DE_SEA_*."),
        }

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.workspace = workspace
        people: QuerySet[User] = User.objects.filter(memberships__workspace=workspace, is_active=True).order_by("name", "email")
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]
        self.fields["owner"].empty_label = _("Nobody")  # type: ignore[attr-defined]
        chosen = [choice for choice in Campaign.Status.choices if choice[0] != Campaign.Status.ARCHIVED]
        self.fields["status"].choices = chosen  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        same = Campaign.objects.filter(workspace=self.instance.workspace, name=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise forms.ValidationError(_("There is a campaign of this name already."))
        return name

    def clean_name_rule(self) -> str:
        rule: str = self.cleaned_data["name_rule"].strip()
        if rule and is_too_wide(rule):
            raise forms.ValidationError(_("Use at least three letters or digits, or the rule fits almost everything."))
        return rule

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        since, until = values.get("starts_on"), values.get("ends_on")
        if since and until and until < since:
            self.add_error("ends_on", _("The end lies before the start."))
        return values

    def changes(self) -> dict[str, dict[str, str]]:
        """What the audit log says about an edit: each changed field before and after."""
        return {
            name: {"before": str(self.initial.get(name) or ""), "after": str(self.cleaned_data[name] or "")}
            for name in self.changed_data
        }
