"""The floor of the collector's benchmark: the smallest Django view, without middleware and database, on the same server."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, MIDDLEWARE=[], SECRET_KEY="only for the benchmark")


def take(request: HttpRequest) -> HttpResponse:
    answer = request.body[:1] and b'{"success":true}'
    return HttpResponse(answer, content_type="application/json", headers={"Content-Length": str(len(answer))})


urlpatterns = [path("v1/track", take), path("healthz", take)]
application = get_wsgi_application()
