"""How allauth is bent to this product: accounts come from invitations, second factors are encrypted at rest."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.utils import translation

from mops.lib.client_address import client_address
from mops.lib.crypto import seal, unseal

OWNER = "mfa"


class AccountAdapter(DefaultAccountAdapter):
    """No open sign-up; mails in the receiver's language, whoever caused them."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def format_email_subject(self, subject: str) -> str:
        return subject

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose tries are counted; behind a proxy that was not told to us, those of everybody together."""
        return client_address(request) or str(request.META.get("REMOTE_ADDR", ""))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        user = context.get("user")
        language = getattr(user, "language", None) or translation.get_language()
        with translation.override(language):
            super().send_mail(template_prefix, email, context)


class EncryptedMfaAdapter(DefaultMFAAdapter):
    """allauth stores TOTP secrets and recovery seeds as the text we return: sealed with FIELD_ENCRYPTION_KEYS."""

    def encrypt(self, text: str) -> str:
        return seal({"text": text}, OWNER).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return str(unseal(encrypted_text.encode(), OWNER)["text"])
