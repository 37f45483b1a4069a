"""The HTTP side of tracking: the Segment tracking API and webhooks. Stored before acknowledged, no Redis on the way."""
