"""How a click is marked: utm parameters, click ids and the source the analytics platform derives from them."""

import base64
import hashlib
from datetime import date, timedelta
from typing import NamedTuple

from sandbox.market.catalogue import FAMILIES, UNPAID, Unpaid
from sandbox.market.structure import Structure

_PAID = {"display": ("google", "display"), "video": ("youtube", "cpc"), "paid_social": ("facebook", "paid_social")}


class Tags(NamedTuple):
    """Marks of a visit; utm fields are empty on untagged links."""

    source: str
    medium: str
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_id: str = ""
    referrer: str = ""


def tags(structure: Structure, source: int, day: int) -> Tags:
    """Marks of a visit from a source on a local day; campaigns carry the name they had then, in lower case."""
    if source >= len(structure.ads):
        return _unpaid(UNPAID[source - len(structure.ads)], structure.start + timedelta(days=day))
    campaign = int(structure.ad_campaign[source])
    channel = FAMILIES[int(structure.ad_family[source])].channel
    origin, medium = _PAID.get(channel, ("google", "cpc"))
    name, external_id = structure.name(campaign, day).lower(), structure.campaigns[campaign].external_id
    return Tags(origin, medium, origin, medium, name, external_id, f"https://www.{origin}.com/")


def _unpaid(row: Unpaid, day: date) -> Tags:
    if not row.tagged:
        return Tags(row.source, row.medium, referrer=row.referrer)
    year, week, _ = day.isocalendar()
    campaign = f"newsletter_{year}_kw{week:02}" if row.campaign == "newsletter" else row.campaign
    return Tags(row.source, row.medium, row.source, row.medium, campaign, referrer=row.referrer)


def click_ids(structure: Structure, source: int, key: str) -> tuple[str, str]:
    """(gclid, fbclid) of the click `key` on a source; both empty unless it is an ad."""
    if source >= len(structure.ads):
        return "", ""
    digest = base64.urlsafe_b64encode(hashlib.blake2b(key.encode(), digest_size=48).digest()).decode()
    if structure.ad_is_meta[source]:
        return "", f"IwAR{digest[:57]}"
    return f"Cj0KCQ{digest}", ""
