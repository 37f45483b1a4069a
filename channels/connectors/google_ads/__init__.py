"""Google Ads through its gRPC API."""

from channels.connectors.google_ads.connector import GoogleAds

__all__ = ["GoogleAds"]
