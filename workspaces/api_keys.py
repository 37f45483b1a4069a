"""API keys at the door of the REST API: `Authorization: Bearer mops_key_…`.

A key is dead at once when it is revoked or expired, and when the person who made it may no longer make keys.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from mops.lib.clock import now
from workspaces.audit import record
from workspaces.models import ApiKey, Member, User, Workspace
from workspaces.permissions import Permission, roles_with

if TYPE_CHECKING:
    from rest_framework.views import APIView  # at run time it imports this module by its settings

SHOWN = len(ApiKey.PREFIX) + 6  # characters that stay visible, to recognise a key
USED_EVERY = timedelta(minutes=1)  # last_used_at: a busy key must not rewrite its row with every call


@transaction.atomic
def create(workspace: Workspace, by: User, *, name: str, scopes: list[str], expires: str) -> tuple[ApiKey, str]:
    """A new key and its text, which is kept nowhere. `expires` in days, "0" for never."""
    secret = ApiKey.generate()
    key = ApiKey.objects.create(
        workspace=workspace,
        name=name,
        scopes=scopes,
        shown=secret[:SHOWN],
        key_hash=ApiKey.hash(secret),
        created_by=by,
        expires_at=now() + timedelta(days=int(expires)) if int(expires) else None,
    )
    record(workspace, by, "api_key.created", name, scopes=scopes)
    return key, secret


@transaction.atomic
def revoke(key: ApiKey, by: User) -> None:
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now()):
        record(key.workspace, by, "api_key.revoked", key.name)


class ApiClient:
    """The program behind a key, as request.user: authenticated, but no person."""

    is_authenticated = True
    is_anonymous = False
    is_active = True

    def __init__(self, key: ApiKey) -> None:
        self.pk = f"key-{key.pk}"

    def __str__(self) -> str:
        return self.pk


class ApiKeyAuthentication(BaseAuthentication):
    """request.auth becomes the ApiKey; its workspace is the only one the request can see."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[ApiClient, ApiKey] | None:
        scheme, _space, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != self.keyword.lower():
            return None
        key = find_key(token.strip())
        if key is None:
            raise AuthenticationFailed(_("This API key is unknown, expired or revoked. Make one under Settings → API keys."))
        return ApiClient(key), key

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


def find_key(token: str) -> ApiKey | None:
    """The living key of this token; notes its use."""
    at = now()
    keys = ApiKey.objects.select_related("workspace").filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)
    key = keys.filter(key_hash=ApiKey.hash(token)).first() if token.startswith(ApiKey.PREFIX) else None
    if key is None or not _maker_still_may(key):
        return None
    if key.last_used_at is None or at - key.last_used_at >= USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key


def _maker_still_may(key: ApiKey) -> bool:
    """A key without a maker came from the command line of the server."""
    roles = roles_with(Permission.MANAGE_API_KEYS)
    makers = Member.objects.filter(workspace=key.workspace, user=key.created_by, user__is_active=True, role__in=roles)
    return key.created_by_id is None or makers.exists()


class ApiKeyThrottle(SimpleRateThrottle):
    """Calls per key; the rate is in settings.REST_FRAMEWORK."""

    scope = "api_key"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        if not isinstance(request.auth, ApiKey):
            return None
        return f"throttle:api_key:{request.auth.pk}"


def RequiresScope(scope: ApiKey.Scope) -> type[BasePermission]:
    """A DRF permission: the key carries `scope`."""

    class HasScope(BasePermission):
        message = _("This API key lacks the scope “%(scope)s”.") % {"scope": scope.value}

        def has_permission(self, request: Request, view: "APIView") -> bool:
            return isinstance(request.auth, ApiKey) and scope.value in request.auth.scopes

    return HasScope


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema names the key."""

    target_class = "workspaces.api_keys.ApiKeyAuthentication"
    name = "API key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": f"{ApiKey.PREFIX}…"}
