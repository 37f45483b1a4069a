"""Members of a segment as a file."""

from django.urls import path

from segments.exporting import views

app_name = "segment_export"
urlpatterns = [path("", views.export, name="members")]
