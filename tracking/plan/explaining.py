"""The parts of the quality score in words: what each says, how it is computed, and what to do about it."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracking.plan.quality import PARTS, Part, Sums, lost


class Words(NamedTuple):
    label: str | Promise
    how: str | Promise
    todo: str | Promise
    route: str  # where to do it; "" for outside of this product
    link: str | Promise


WORDS = {
    "valid": Words(
        _("Events as planned"),
        _("Events that break no rule of the tracking plan, of those it speaks about. Where there is no plan, nothing is judged."),
        _("Look at what breaks most and in which release it began. Then mend the tag, or the plan where it is wrong."),
        "plan:violations",
        _("Violations"),
    ),
    "accepted": Words(
        _("Events accepted"),
        _("Events not refused, of those received. Missing consent and bots do not count: these refusals are right."),
        _("Open the source: what was refused is kept with its reason for 30 days and can be tried again."),
        "sources:list",
        _("Sources"),
    ),
    "grounded": Words(
        _("With consent or legal basis"),
        _("Stored events that carry consent for analytics, or whose source names the legal basis they rest on."),
        _("Name the legal basis of server and shop sources, or send the consent with their events."),
        "sources:list",
        _("Sources"),
    ),
    "fresh": Words(
        _("Sources that send"),
        _("Active sources that sent an event in the last 24 hours; by day: on that day. File imports are left out."),
        _("A silent source has a broken tag or key, or is not used any more: then pause it."),
        "sources:list",
        _("Sources"),
    ),
    "identified": Words(
        _("Events that belong to a profile"),
        _("Stored events that were assigned to a profile, by device, customer number or address."),
        _("Send the same anonymous id from page to page, and the user id once somebody is known."),
        "",
        "",
    ),
    "punctual": Words(
        _("Events in time"),
        _("Stored events that came within a day of happening. Later ones change numbers that were reported already."),
        _("Let apps send when they are opened, and shops at once instead of once a week."),
        "",
        "",
    ),
    "unique": Words(
        _("Events sent once"),
        _("Events not sent before under the same message id. Duplicates are dropped and count nowhere else."),
        _("A client that repeats itself gets no answer in time, or its tag is on the page twice."),
        "",
        "",
    ),
    "tagged": Words(
        _("Complete campaign tags"),
        _("Events with utm_source, utm_medium and utm_campaign, of those with any utm parameter."),
        _("Add what is missing to the links of your campaigns."),
        "campaigns:list",
        _("Campaigns"),
    ),
}


class Judged(NamedTuple):
    """A part with its number, for a page."""

    part: Part
    words: Words
    share: float | None
    good: int
    of: int
    lost: float  # points of the score


def judged(sums: Sums) -> list[Judged]:
    """All parts, those that cost most first."""
    found = [Judged(part, WORDS[part.code], part.share(sums), part.good(sums), part.of(sums), lost(part, sums)) for part in PARTS]
    return sorted(found, key=lambda one: -one.lost)
