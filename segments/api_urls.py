from django.urls import path

from segments import api

urlpatterns = [
    path("segments", api.segments, name="api_segments"),
    path("segments/schema", api.schema, name="api_segments_schema"),
    path("segments/<int:pk>", api.segment, name="api_segment"),
    path("segments/<int:pk>/members", api.members, name="api_segment_members"),
]
