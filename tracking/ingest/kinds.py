"""What a tracked event means, by its name: Segment's e-commerce, e-mail and mobile specifications, plus leads."""

from collections.abc import Sequence

from tracking.ingest.arrival import Arrival
from tracking.models import Event

Kind = Event.Kind
NO_SALES = ("order pending", "order cancelled")  # not paid yet and no more: such an order is not in the books
ORDER_STATES = ("order pending", "order completed", "order updated", "order cancelled")  # in the sequence an order goes through
NAMES = {
    Kind.PRODUCT: ("product viewed", "product clicked", "product list viewed", "products searched", "product shared"),
    Kind.CART: ("product added", "product removed", "cart viewed", "coupon applied", "product added to wishlist"),
    Kind.CHECKOUT: ("checkout started", "checkout step viewed", "checkout step completed", "payment info entered"),
    Kind.ORDER: ORDER_STATES,
    Kind.REFUND: ("order refunded",),
    Kind.LEAD: ("lead", "lead generated", "form submitted", "signed up", "trial started", "newsletter subscribed"),
    Kind.INSTALL: ("application installed", "install attributed"),
    Kind.EMAIL_OPEN: ("email opened",),
    Kind.EMAIL_CLICK: ("email link clicked",),
}
KINDS = {name: kind for kind, names in NAMES.items() for name in names}


def name_kinds(arrivals: Sequence[Arrival]) -> None:
    for arrival in arrivals:
        arrival.kind = kind_of(arrival.type, arrival.name)


def kind_of(event_type: str, name: str) -> str:
    """ "" for events only the workspace itself knows the meaning of."""
    if event_type in ("page", "screen"):
        return str(Kind.PAGE)
    return str(KINDS.get(plain(name), "")) if event_type == "track" else ""


def is_sale(name: str) -> bool:
    """Whether an event about an order says that it stands."""
    return plain(name) not in NO_SALES


def plain(name: str) -> str:
    return name.strip().lower().replace("_", " ")
