"""Posting to an address a member typed: only where it is public, to the very address that was looked at, without redirects."""

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

TIMEOUT = httpx.Timeout(10, connect=5)


class Unreachable(Exception):
    """The message says what to mend."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer; its content is not read. Raises Unreachable where there is no answer."""
    parts = urlsplit(url)
    host, address = parts.hostname or "", resolve(url)
    shown = f"[{address}]" if ":" in address else address
    pinned = parts._replace(netloc=f"{shown}:{parts.port}" if parts.port else shown).geturl()
    extensions = {"sni_hostname": host} if parts.scheme == "https" else {}
    sent = {**headers, "Host": parts.netloc.rpartition("@")[2], "Content-Type": "application/json", "User-Agent": "mops"}
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", pinned, content=body, headers=sent, extensions=extensions) as answer,
        ):
            return answer.status_code
    except httpx.HTTPError as error:
        raise Unreachable(_("No answer: %(error)s") % {"error": type(error).__name__}) from error


def resolve(url: str) -> str:
    """The address to connect to. Raises Unreachable for a bad scheme, an unknown name or an address inside a network.

    Outside the sandbox only https and public addresses, so that nobody can make this server speak to its neighbours
    (OWASP ASVS 5.0, 1.3.6).
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise Unreachable(_("This is no address of a web server."))
    if parts.scheme == "http" and not settings.WEBHOOKS_TO_PRIVATE:
        raise Unreachable(_("The address must begin with https://."))
    found = _addresses(parts.hostname)
    if not settings.WEBHOOKS_TO_PRIVATE and not all(ipaddress.ip_address(one).is_global for one in found):
        raise Unreachable(_("%(host)s is an address inside a private network.") % {"host": parts.hostname})
    return found[0]


def _addresses(host: str) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        return [str(one[4][0]) for one in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise Unreachable(_("The name %(host)s is unknown.") % {"host": host}) from error
