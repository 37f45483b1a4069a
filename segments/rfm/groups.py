"""The named groups of recency and value: what each means and what marketers do with it. Pure.

Fader, Hardie & Lee, "RFM and CLV: Using iso-value curves for customer base analysis", 2005, for the three measures; the grid of
recency against the mean of frequency and monetary value is the one most tools of the field use.
"""

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Group(NamedTuple):
    key: str
    name: "StrOrPromise"
    meaning: "StrOrPromise"
    advice: "StrOrPromise"


GROUPS = (
    Group(
        "champions",
        _("Champions"),
        _("Bought lately, often and for much."),
        _("Thank them, show new things first, ask for reviews."),
    ),
    Group(
        "loyal",
        _("Loyal customers"),
        _("Buy often and for much, the last time a while ago."),
        _("Offer what goes with what they bought."),
    ),
    Group("potential", _("Potential loyalists"), _("Bought lately, more than once."), _("Invite them to the loyalty programme.")),
    Group("new", _("New customers"), _("Bought for the first time just now."), _("Welcome them and help with the start.")),
    Group("promising", _("Promising"), _("Bought once, not long ago."), _("Win the second purchase.")),
    Group("attention", _("Need attention"), _("In the middle of everything."), _("Come back with something for them alone.")),
    Group("sleepy", _("About to sleep"), _("Little and a while ago."), _("Remind them before they forget you.")),
    Group("at_risk", _("At risk"), _("Bought well, but long ago."), _("Ask why, bring them back with a personal offer.")),
    Group("cannot_lose", _("Cannot lose them"), _("Were the best and have not bought for long."), _("Call them.")),
    Group("hibernating", _("Hibernating"), _("Bought a little, long ago."), _("One try, then save the money.")),
    Group("lost", _("Lost"), _("Bought once for little, long ago."), _("Leave them out of paid campaigns.")),
)
KEYS = tuple(group.key for group in GROUPS)
BY_KEY = {group.key: group for group in GROUPS}
# By recency and by the mean of frequency and monetary value, each 1 (worst) to 5 (best).
LATELY = {1: "promising", 2: "potential", 3: "potential", 4: "champions", 5: "champions"}
GRID: dict[int, dict[int, str]] = {
    5: {**LATELY, 1: "new"},
    4: LATELY,
    3: {1: "sleepy", 2: "sleepy", 3: "attention", 4: "loyal", 5: "loyal"},
    2: {1: "lost", 2: "hibernating", 3: "at_risk", 4: "at_risk", 5: "cannot_lose"},
    1: {1: "lost", 2: "hibernating", 3: "at_risk", 4: "at_risk", 5: "cannot_lose"},
}


def group_of(recency: int, frequency: int, monetary: int) -> str:
    """Key of the group of three quintiles (5 = best); half a value counts up."""
    return GRID[recency][(frequency + monetary + 1) // 2]
