"""Conversion goals of one workspace."""

from django.urls import path

from tracking.goals import views

app_name = "goals"
urlpatterns = [
    path("", views.index, name="list"),
    path("new", views.create, name="create"),
    path("preview", views.preview, name="preview"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/edit", views.edit, name="edit"),
    path("<int:pk>/archive", views.archive, name="archive"),
    path("<int:pk>/restore", views.restore, name="restore"),
]
