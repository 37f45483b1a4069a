"""Every kind of file that can be imported. A new one is a module here and a line in this list."""

from tracking.imports.kind import Kind
from tracking.imports.kinds import contacts, events, orders, refunds

KINDS: dict[str, Kind] = {kind.key: kind for kind in (orders.KIND, refunds.KIND, contacts.KIND, events.KIND)}


def of(key: str) -> Kind:
    """Raises KeyError for a kind that does not exist."""
    return KINDS[key]
