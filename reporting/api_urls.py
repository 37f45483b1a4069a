from django.urls import path

from reporting import api

urlpatterns = [path("metrics", api.metrics, name="api_metrics")]
