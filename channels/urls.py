"""Connections of a workspace: cards, logins, accounts, pulls, what changed, and the channels of platform campaigns."""

from django.urls import path

from channels.views import campaigns, connections, credentials, oauth, pulls

app_name = "channels"
urlpatterns = [
    path("", connections.index, name="connections"),
    path("new/", credentials.platforms, name="new"),
    path("new/<slug:platform>/", credentials.connect, name="connect"),
    path("login/<slug:platform>/", oauth.login, name="oauth_login"),
    path("login/done", oauth.callback, name="oauth_callback"),
    path("campaigns/", campaigns.index, name="campaigns"),
    path("campaigns/<int:pk>/channel", campaigns.classify, name="classify"),
    path("accounts/<int:pk>/changes/", pulls.changes, name="changes"),
    path("<uuid:uuid>/", connections.detail, name="connection"),
    path("<uuid:uuid>/test", connections.test, name="test"),
    path("<uuid:uuid>/pause", connections.pause, name="pause"),
    path("<uuid:uuid>/resume", connections.resume, name="resume"),
    path("<uuid:uuid>/rename", connections.rename, name="rename"),
    path("<uuid:uuid>/accounts/", credentials.accounts, name="accounts"),
    path("<uuid:uuid>/accounts/look", credentials.look_for_accounts, name="look_for_accounts"),
    path("<uuid:uuid>/reconnect/", credentials.reconnect, name="reconnect"),
    path("<uuid:uuid>/disconnect/", credentials.disconnect, name="disconnect"),
    path("<uuid:uuid>/pull", pulls.pull, name="pull"),
    path("<uuid:uuid>/fill", pulls.fill, name="fill"),
    path("<uuid:uuid>/cancel", pulls.cancel, name="cancel_backfill"),
    path("<uuid:uuid>/continue", pulls.restore, name="continue_backfill"),
    path("<uuid:uuid>/retry", pulls.retry, name="retry"),
]
