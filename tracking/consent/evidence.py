"""What a request leaves as proof: where it came from, without keeping the address readable.

The network address is kept as an HMAC under a pepper of the month: with it a claimed address can be checked, and when the
pepper is thrown away after a year nobody can any more.
"""

import hmac
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.http import HttpRequest

from mops.lib import clock
from mops.lib.client_address import client_address
from tracking.blind_index import key
from tracking.models import BlindKey

PEPPER = "ip:"  # + month
KEPT = timedelta(days=366)


def of_request(request: HttpRequest, workspace_id: int, *, mechanism: str, url: str = "") -> dict[str, Any]:
    """Proof of one click: form URL, mechanism ("button", "one-click header" …), address's HMAC, browser family."""
    return {
        "url": url or request.build_absolute_uri(request.path),
        "mechanism": mechanism,
        **address_proof(workspace_id, client_address(request)),
        "user_agent": family(request.headers.get("User-Agent", "")),
    }


def address_proof(workspace_id: int, address: str) -> dict[str, str]:
    """{} where there is none."""
    if not address:
        return {}
    month = f"{clock.now():%Y-%m}"
    digest = hmac.new(key(workspace_id, PEPPER + month), address.encode(), sha256).hexdigest()
    return {"ip_hmac": digest, "ip_month": month}


def family(user_agent: str) -> str:
    """Browser and system without versions: "Firefox, Windows"."""
    from ua_parser import parse

    found = parse(user_agent[:500])
    parts = [part.family for part in (found.user_agent, found.os) if part]
    return ", ".join(parts) or "unknown"


def drop_old_peppers() -> int:
    """Addresses of months before that can no longer be told from any other. How many keys."""
    deleted, _ = BlindKey.objects.filter(name__startswith=PEPPER, created_at__lt=clock.now() - KEPT).delete()
    return deleted
