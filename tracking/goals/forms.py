"""What people fill in about a goal: the event, up to five conditions, how often it counts and what it is worth."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracking.goals.conditions import LONGEST, BadCondition, Condition, Operator, condition
from tracking.models import Goal
from workspaces.models import Workspace

ROWS = 5


class GoalForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Goal
        fields = ("name", "kind", "event", "counting", "value_property", "default_value")
        help_texts = {
            "event": _("As the website or app sends it, such as Order Completed. Page views can do without."),
            "value_property": _("Such as total. The amount is in the event's currency, else the workspace's."),
            "default_value": _("Where the event names no amount, such as what a lead is worth."),
        }

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.workspace = workspace
        self.fields["event"].when = _("not needed for page views")  # type: ignore[attr-defined]
        for row in range(ROWS):
            stored = self.instance.conditions[row] if row < len(self.instance.conditions) else {}
            self._ask(row, stored)

    def _ask(self, row: int, stored: dict[str, str]) -> None:
        choices = [("", "–"), *Operator.choices]
        property_label, operator_label, value_label = _("Property"), _("Comparison"), _("Value")
        fields: dict[str, forms.Field] = {
            f"property_{row}": forms.CharField(label=property_label, required=False, max_length=LONGEST),
            f"operator_{row}": forms.ChoiceField(label=operator_label, required=False, choices=choices),
            f"value_{row}": forms.CharField(label=value_label, required=False, max_length=LONGEST),
        }
        for name, field in fields.items():
            field.initial = stored.get(name.rpartition("_")[0], "")
            field.widget.attrs["aria-label"] = f"{field.label} {row + 1}"
            self.fields[name] = field

    def rows(self) -> list[tuple[forms.BoundField, ...]]:
        """The conditions, each as property, operator and value."""
        return [tuple(self[f"{name}_{row}"] for name in ("property", "operator", "value")) for row in range(ROWS)]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if Goal.objects.filter(workspace=self.instance.workspace, name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is a goal of this name already."))
        return name

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        values["event"] = (values.get("event") or "").strip()
        if values.get("kind") == Goal.Kind.TRACK and not values["event"] and "event" not in self.errors:
            self.add_error("event", _("Name the event."))
        self.instance.conditions = [found.as_json() for row in range(ROWS) if (found := self._condition(row, values))]
        return values

    def _condition(self, row: int, values: dict[str, Any]) -> Condition | None:
        name, operator, value = (values.get(f"{part}_{row}") or "" for part in ("property", "operator", "value"))
        if not name and not value:
            return None
        try:
            return condition(name, operator, value)
        except BadCondition as problem:
            self.add_error(f"property_{row}", str(problem.args[0]))
            return None
