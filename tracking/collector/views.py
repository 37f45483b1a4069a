"""The tracking API as Django views. No login, no cookies, no CSRF: the write key in the request says who sends."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tracking.collector import door, hooks
from tracking.collector.limits import BODY_BYTES


@csrf_exempt
@login_not_required
@require_http_methods(["POST", "OPTIONS"])
def collect(request: HttpRequest, endpoint: str) -> HttpResponse:
    """One event, or a batch of them, as the Segment libraries send it."""
    origin = request.headers.get("Origin", "")
    if request.method == "OPTIONS":
        return _response(door.preflight(origin))
    if length(request) > BODY_BYTES:
        return _response(door.TOO_LARGE)
    headers = request.headers
    call = door.Call(endpoint, request.body, headers.get("Authorization", ""), headers.get("Content-Encoding", "").lower(), origin)
    return _response(door.answer(call))


@csrf_exempt
@login_not_required
@require_http_methods(["POST"])
def hook(request: HttpRequest, write_key: str) -> HttpResponse:
    """A signed webhook of a shop or of any program that can send JSON."""
    if length(request) > BODY_BYTES:
        return _response(door.TOO_LARGE)
    return _response(hooks.answer(write_key, request.body, request.headers))


@csrf_exempt
@login_not_required
@require_http_methods(["POST", "OPTIONS"])
def measured(request: HttpRequest) -> HttpResponse:
    """The browser library's report about itself (/v1/m): taken, so that it stops, and dropped."""
    return _response(door.SUCCESS if request.method == "POST" else door.preflight(request.headers.get("Origin", "")))


def length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _response(answer: door.Answer) -> HttpResponse:
    return HttpResponse(answer.content, status=answer.status, content_type="application/json", headers=dict(answer.headers))
