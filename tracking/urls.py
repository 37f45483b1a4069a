"""Orders of one workspace."""

from django.urls import path

from tracking import views

app_name = "tracking"
urlpatterns = [
    path("", views.orders, name="orders"),
    path("<int:pk>/", views.order, name="order"),
]
