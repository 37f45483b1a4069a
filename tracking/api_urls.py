from django.urls import path

from tracking import api
from tracking.plan import api as plan_api

urlpatterns = [
    path("orders", api.store_orders, name="api_orders"),
    path("refunds", api.store_refunds, name="api_refunds"),
    path("tracking-plan", plan_api.tracking_plan, name="api_tracking_plan"),
]
