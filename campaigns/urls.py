"""Campaigns and budgets of one workspace."""

from django.urls import path

from campaigns import budget_views, link_views, views

app_name = "campaigns"
urlpatterns = [
    path("", views.index, name="list"),
    path("new", views.create, name="create"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/edit", views.edit, name="edit"),
    path("<int:pk>/archive", views.archive, name="archive"),
    path("<int:pk>/restore", views.restore, name="restore"),
    path("<int:pk>/candidates", link_views.candidates, name="candidates"),
    path("<int:pk>/link", link_views.link, name="link"),
    path("links/<int:pk>/unlink", link_views.unlink, name="unlink"),
    path("matches", link_views.matches, name="matches"),
    path("budgets/", budget_views.index, name="budgets"),
    path("budgets/cell", budget_views.cell, name="budget_cell"),
    path("budgets/copy", budget_views.copy, name="budget_copy"),
]
