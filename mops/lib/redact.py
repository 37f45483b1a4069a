"""Blank what must never be written down: tokens, secrets and keys in any text that may reach a log or a page."""

import re

SECRET = re.compile(
    r"(?i)((?:access_token|refresh_token|client_secret|code_verifier|appsecret_proof|fb_exchange_token|input_token|api_secret"
    r"|password|authorization)[\"']?\s*[=:]\s*[\"']?(?:bearer\s+|basic\s+)?)([^\s\"'&,;)}]+)"
)
BEARER = re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}")
SHAPES = re.compile(r"\b(?:EAA[A-Za-z0-9]{20,}|ya29\.[\w-]{10,}|1//[\w-]{20,}|GOCSPX-[\w-]{10,}|mops_[a-z]+_[\w-]{20,})")

LINK = r"/invitations/|/consent/(?:confirm|preferences|unsubscribe)/"
ADDRESS = re.compile(rf"([?&](?:code|state|token|key)=|{LINK})[^\s\"'&/?]+")  # secrets that travel in links


def redact(text: str) -> str:
    """The text with every secret-looking value replaced by "[secret]"."""
    text = SECRET.sub(r"\1[secret]", text)
    text = BEARER.sub(r"\1[secret]", text)
    text = ADDRESS.sub(r"\1[secret]", text)
    return SHAPES.sub("[secret]", text)
