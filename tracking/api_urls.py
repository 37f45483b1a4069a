from django.urls import path

from tracking import api

urlpatterns = [
    path("orders", api.store_orders, name="api_orders"),
    path("refunds", api.store_refunds, name="api_refunds"),
]
