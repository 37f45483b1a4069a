"""What people fill in about orders: the filter of the list."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from channels.taxonomy import channel_choices
from mops.lib.day_input import DayInput
from tracking.models import Order


class OrderFilter(forms.Form):
    """Everything optional; a filter that makes no sense is left out and shown in red."""

    search = forms.CharField(label=_("Order or customer"), max_length=120, required=False,
                             widget=forms.TextInput({"type": "search"}))  # fmt: skip
    channel = forms.ChoiceField(label=_("Channel"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=DayInput())
    until = forms.DateField(label=_("To"), required=False, widget=DayInput())
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
