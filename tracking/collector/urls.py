"""Below /v1/: the Segment tracking API and webhooks."""

from django.urls import path, re_path

from tracking.collector import views
from tracking.collector.door import ENDPOINTS

urlpatterns = [
    re_path(rf"^(?P<endpoint>{'|'.join(sorted(ENDPOINTS, key=len, reverse=True))})/?$", views.collect, name="collect"),
    path("m", views.measured, name="collect_metrics"),
    path("hooks/<str:write_key>", views.hook, name="collect_hook"),
]
