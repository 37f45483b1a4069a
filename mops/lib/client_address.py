"""Whose request it is, where proxies stand in front of us (settings.TRUSTED_PROXIES)."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The network address a request comes from; "" where that is not known.

    Each proxy adds the address it was called from at the right end of X-Forwarded-For. Whatever stands further left the client may
    have written itself.
    """
    addresses = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    hops: int = settings.TRUSTED_PROXIES
    if not hops:
        return "" if addresses else _address(request.META.get("REMOTE_ADDR", ""))  # that of a proxy nobody told us about
    return _address(addresses[-hops]) if len(addresses) >= hops else ""


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
