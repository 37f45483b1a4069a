from django.urls import path

from tracking import api
from tracking.consent import api as consent_api
from tracking.plan import api as plan_api

urlpatterns = [
    path("orders", api.store_orders, name="api_orders"),
    path("refunds", api.store_refunds, name="api_refunds"),
    path("consents", consent_api.consents, name="api_consents"),
    path("consents/states", consent_api.states, name="api_consent_states"),
    path("tracking-plan", plan_api.tracking_plan, name="api_tracking_plan"),
]
