"""The steps an event goes through, in order. What a step cannot make sense of becomes a note, never a lost event.

Visits are computed from all events of the day, also those that were here before, and an event is stored with its visit; orders come
after them, because they take their origin from their visit. Counting is last: nobody waits for a counter.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracking.ingest import acquisition, bots, clock, enrich, identify, kinds
from tracking.ingest.arrival import Arrival
from tracking.plan import checking


class Step(NamedTuple):
    name: str
    label: str | Promise
    run: Callable[[Sequence[Arrival]], None] | None  # None: done at the door, or over the batch as a whole


STEPS = (
    Step("parse", _("Read"), None),
    Step("consent", _("Consent checked"), None),
    Step("bots", _("Bots filtered"), bots.drop_bots),
    Step("clock", _("Clock corrected"), clock.set_times),
    Step("identify", _("Identified"), identify.identify),
    Step("acquisition", _("Origin found"), acquisition.find_origins),
    Step("kind", _("Meaning named"), kinds.name_kinds),
    Step("enrich", _("Enriched"), enrich.enrich),
    Step("plan", _("Held against the plan"), checking.check),
    Step("store", _("Stored"), None),
    Step("sessions", _("Visits computed"), None),
    Step("facts", _("Orders and refunds stored"), None),
    Step("quality", _("Counted"), None),
)


@contextmanager
def named(step: str) -> Iterator[None]:
    """What fails in it carries the name of the step as a note."""
    try:
        yield
    except Exception as error:
        error.add_note(step)
        raise


def run_before_storing(arrivals: Sequence[Arrival]) -> tuple[list[Arrival], list[Arrival]]:
    """(events to store, events the bot filter dropped); dropped ones take no further step."""
    going = list(arrivals)
    for step in STEPS:
        if step.run:
            with named(step.name):
                step.run(going)
            going = [arrival for arrival in going if not arrival.dropped]
    return going, [arrival for arrival in arrivals if arrival.dropped]
