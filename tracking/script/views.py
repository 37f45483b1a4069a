"""The script and the banner under addresses that never change. Anybody may load them; nothing is asked of the database."""

import gzip
from functools import lru_cache
from hashlib import sha256
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from tracking.script.build import MANAGERS

CACHED = "public, max-age=86400, stale-while-revalidate=604800"  # a new version reaches everybody within a day


@login_not_required
@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """/t.js?k=WRITEKEY&cmp=cookiebot. The key is read by the script in the browser."""
    manager = request.GET.get("cmp", MANAGERS[0])
    if manager not in MANAGERS:
        raise Http404(f"cmp is one of {', '.join(MANAGERS)}")
    return _file(request, f"t/{manager}.js", "text/javascript")


@login_not_required
@require_safe
def banner(request: HttpRequest, ending: str) -> HttpResponse:
    """The consent banner, or its style sheet."""
    return _file(request, f"t/banner.{ending}", "text/javascript" if ending == "js" else "text/css")


def _file(request: HttpRequest, name: str, content_type: str) -> HttpResponse:
    content, packed, etag = _collected(name, _stored_name(name))
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    headers = {
        "Cache-Control": CACHED,
        "ETag": f'"{etag}{"-gzip" if zipped else ""}"',
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    } | ({"Content-Encoding": "gzip"} if zipped else {})
    response = HttpResponse(packed if zipped else content, content_type=f"{content_type}; charset=utf-8", headers=headers)
    patch_vary_headers(response, ["Accept-Encoding"])
    unchanged = get_conditional_response(request, etag=headers["ETag"], response=response)
    return unchanged or response


def _stored_name(name: str) -> str:
    collected: Any = staticfiles_storage  # mops.static.ManifestStorage, behind a lazy object
    return str(collected.stored_name(name))


@lru_cache(maxsize=32)
def _collected(name: str, stored_name: str) -> tuple[bytes, bytes, str]:
    """The file as it is, packed, and a short hash of it."""
    with staticfiles_storage.open(stored_name) as file:
        content = file.read()
    return content, gzip.compress(content, 9, mtime=0), sha256(content).hexdigest()[:16]
