"""Where a visit came from: UTM values, click ids and the referring site, as they stood there and made comparable."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tracking import referrers
from tracking.channel_grouping import Origin, group
from tracking.ingest.arrival import Arrival, text
from tracking.models import Source
from tracking.orders import campaign_channels
from workspaces.models import Workspace

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id", "utm_source_platform",
       "utm_creative_format", "utm_marketing_tactic")  # fmt: skip
CLICK_IDS = ("gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "li_fat_id")
GOOGLE_SEARCH = ("gclid", "gbraid", "wbraid", "msclkid")  # auto-tagging of search ads, Google's and Microsoft's
LONGEST = 500  # characters of a value
CAMPAIGN = {"source": "utm_source", "medium": "utm_medium", "name": "utm_campaign", "campaign": "utm_campaign",
            "term": "utm_term", "content": "utm_content", "id": "utm_id"}  # fmt: skip


def find_origins(arrivals: Sequence[Arrival]) -> None:
    """Channel and origin of every event that says where it came from. One query, and one per workspace."""
    own = _own_sites({arrival.source_id for arrival in arrivals})
    for arrival in arrivals:
        arrival.acquisition = origin_of(arrival.context, arrival.properties, own[arrival.source_id]) or None
    channels = {}
    for workspace_id in {arrival.workspace_id for arrival in arrivals}:
        ids = {
            a.acquisition["utm_id"]
            for a in arrivals
            if a.acquisition and a.workspace_id == workspace_id and a.acquisition["utm_id"]
        }
        channels[workspace_id] = campaign_channels(Workspace(pk=workspace_id), ids) if ids else {}
    for arrival in arrivals:
        if arrival.acquisition:
            known = channels[arrival.workspace_id].get(arrival.acquisition["utm_id"], "")
            arrival.channel, arrival.channel_rule = group(as_origin(arrival.acquisition, known))


def _own_sites(source_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """By source: the hosts of its websites, and those its page calls no origin."""
    rows = Source.objects.filter(pk__in=source_ids).values_list("pk", "allowed_origins", "own_referrers")
    return {pk: frozenset((*map(referrers.host, origins), *further)) for pk, origins, further in rows}


def origin_of(context: Mapping[str, Any], properties: Mapping[str, Any], own: Collection[str] = ()) -> dict[str, Any]:
    """{"raw": as it stood there, "utm_source": … lower case, "gclid": …, "referrer": …}; {} when nothing is said.

    What the page's address holds counts before what the client library made of it. A referrer that is no origin
    (tracking.referrers), such as a site in `own`, says nothing: beside other values it stays in "raw".
    """
    url = text(context, "page", "url") or text(properties, "url")
    query = _query(url) or _query("?" + text(context, "page", "search").lstrip("?"))
    said = {**_from_library(context.get("campaign")), **query}
    referrer = text(context, "page", "referrer") or text(context, "referrer", "url") or text(properties, "referrer")
    seen = {"referrer": referrer[:LONGEST]} if referrer else {}
    come = seen if referrers.is_origin(referrers.host(referrer), referrers.host(url), own) else {}
    if not said and not come:
        return {}
    normal = {name: said.get(name, "").strip().lower() for name in UTM[:6]}
    return {"raw": {**said, **seen}, **normal, **{name: said[name] for name in CLICK_IDS if name in said}, **come}


def as_origin(acquisition: Mapping[str, Any], campaign_channel: str = "") -> Origin:
    """What the channel rules look at."""
    clicked = next((acquisition[name] for name in GOOGLE_SEARCH if acquisition.get(name)), "")
    said = [acquisition.get(name, "") for name in (*UTM[:3], "fbclid", "referrer")]
    return Origin(said[0], said[1], said[2], clicked, said[3], said[4], campaign_channel)


def _query(url: str) -> dict[str, str]:
    if "utm_" not in url and "id=" not in url:
        return {}
    try:
        found = parse_qs(urlsplit(url).query, max_num_fields=200)
    except ValueError:
        return {}
    return {name: found[name][0][:LONGEST] for name in (*UTM, *CLICK_IDS) if name in found}


def _from_library(campaign: Any) -> dict[str, str]:
    items: Iterable[tuple[Any, Any]] = campaign.items() if isinstance(campaign, dict) else ()
    return {CAMPAIGN[name]: value[:LONGEST] for name, value in items if name in CAMPAIGN and isinstance(value, str) and value}
