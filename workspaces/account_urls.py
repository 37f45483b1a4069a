"""The pages of allauth that this product offers: login, password, second factor, single sign-on.

Listed one by one: no open sign-up, and no page to change one's address, which only an invitation proves.
"""

from allauth.account import views
from allauth.socialaccount import views as social
from allauth.urls import build_provider_urlpatterns
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("signup/", views.signup, name="account_signup"),  # answers that accounts come by invitation
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    path("password/reset/key/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("2fa/", include("allauth.mfa.urls")),
    path("3rdparty/", social.connections, name="socialaccount_connections"),
    path("3rdparty/signup/", social.signup, name="socialaccount_signup"),
    path("3rdparty/login/cancelled/", login_not_required(social.login_cancelled), name="socialaccount_login_cancelled"),
    path("3rdparty/login/error/", login_not_required(social.login_error), name="socialaccount_login_error"),
    *build_provider_urlpatterns(),
]
