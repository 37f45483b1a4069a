"""What else an event tells: browser and system in words. An address of a device is cut short before it is kept."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from tracking.ingest.arrival import Arrival, text

LONGEST = 500  # characters of what is remembered


def enrich(arrivals: Sequence[Arrival]) -> None:
    for arrival in arrivals:
        if address := text(arrival.context, "ip"):
            arrival.context = {**arrival.context, "ip": shortened(address[:LONGEST])}
        if user_agent := text(arrival.context, "userAgent"):
            arrival.device = dict(device(user_agent[:LONGEST]))


@lru_cache(maxsize=20_000)
def shortened(address: str) -> str:
    """The network of an IP address, /24 or /48: enough for a country, too little for a household. "" for anything else."""
    try:
        ip = ipaddress.ip_address(address.strip())
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False).network_address)


@lru_cache(maxsize=20_000)
def device(user_agent: str) -> tuple[tuple[str, str], ...]:
    """(("browser", "Firefox"), ("system", "Windows"), ("kind", "desktop" or "mobile"))."""
    from ua_parser import parse

    found = parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    kind = "mobile" if system in ("Android", "iOS") or "Mobile" in user_agent else "desktop"
    return ("browser", browser), ("system", system), ("kind", kind)
