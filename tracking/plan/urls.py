"""Plan and quality of one workspace."""

from django.urls import path

from tracking.plan import quality_views, ticket_views, version_views, views

app_name = "plan"
urlpatterns = [
    path("", views.index, name="index"),
    path("event/", views.edit, name="edit"),
    path("event/row", views.row, name="row"),
    path("event/remove", views.remove, name="remove"),
    path("adopt", views.adopt, name="adopt"),
    path("import/", version_views.import_plan, name="import"),
    path("export.json", version_views.export_plan, name="export"),
    path("versions/", version_views.history, name="history"),
    path("versions/<int:pk>/", version_views.version, name="version"),
    path("versions/<int:pk>/restore", version_views.restore, name="restore"),
    path("violations/", quality_views.violations_found, name="violations"),
    path("tickets/", ticket_views.listing, name="tickets"),
    path("tickets/new", ticket_views.hand_over, name="hand_over"),
    path("tickets/<int:pk>/", ticket_views.ticket, name="ticket"),
    path("tickets/<int:pk>/send", ticket_views.send, name="ticket_send"),
    path("tickets/<int:pk>/close", ticket_views.close, name="ticket_close"),
    path("tickets/<int:pk>/reopen", ticket_views.reopen, name="ticket_reopen"),
    path("quality/", quality_views.data_quality, name="quality"),
]
