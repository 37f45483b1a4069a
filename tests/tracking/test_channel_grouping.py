"""The channel rules, by example: each line is a link as marketers write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.connectors.ga4 import report
from channels.taxonomy import CHANNELS
from tracking.channel_grouping import RULES, Origin, group

EXAMPLES = [
    (Origin("google", "cpc", "DE_SEA_Brand"), "paid_search", "paid_search"),
    (Origin("Google", "CPC", "DE_SEA_Brand"), "paid_search", "paid_search"),
    (Origin("google", "cpc", "DE_Shopping_All"), "shopping", "paid_shopping"),
    (Origin("google", "cpc", "eshop sale"), "shopping", "paid_shopping"),
    (Origin("google", "cpc", "workshop bishop"), "paid_search", "paid_search"),
    (Origin("google", "cpc", "cross-network"), "cross_network", "cross_network"),
    (Origin("facebook", "paid_social", "Spring"), "paid_social", "paid_social"),
    (Origin("ig", "paid", "Spring"), "paid_social", "paid_social"),
    (Origin("instagram", "social", ""), "organic_social", "organic_social"),
    (Origin("youtube.com", "video", "Film"), "organic_social", "organic_video"),
    (Origin("youtube", "cpm", "Film"), "video", "paid_video"),
    (Origin("criteo", "cpm", "Remarketing"), "display", "display"),
    (Origin("criteo", "cpc", "Remarketing"), "other", "paid_other"),
    (Origin("awin", "affiliate", "partner 12"), "affiliate", "affiliate"),
    (Origin("newsletter", "email", "shop-news"), "email", "email"),
    (Origin("crm", "sms", ""), "app", "sms"),
    (Origin("crm", "webpush", ""), "app", "push"),
    (Origin("firebase", "mobile", ""), "app", "push"),
    (Origin("google", "cpc-mobile", ""), "paid_search", "paid_search"),
    (Origin("google", "paid_mobile", ""), "paid_search", "paid_search"),
    (Origin("sms", "cpc", ""), "other", "paid_other"),
    (Origin("chatgpt.com", "", ""), "ai_assistant", "ai_assistant"),
    (Origin("ChatGPT.com", "referral", "Spring shop"), "ai_assistant", "ai_assistant"),
    (Origin("something", "ai-assistant", "(ai-assistant)"), "ai_assistant", "ai_assistant"),
    (Origin("chatgpt.com", "cpc", ""), "other", "paid_other"),
    (Origin(referrer="https://gemini.google.com/app"), "ai_assistant", "ai_assistant"),
    (Origin(referrer="https://www.perplexity.ai/"), "ai_assistant", "ai_assistant"),
    (Origin(referrer="https://copilot.microsoft.com/"), "ai_assistant", "ai_assistant"),
    (Origin(gclid="abc", referrer="https://gemini.google.com/"), "paid_search", "gclid"),
    (Origin(referrer="https://thankyou.com/"), "referral", "referral"),
    (Origin("spotify", "audio", ""), "programmatic", "audio"),
    (Origin("flyer-berlin", "print", ""), "offline", "offline"),
    (Origin("bing", "organic", ""), "organic_search", "organic_search"),
    (Origin("partner.example", "referral", ""), "referral", "referral"),
    (Origin("(direct)", "(none)", ""), "direct", "direct"),
    (Origin(), "direct", "direct"),
    (Origin("dv360", "programmatic", ""), "programmatic", "programmatic"),
    (Origin("magazine", "advertorial", ""), "content", "content"),
    (Origin("idealo.de", "", ""), "organic_search", "organic_shopping"),
    (Origin("something", "new", ""), "other", "unassigned"),
    (Origin(gclid="abc"), "paid_search", "gclid"),
    (Origin("", "", "Herbst", gclid="abc"), "paid_search", "gclid"),
    (Origin("", "", "Herbst", fbclid="abc"), "other", "unassigned"),
    (Origin("newsletter", "", "", gclid="abc"), "email", "email"),
    (Origin("partner", "", "", gclid="abc"), "other", "unassigned"),
    (Origin(gclid="abc", referrer="https://www.google.de/"), "paid_search", "gclid"),
    (Origin(fbclid="abc"), "organic_social", "fbclid"),
    (Origin("facebook", "cpc", fbclid="abc"), "paid_social", "paid_social"),
    (Origin(referrer="https://www.google.co.uk/search?q=x"), "organic_search", "organic_search"),
    (Origin(referrer="https://mail.google.com/mail/u/0/"), "referral", "referral"),
    (Origin(referrer="https://l.facebook.com/l.php"), "organic_social", "organic_social"),
    (Origin(referrer="https://t.co/abc"), "organic_social", "organic_social"),
    (Origin(referrer="https://blog.partner.example/post"), "referral", "referral"),
    (Origin(referrer="http://["), "direct", "direct"),
    (Origin(referrer="https://www.paypal.com/checkoutnow"), "direct", "direct"),
    (Origin(referrer="https://accounts.google.com/"), "direct", "direct"),
    (Origin("google", "cpc", campaign_channel="video"), "video", "platform_campaign"),
]


@pytest.mark.parametrize(("origin", "channel", "rule"), EXAMPLES, ids=lambda value: str(value)[:60])
def test_it_puts_a_visit_into_its_channel(origin: Origin, channel: str, rule: str) -> None:
    assert group(origin) == (channel, rule)


def test_every_rule_leads_to_a_channel_we_have_and_has_an_example() -> None:
    assert {rule.channel for rule in RULES} - {""} <= set(CHANNELS)
    assert {rule for _, _, rule in EXAMPLES} == {rule.code for rule in RULES}


@given(st.builds(Origin, *[st.text(max_size=30)] * 6, st.sampled_from(["", *CHANNELS])))
def test_every_origin_has_a_channel(origin: Origin) -> None:
    assert group(origin).channel in CHANNELS


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("SMS", Origin(utm_medium="sms")),
        ("Mobile Push Notifications", Origin(utm_medium="web-push")),
        ("Audio", Origin(utm_medium="audio")),
        ("AI Assistant", Origin(referrer="https://chatgpt.com/")),
        ("Organic Shopping", Origin(utm_source="idealo")),
        ("Organic Video", Origin(utm_source="youtube")),
    ],
)
def test_what_is_folded_here_is_folded_in_what_ga4_reports(name: str, origin: Origin) -> None:
    assert report.CHANNELS[name] == group(origin).channel
