"""Meta Ads (Facebook, Instagram) through the Marketing API."""

from channels.connectors.meta.connector import Meta

__all__ = ["Meta"]
