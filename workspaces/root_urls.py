"""Pages outside any workspace."""

from django.urls import path

from workspaces.views import home, members

urlpatterns = [
    path("", home.home, name="home"),
    path("workspaces", home.choose, name="choose_workspace"),
    path("workspaces/new", home.create, name="create_workspace"),
    path("profile", home.profile, name="profile"),
    path("invitations/<str:token>", members.accept_invitation, name="accept_invitation"),
]
