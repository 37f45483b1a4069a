"""Which channel a visit came from: ordered rules, first match wins. The list below is the policy.

The rules are Google Analytics' default channel group, translated to our channel codes (`channels.taxonomy`), so that the
numbers can be compared. Where we depart from it, and why:

1.  A utm_id that is a platform campaign we pull decides first: the platform knows what it sold.
2.  Matching ignores case and surrounding blanks; GA4 is case sensitive and calls "CPC" unassigned.
3.  E-mail, affiliate and offline come before the rules that look at campaign names: a newsletter called "shop-news" is e-mail,
    not shopping. SMS and push come after the paid rules, as there: "cpc-mobile" is paid.
4.  A gclid without source and medium is paid search: auto-tagging sends nothing else. A fbclid says only "from Facebook": it is
    on every outgoing link, so without a paid medium the visit is organic social.
5.  Channels we do not have are folded: organic shopping → organic search, organic video → organic social,
    SMS and push → app, audio → programmatic, paid other → other.
6.  Ours, not GA4's: programmatic, offline and content by medium.
7.  Without utm values the referring site is read as source; GA4 does the same before its rules run. Sites that are no origin,
    such as a payment provider, are passed over (tracking.referrers): GA4's list of unwanted referrals, which begins empty there.
8.  AI assistants are told by medium, as GA4 writes it since May 2026, by referring site or by utm_source, which ChatGPT sets
    alone. They come before the search engines, or Gemini would be one. Google's own AI answers are search, there and here.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracking import referrers


class Origin(NamedTuple):
    """What a visit or an order tells about where it came from; everything may be empty."""

    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    gclid: str = ""
    fbclid: str = ""
    referrer: str = ""  # URL
    campaign_channel: str = ""  # channel of the platform campaign utm_id names, where we know it


class Grouping(NamedTuple):
    channel: str
    rule: str  # code of the rule that decided


class _Seen(NamedTuple):
    """An origin made comparable: lower case, referrer's site as source where utm_source is missing."""

    source: str
    medium: str
    campaign: str
    gclid: bool
    fbclid: bool
    named: bool  # a source or medium is given by utm values
    campaign_channel: str


class Rule(NamedTuple):
    code: str
    channel: str
    matches: Callable[[_Seen], bool]
    label: str | Promise


def _sites(names: str) -> re.Pattern[str]:
    """The name itself ("google") or any host of it ("www.google.co.uk"), never a part of another word."""
    return re.compile(rf"^(?:[\w.-]+\.)?(?:{names})(?:\.[a-z]{{2,4}}){{0,2}}$")


SEARCH = _sites("google|bing|duckduckgo|ecosia|qwant|startpage|yahoo|yandex|baidu|naver|seznam|metager|t-online|search|"
                "search-brave|brave|ask|aol|lycos|sogou|mojeek|swisscows|kagi")  # fmt: skip
SOCIAL = _sites("facebook|fb|instagram|ig|meta|messenger|threads|linkedin|lnkd|twitter|x|t|tiktok|pinterest|pin|reddit|snapchat|"
                "xing|tumblr|whatsapp|telegram|mastodon|bluesky|bsky|quora|vk|weibo|l\\.facebook|lm\\.facebook")  # fmt: skip
VIDEO = _sites("youtube|youtu|vimeo|twitch|dailymotion|netflix|disneyplus|hulu")
SHOPS = _sites(
    "amazon|ebay|idealo|billiger|etsy|otto|kaufland|google shopping|shopping|check24|geizhals|guenstiger|alibaba|walmart"
)
ASSISTANTS = frozenset({
    "chatgpt.com", "chatgpt", "chat.openai.com", "openai", "gemini.google.com", "copilot.microsoft.com", "copilot.com", "copilot",
    "perplexity.ai", "perplexity", "claude.ai", "chat.mistral.ai", "grok.com", "deepseek.com", "deepseek", "meta.ai", "you.com",
})  # fmt: skip
NO_SEARCH = re.compile(r"^(?:mail|docs|drive|calendar|classroom|meet|accounts|tagassistant)\.")  # Google's and Yahoo's other houses
PAID = re.compile(r"^(?:.*cp.*|ppc|retargeting|paid.*)$")
SHOP_CAMPAIGN = re.compile(r"^(?:.*(?:(?:[^a-df-z]|^)shop|shopping).*)$")  # GA4's own expression
DISPLAY = {"display", "banner", "expandable", "interstitial", "cpm"}
SOCIAL_MEDIA = {"social", "social-network", "social-media", "sm", "social network", "social media", "organic_social"}
EMAIL = {"email", "e-mail", "e_mail", "e mail", "newsletter"}
OFFLINE = {"offline", "print", "radio", "tv", "ooh", "dooh", "event", "flyer", "qr"}


def _is_search(source: str) -> bool:
    return bool(SEARCH.match(source)) and not NO_SEARCH.match(source)


def _paid(sites: Callable[[str], object]) -> Callable[[_Seen], bool]:
    return lambda v: bool(PAID.match(v.medium)) and bool(sites(v.source))


RULES: tuple[Rule, ...] = (
    Rule("platform_campaign", "", lambda v: bool(v.campaign_channel), _("utm_id is a campaign of a connected platform")),
    Rule("email", "email", lambda v: v.medium in EMAIL or v.source in EMAIL, _("source or medium is e-mail")),
    Rule("affiliate", "affiliate", lambda v: v.medium in {"affiliate", "affiliates"}, _("medium is affiliate")),
    Rule("offline", "offline", lambda v: v.medium in OFFLINE or v.source == "offline", _("medium is offline")),
    Rule("audio", "programmatic", lambda v: v.medium == "audio", _("medium is audio")),
    Rule("programmatic", "programmatic", lambda v: v.medium in {"programmatic", "dsp"}, _("medium is programmatic")),
    Rule("cross_network", "cross_network", lambda v: "cross-network" in v.campaign, _("campaign is cross-network")),
    Rule("paid_shopping", "shopping",
         lambda v: bool(PAID.match(v.medium)) and bool(SHOPS.match(v.source) or SHOP_CAMPAIGN.match(v.campaign)),
         _("paid medium, and a shopping site or “shop” in the campaign")),
    Rule("paid_search", "paid_search", _paid(_is_search), _("paid medium and a search engine")),
    Rule("paid_social", "paid_social", _paid(SOCIAL.match), _("paid medium and a social network")),
    Rule("paid_video", "video", _paid(VIDEO.match), _("paid medium and a video site")),
    Rule("display", "display", lambda v: v.medium in DISPLAY, _("medium is display advertising")),
    Rule("paid_other", "other", lambda v: bool(PAID.match(v.medium)), _("paid medium, source not known")),
    Rule("sms", "app", lambda v: "sms" in (v.source, v.medium), _("source or medium is SMS")),
    Rule("push", "app",
         lambda v: v.medium.endswith("push") or "mobile" in v.medium or "notification" in v.medium or v.source == "firebase",
         _("medium is a push message")),
    Rule("gclid", "paid_search", lambda v: v.gclid and not v.named, _("Google click id without source and medium")),
    Rule("ai_assistant", "ai_assistant", lambda v: v.medium == "ai-assistant" or referrers.is_within(v.source, ASSISTANTS),
         _("an AI assistant, not paid")),
    Rule("organic_shopping", "organic_search",
         lambda v: bool(SHOPS.match(v.source) or SHOP_CAMPAIGN.match(v.campaign)), _("a shopping site or “shop” in the campaign")),
    Rule("organic_social", "organic_social", lambda v: v.medium in SOCIAL_MEDIA or bool(SOCIAL.match(v.source)),
         _("a social network, not paid")),
    Rule("organic_video", "organic_social", lambda v: "video" in v.medium or bool(VIDEO.match(v.source)),
         _("a video site, not paid")),
    Rule("organic_search", "organic_search", lambda v: v.medium == "organic" or _is_search(v.source),
         _("a search engine, not paid")),
    Rule("content", "content", lambda v: v.medium in {"content", "blog", "advertorial"}, _("medium is content")),
    Rule("fbclid", "organic_social", lambda v: v.fbclid and not (v.named or v.campaign), _("Facebook click id without utm values")),
    Rule("referral", "referral", lambda v: v.medium in {"referral", "app", "link"}, _("another site")),
    Rule("direct", "direct",
         lambda v: v.source in {"", "(direct)", "direct"} and v.medium in {"", "(none)", "(not set)", "none"} and not v.campaign,
         _("no source given")),
    Rule("unassigned", "other", lambda v: True, _("no rule fits")),
)  # fmt: skip
RULE_LABELS = {rule.code: rule.label for rule in RULES}


def group(origin: Origin) -> Grouping:
    """The channel of an origin and the code of the rule that decided. Every origin has one."""
    seen = _seen(origin)
    rule = next(rule for rule in RULES if rule.matches(seen))
    return Grouping(rule.channel or seen.campaign_channel, rule.code)


def _seen(origin: Origin) -> _Seen:
    source, medium, campaign = (value.strip().lower() for value in origin[:3])
    named, site = bool(source or medium), referrers.host(origin.referrer)
    if not (named or campaign) and referrers.is_origin(site):
        source, medium = site, "" if _is_search(site) or SOCIAL.match(site) or VIDEO.match(site) else "referral"
    return _Seen(source, medium, campaign, bool(origin.gclid), bool(origin.fbclid), named, origin.campaign_channel)
