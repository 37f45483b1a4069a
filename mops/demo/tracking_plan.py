"""The tracking plan of the sample shop: what its tag sends, with the kind of gaps a real plan has.

One event that is sent is not planned, two that are planned are not sent, and orders lack the shipping the plan asks for:
so the pages have something to show.
"""

from tracking.plan import versions
from tracking.plan.schema import PlannedEvent, Property, Type
from workspaces.models import Workspace

LINE = (
    Property("product_id", Type.STRING, required=True, pattern="^[A-Z0-9-]{2,40}$", description="Artikelnummer"),
    Property("name", Type.STRING, required=True),
    Property("price", Type.NUMBER, required=True, description="Bruttopreis eines Stücks"),
    Property("quantity", Type.INTEGER, required=True),
    Property("currency", Type.STRING, required=True, enum=("EUR", "CHF")),
)
ORDER = (
    Property("order_id", Type.STRING, required=True, description="Bestellnummer des Shops"),
    Property("total", Type.NUMBER, required=True, description="Brutto, mit Versand"),
    Property("revenue", Type.NUMBER, required=True, description="Netto"),
    Property("tax", Type.NUMBER),
    Property("shipping", Type.NUMBER, required=True, description="Versandkosten"),
    Property("currency", Type.STRING, required=True, enum=("EUR", "CHF")),
    Property("products", Type.ARRAY, required=True),
    *(Property(f"products[].{one.path}", one.type, one.required, enum=one.enum) for one in LINE),
)
EVENTS = (
    PlannedEvent("page", "", "Webteam", "Jede Seite, sobald sie zu sehen ist.", closed=False),
    PlannedEvent("track", "Product Viewed", "Webteam", "Jemand öffnet ein Produkt.", LINE),
    PlannedEvent("track", "Product Added", "Webteam", "Ein Produkt kommt in den Warenkorb.", LINE),
    PlannedEvent("track", "Order Completed", "Shop-Team", "Die Bestellung ist bezahlt.", ORDER),
    PlannedEvent("track", "Products Searched", "Webteam", "Die Suche zeigt Treffer.",
                 (Property("query", Type.STRING, required=True), Property("results", Type.INTEGER))),
    PlannedEvent("track", "Newsletter Subscribed", "CRM-Team", "Die Anmeldung zum Newsletter ist bestätigt.",
                 (Property("form", Type.STRING, required=True, enum=("footer", "checkout")),)),
)  # fmt: skip


def create(workspace: Workspace) -> None:
    """Plan once; whoever changes the plan afterwards keeps the change."""
    if versions.current(workspace) is None:
        versions.save(workspace, None, EVENTS)
