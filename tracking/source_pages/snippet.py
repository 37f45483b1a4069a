"""What a website puts into every page to be measured, for the consent manager it uses (docs/recipes/website.md)."""

from django.conf import settings
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

BANNER = "banner"  # ours, for sites without a consent manager
MANAGERS = {
    BANNER: _("None: use the banner of mops"),
    "cookiebot": "Cookiebot",
    "usercentrics": "Usercentrics",
    "onetrust": "OneTrust",
    "klaro": "Klaro",
    "gcm": "Google Consent Mode v2",
    "tcf": "IAB TCF 2.2",
    "page": _("Another one: the page tells it itself"),
}
QUEUE = "<script>window.mops = window.mops || function () { (mops.q = mops.q || []).push(arguments) }</script>"
WITHDRAW = _("Withdraw consent")


def head(write_key: str, manager: str) -> str:
    """The lines for the head of every page. `manager` is one of MANAGERS."""
    own = manager in (BANNER, "page")
    address = f"{settings.SITE_URL}/t.js?k={write_key}" + ("" if own else f"&cmp={manager}")
    lines = [QUEUE, f'<script async src="{escape(address)}"></script>']
    if manager == BANNER:
        lines.insert(0, f'<link rel="stylesheet" href="{settings.SITE_URL}/banner.css">')
        src = f"{settings.SITE_URL}/banner.js"
        lines.append(f'<script defer src="{src}" data-privacy="/datenschutz" data-imprint="/impressum"></script>')
    return "\n".join(lines)


def footer(manager: str) -> str:
    """The button by which consent is withdrawn as easily as it was given; consent managers bring their own."""
    return f'<button type="button" data-mops-withdraw>{escape(WITHDRAW)}</button>' if manager == BANNER else ""
