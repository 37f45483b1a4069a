"""Pages of orders: the list and one order with its refunds and the origin of its channel."""

from django.core.paginator import Paginator
from django.db.models import DecimalField, F, OuterRef, Subquery, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from channels.models import PlatformCampaign
from tracking.channel_grouping import RULE_LABELS
from tracking.forms import OrderFilter
from tracking.models import Order, Refund
from tracking.orders import AD_PLATFORMS, CUT
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission

PER_PAGE = 50


@require_GET
def orders(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Newest first, filtered by the address, 50 a page."""
    space = get_workspace(request, workspace, Permission.VIEW_ORDERS)
    every = Order.objects.filter(workspace=space)
    form = OrderFilter(request.GET)
    refunded = Refund.objects.filter(order=OuterRef("pk")).order_by().values("order").annotate(sum=Sum("gross")).values("sum")
    found = form.narrow(every).select_related("customer").order_by("-ordered_at", "-pk")
    found = found.annotate(refunded=Subquery(refunded, output_field=DecimalField()))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "has_orders": bool(page.object_list) or every.exists()}
    return render(request, "tracking/orders.html" + ("#list" if request.htmx else ""), context)


@require_GET
def order(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """One order: amounts, refunds, customer, and which rule put it into its channel."""
    space = get_workspace(request, workspace, Permission.VIEW_ORDERS)
    shown = get_object_or_404(Order.objects.select_related("customer"), pk=pk, workspace=space)
    campaigns = PlatformCampaign.objects.select_related("account").filter(workspace=space, account__platform__in=AD_PLATFORMS)
    context = {
        "order": shown,
        "refunds": shown.refunds.order_by("refunded_at"),
        "origin": [(name, value) for name in CUT if (value := getattr(shown, name))],
        "rule": RULE_LABELS.get(shown.channel_rule, ""),
        "campaign": campaigns.filter(external_id=shown.utm_id).first() if shown.utm_id else None,
        "others": Order.objects.filter(customer=shown.customer_id).exclude(pk=shown.pk).order_by(F("ordered_at").desc())[:10]
        if shown.customer_id else [],
    }  # fmt: skip
    return render(request, "tracking/order.html", context)
