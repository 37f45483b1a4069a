"""What a segment's treatment brings."""

from django.urls import path

from segments.holdouts import views

app_name = "holdouts"
urlpatterns = [path("", views.lift_of, name="lift"), path("withhold", views.withhold, name="withhold")]
