"""RFM groups of one workspace."""

from django.urls import path

from segments.rfm import views

app_name = "rfm"
urlpatterns = [path("", views.index, name="groups")]
