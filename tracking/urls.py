"""Orders of one workspace."""

from django.urls import path

from tracking import import_views, views

app_name = "tracking"
urlpatterns = [
    path("", views.orders, name="orders"),
    path("<int:pk>/", views.order, name="order"),
    path("import/", import_views.upload, name="import"),
    path("import/<int:pk>/", import_views.import_file, name="import_file"),
    path("import/<int:pk>/discard", import_views.discard, name="import_discard"),
    path("import/<int:pk>/refused.csv", import_views.refused_csv, name="import_refused"),
]
