"""People of one workspace. An identifier is posted, never part of an address."""

from django.urls import path

from tracking.profiles import views

app_name = "profiles"
urlpatterns = [
    path("", views.profiles, name="list"),
    path("search", views.search, name="search"),
    path("duplicates/", views.duplicates, name="duplicates"),
    path("duplicates/<int:pk>", views.decide, name="decide"),
    path("merges/<int:pk>/undo", views.undo, name="undo"),
    path("<uuid:uuid>/", views.profile, name="profile"),
]
