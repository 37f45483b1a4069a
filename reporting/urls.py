"""Dashboards of a workspace, from the overview down to the row as it was pulled."""

from datetime import date

from django.urls import path, register_converter

from reporting.views import campaigns, channels, columns, export, overview, passport, saved


class DayConverter:
    """An ISO day in a path."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return str(value)


register_converter(DayConverter, "day")
app_name = "reporting"
CAMPAIGN = "channels/<slug:code>/<int:campaign>/"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("channels/", channels.channel_list, name="channels"),
    path("channels/<slug:code>/", channels.channel, name="channel"),
    path("channels/<slug:code>/ads/", channels.ads, name="channel_ads"),
    path(CAMPAIGN, campaigns.campaign, name="channel_campaign"),
    path(CAMPAIGN + "<day:day>/", campaigns.day, name="channel_day"),
    path(CAMPAIGN + "<day:day>/<slug:window>/", campaigns.trace, name="channel_trace"),
    path("passport/<slug:page>/", passport.passport_of, name="passport"),
    path("export/<slug:page>/<slug:kind>/", export.export, name="export"),
    path("export/<slug:page>/<slug:chart>/<slug:kind>/", export.chart, name="chart_export"),
    path("columns/<slug:page>/", columns.choose, name="columns"),
    path("views/<slug:page>/", saved.index, name="views"),
    path("views/<slug:page>/new/", saved.create, name="view_create"),
    path("views/<slug:page>/<int:pk>/", saved.change, name="view_change"),
    path("views/<slug:page>/<int:pk>/default/", saved.default, name="view_default"),
    path("views/<slug:page>/<int:pk>/delete/", saved.delete, name="view_delete"),
]
