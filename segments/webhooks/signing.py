"""Signatures of the Standard Webhooks specification 1.0: HMAC-SHA256 over "<id>.<timestamp>.<body>"."""

import hmac
import secrets
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256

PREFIX = "whsec_"


def new_secret() -> str:
    """24 random bytes, as receivers' libraries expect them."""
    return PREFIX + b64encode(secrets.token_bytes(24)).decode()


def headers(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """What is sent with `body`."""
    timestamp = str(int(at.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(b64decode(secret.removeprefix(PREFIX)), signed, sha256).digest()
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": "v1," + b64encode(digest).decode()}
