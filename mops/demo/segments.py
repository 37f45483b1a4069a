"""Segments of the sample workspace, made of the templates: they live from the first visit on. Sample data."""

from django.utils.translation import override

from segments import versions
from segments.models import Segment
from segments.rules.parsing import parse
from segments.rules.templates import BY_KEY
from tracking.consent import purposes
from workspaces.models import Workspace

CHOSEN = (  # template, name, purpose
    ("cart_abandoned", "Warenkorb abgebrochen", "email"),
    ("high_value", "Gute Kunden", "email"),
    ("frequent_visits", "Gerade interessiert", "ads_audience:meta"),
    ("last_purchase", "Letzter Kauf über 30 Tage her", "email"),
    ("first_purchase", "Erstkäufer", "email"),
    ("inactive", "Schlafende", "ads_audience:google"),
)


def create(workspace: Workspace) -> None:
    """Make and build those that are missing."""
    found = purposes.purposes_of(workspace, sorted({purpose for _key, _name, purpose in CHOSEN}))
    there = set(Segment.objects.filter(workspace=workspace).values_list("name", flat=True))
    with override(workspace.language):
        for key, name, purpose in CHOSEN:
            if name not in there:
                text = str(BY_KEY[key].description)
                segment = Segment(workspace=workspace, name=name, purpose=found[purpose], description=text)
                versions.save(segment, parse(BY_KEY[key].rule), None)
