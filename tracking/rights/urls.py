"""People's rights in one workspace. Who asked is posted, never part of an address."""

from django.urls import path

from tracking.rights import views

app_name = "rights"
urlpatterns = [
    path("", views.index, name="list"),
    path("<int:pk>/", views.request_page, name="request"),
    path("<int:pk>/held", views.held_rows, name="held"),
    path("<int:pk>/answer", views.answer, name="answer"),
    path("<int:pk>/refuse", views.refuse, name="refuse"),
    path("files/<int:pk>.zip", views.download, name="download"),
    path("register/", views.register_page, name="register"),
    path("register.xlsx", views.register_file, name="register_file"),
    path("retention/", views.retention_page, name="retention"),
]
