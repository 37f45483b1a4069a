"""Settings of one workspace."""

from django.urls import path

from workspaces.views import members, settings

app_name = "workspaces"
urlpatterns = [
    path("settings/", settings.general, name="general"),
    path("settings/members/", members.index, name="members"),
    path("settings/members/<int:pk>/role", members.change_role, name="change_role"),
    path("settings/members/<int:pk>/remove", members.remove, name="remove_member"),
    path("settings/invitations/<int:pk>/resend", members.resend_invitation, name="resend_invitation"),
    path("settings/invitations/<int:pk>/revoke", members.revoke_invitation, name="revoke_invitation"),
    path("settings/api-keys/", settings.api_keys, name="api_keys"),
    path("settings/api-keys/<int:pk>/revoke", settings.revoke_api_key, name="revoke_api_key"),
    path("settings/audit/", settings.audit_log, name="audit"),
    path("settings/audit.csv", settings.audit_log_csv, name="audit_csv"),
]
