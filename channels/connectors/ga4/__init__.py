"""Google Analytics 4 through the Data API, its property list through the Admin API."""

from channels.connectors.ga4.connector import Ga4

__all__ = ["Ga4"]
