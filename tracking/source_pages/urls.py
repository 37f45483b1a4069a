"""Sources of one workspace."""

from django.urls import path

from tracking.source_pages import views

app_name = "sources"
urlpatterns = [
    path("", views.sources, name="list"),
    path("new/", views.new, name="new"),
    path("<int:pk>/", views.source, name="source"),
    path("<int:pk>/change/", views.change, name="change"),
    path("<int:pk>/state", views.set_state, name="state"),
    path("<int:pk>/replay", views.replay_refused, name="replay"),
    path("<int:pk>/live/", views.live, name="live"),
]
