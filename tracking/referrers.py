"""Which referring sites are no origin: a visit that comes back from them goes on, and an order keeps the campaign that won it.

Google Analytics does the same with a site's own domain and subdomains and with its list of unwanted referrals. Its list begins
empty; ours begins with the pages a buyer is sent to in the middle of a purchase: to pay, to prove to a bank who they are, to log
in. A source's page takes further ones.
"""

from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

LONGEST_HOST = 253  # characters, RFC 1035
LOOKED_AT = 500  # characters of a URL for its host, which stands at its beginning: each is remembered

# Domains, each with all its subdomains. Houses that also send visitors (Amazon, Google, Visa, Shopify) stand here by host only.
PAYMENT = (
    "paypal.com", "paypal.de", "klarna.com", "sofort.com", "stripe.com", "link.com", "mollie.com", "mollie.nl", "adyen.com",
    "pay.amazon.com", "pay.amazon.de", "pay.amazon.co.uk", "pay.amazon.eu", "payments.amazon.com", "payments.amazon.de",
    "pay.google.com", "pay.shopify.com", "checkout.shopify.com", "giropay.de", "paydirekt.de", "wero-wallet.eu", "worldpay.com",
    "saferpay.com", "six-payment-services.com", "datatrans.com", "datatrans.ch", "computop.com", "computop-paygate.com",
    "unzer.com", "heidelpay.com", "ratepay.com", "payone.com", "pay1.de", "braintreegateway.com", "ogone.com", "novalnet.de",
    "micropayment.de", "multisafepay.com", "checkout.com", "trustly.com", "paysafecard.com", "skrill.com", "payrexx.com",
    "riverty.com", "afterpay.com", "twint.ch", "checkout.postfinance.ch", "eps-ueberweisung.at", "ideal.nl", "bancontact.com",
)  # fmt: skip
BANK = (  # 3-D Secure: a card holder confirms the payment
    "3dsecure.io", "arcot.com", "cardinalcommerce.com", "geschuetzteinkaufen.commerzbank.de", "rsa3dsauth.com", "rsa3dsauth.co.uk",
    "securesuite.co.uk", "securesuite.net", "verifiedbyvisa.com", "vcas2.visa.com", "wlp-acs.com",
)  # fmt: skip
LOGIN = (
    "accounts.google.com", "appleid.apple.com", "login.live.com", "login.microsoftonline.com", "login.yahoo.com", "auth0.com",
    "accounts.shopify.com",
)  # fmt: skip
ON_THE_WAY = frozenset((*PAYMENT, *BANK, *LOGIN))


def host(url: str) -> str:
    """Host of a URL in lower case without "www.", "" where there is none or it cannot be read."""
    return read_host(url[:LOOKED_AT])


@lru_cache(maxsize=10_000)
def read_host(url: str) -> str:
    try:
        found = (urlsplit(url.strip()).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    return found if len(found) <= LONGEST_HOST else ""


def is_within(site: str, domains: Collection[str]) -> bool:
    """Whether a host is one of these domains or below one. What is too long for a host is in none: it is not searched."""
    if len(site) > LONGEST_HOST:
        return False
    return site in domains or any(site[dot + 1 :] in domains for dot, sign in enumerate(site) if sign == ".")


def is_origin(site: str, page: str = "", own: Collection[str] = ()) -> bool:
    """Whether a referring host says where somebody came from, to a page on the host `page` ("" = not known).

    Not the page's own host, a part of it or what it is a part of; not a domain in `own`; not one on the way through a purchase.
    """
    if not site or is_within(site, own) or is_within(site, ON_THE_WAY):
        return False
    return not page or not (is_within(site, (page,)) or is_within(page, (site,)))


def normal_host(text: str) -> str:
    """ "Pay.Example.com" or "https://pay.example.com/x" → "pay.example.com", umlauts as in addresses. Raises ValueError if none."""
    written = text.strip()
    found = host(written if "//" in written else f"https://{written}").rstrip(".").encode("idna").decode()
    labels = found.split(".")
    if len(found) > LONGEST_HOST or len(labels) < 2 or not all(label.replace("-", "").isalnum() for label in labels):
        raise ValueError(text)
    return found
