"""All routes. Pages of a workspace live under /<workspace>/; every route is listed in tests/test_permissions.py."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from drf_spectacular.views import SpectacularSwaggerSplitView as ApiDocs  # its script is a file: no inline script

from channels.views import oauth


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """For load balancers and compose: this process answers. What is wrong beyond that says `manage.py doctor`."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("oauth/done", oauth.done, name="oauth_done"),
    path("account/", include("workspaces.account_urls")),
    path("api/v1/schema", SpectacularAPIView.as_view(permission_classes=[], authentication_classes=[]), name="api_schema"),
    path("api/v1/docs", ApiDocs.as_view(url_name="api_schema", permission_classes=[], authentication_classes=[]), name="api_docs"),
    path("api/v1/", include("reporting.api_urls")),
    path("api/v1/", include("tracking.api_urls")),
    path("api/v1/", include("segments.api_urls")),
    path("v1/", include("tracking.collector.urls")),
    path("", include("tracking.script.urls")),
    path("", include("workspaces.root_urls")),
    path("consent/", include("tracking.consent.public_urls")),
    path("<slug:workspace>/", include("workspaces.urls")),
    path("<slug:workspace>/connections/", include("channels.urls")),
    path("<slug:workspace>/orders/", include("tracking.urls")),
    path("<slug:workspace>/imports/", include("tracking.imports.urls")),
    path("<slug:workspace>/sources/", include("tracking.source_pages.urls")),
    path("<slug:workspace>/consent/", include("tracking.consent.urls")),
    path("<slug:workspace>/profiles/", include("tracking.profiles.urls")),
    path("<slug:workspace>/rights/", include("tracking.rights.urls")),
    path("<slug:workspace>/tracking-plan/", include("tracking.plan.urls")),
    path("<slug:workspace>/goals/", include("tracking.goals.urls")),
    path("<slug:workspace>/campaigns/", include("campaigns.urls")),
    path("<slug:workspace>/segments/", include("segments.pages.urls")),
    path("<slug:workspace>/segments/rfm/", include("segments.rfm.urls")),
    path("<slug:workspace>/segments/webhooks/", include("segments.webhooks.urls")),
    path("<slug:workspace>/segments/<int:pk>/export", include("segments.exporting.urls")),
    path("<slug:workspace>/segments/<int:pk>/lift/", include("segments.holdouts.urls")),
    path("<slug:workspace>/", include("reporting.urls")),
]  # fmt: skip
