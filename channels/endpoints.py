"""From settings to what a connector needs: where the platform answers, and the sealed credential opened for one call."""

from django.conf import settings

from channels.connectors import PLATFORMS
from channels.connectors.base import AccountInfo, Connector, Credentials, Endpoint
from channels.models import AdAccount, Connection


def endpoint(platform: str) -> Endpoint:
    """Sandbox and production differ in these settings only."""
    version = PLATFORMS[platform].api_version
    if platform == "meta":
        return Endpoint(api=settings.META_GRAPH_API, token_uri=settings.META_TOKEN_URI, authorize_uri=settings.META_AUTHORIZE_URI,
                        api_version=version, timeout=settings.CONNECTOR_TIMEOUT)  # fmt: skip
    return Endpoint(
        api=settings.GOOGLE_ADS_API if platform == "google_ads" else settings.GA4_API,
        token_uri=settings.GOOGLE_TOKEN_URI, authorize_uri=settings.GOOGLE_AUTHORIZE_URI, admin_api=settings.GA4_ADMIN_API,
        ca_bundle=settings.CONNECTOR_CA_BUNDLE, api_version=version, timeout=settings.CONNECTOR_TIMEOUT,
    )  # fmt: skip


def oauth_client(platform: str) -> tuple[str, str]:
    """(client id, client secret) of this installation at the platform; empty strings where none is set."""
    if platform == "meta":
        return settings.META_APP_ID, settings.META_APP_SECRET
    return settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET


def connect(platform: str, values: dict[str, str]) -> Connector:
    """A connector for credential values (refresh_token or access_token, optionally an own client)."""
    client_id, client_secret = oauth_client(platform)
    own = {"client_id": client_id, "client_secret": client_secret} | {key: value for key, value in values.items() if value}
    return PLATFORMS[platform].connect(endpoint(platform), Credentials(**own))


def connector_of(connection: Connection) -> Connector:
    return connect(connection.platform, connection.credentials)


def account_info(account: AdAccount) -> AccountInfo:
    return AccountInfo(account.external_id, account.name, account.currency, account.time_zone, account.manager_id)
