"""At the root: what other websites embed."""

from django.urls import path

from tracking.script import views

urlpatterns = [
    path("t.js", views.script, name="script"),
    path("banner.js", views.banner, {"ending": "js"}, name="banner"),
    path("banner.css", views.banner, {"ending": "css"}, name="banner_style"),
]
