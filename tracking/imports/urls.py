"""Imported files of one workspace."""

from django.urls import path

from tracking.imports import views

app_name = "imports"
urlpatterns = [
    path("", views.upload, name="upload"),
    path("<int:pk>/", views.import_file, name="file"),
    path("<int:pk>/reopen", views.reopen, name="reopen"),
    path("<int:pk>/discard", views.discard, name="discard"),
    path("<int:pk>/undo/", views.undo, name="undo"),
    path("<int:pk>/refused.csv", views.refused_csv, name="refused"),
]
