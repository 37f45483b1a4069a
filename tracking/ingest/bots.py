"""Programs that pass for people: crawlers by their name, browsers without a person in front of them."""

import re
from collections.abc import Sequence
from functools import lru_cache

from tracking.ingest.arrival import Arrival, text

LOOKED_AT = 1_000  # characters of a user agent: each is remembered, and the rules search it to and fro
OWN_RULES = (
    ("automated browser", re.compile(r"HeadlessChrome|PhantomJS|Puppeteer|Playwright|Selenium|Electron/.*Testing", re.I)),
    ("monitoring", re.compile(r"pingdom|uptimerobot|statuscake|site24x7|gtmetrix|lighthouse|pagespeed|chrome-lighthouse", re.I)),
    ("names itself a robot", re.compile(r"\b(?!cubot)\w*(?:bot|crawler|spider|scraper|slurp)\b|\+https?://", re.I)),
    ("link preview", re.compile(r"facebookexternalhit|whatsapp/|telegrambot|skypeuripreview|slackbot|embedly|vkshare", re.I)),
)  # fmt: skip


def drop_bots(arrivals: Sequence[Arrival]) -> None:
    for arrival in arrivals:
        arrival.dropped = why(text(arrival.context, "userAgent"))


def why(user_agent: str) -> str:
    """Which rule takes this user agent for a robot; "" for people and for senders that name none."""
    return judged(user_agent[:LOOKED_AT])


@lru_cache(maxsize=20_000)
def judged(user_agent: str) -> str:
    if not user_agent:
        return ""
    for name, pattern in OWN_RULES:
        if pattern.search(user_agent):
            return name
    from ua_parser import parse_device

    device = parse_device(user_agent[:500])
    return "ua-parser: Spider" if device and device.family == "Spider" else ""
