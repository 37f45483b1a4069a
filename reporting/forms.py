"""The form of a saved view."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reporting import saved_views
from reporting.models import SavedView
from workspaces.models import Member
from workspaces.permissions import Permission, allows


class SavedViewForm(forms.ModelForm[SavedView]):
    """Name, and whether everybody sees it; only those who may share are asked. What the view keeps comes from the address."""

    is_shared = forms.BooleanField(label=gettext_lazy("For everybody in this workspace"), required=False)

    class Meta:
        model = SavedView
        fields = ("name",)

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        if not allows(member.role, Permission.SHARE_VIEWS):
            del self.fields["is_shared"]
        else:
            self.fields["is_shared"].initial = self.instance.pk is not None and self.instance.is_shared

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.instance.member = None if cleaned.get("is_shared") else self.member
        self.instance.name = cleaned.get("name", "")
        if cleaned.get("name") and saved_views.is_taken(self.instance):
            self.add_error("name", _("There is a view of this name already."))
        elif saved_views.is_full(self.instance):
            self.add_error("name", _("There are %(most)s views already. Delete one first.") % {"most": saved_views.MOST})
        return cleaned
