"""Google Analytics 4: reports over gRPC (Data API v1beta), the list of properties over HTTP (Admin API v1beta)."""

from sandbox.wires.ga4.admin import routes
from sandbox.wires.ga4.data import handlers

__all__ = ["handlers", "routes"]
