"""Pages without login: personal links only."""

from django.urls import path

from tracking.consent import public_views

app_name = "consent_public"
urlpatterns = [
    path("confirm/<str:token>", public_views.confirm, name="confirm"),
    path("preferences/<str:token>", public_views.centre, name="preferences"),
    path("unsubscribe/<str:token>", public_views.unsubscribe, name="unsubscribe"),
]
