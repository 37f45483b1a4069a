"""Consent as it arrives with events: which purposes the visitor granted, in whatever form their banner speaks.

Absent means unknown, which means no. Where two forms in one event disagree, the stricter counts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mops.lib import clock
from tracking.blind_index import Subject
from tracking.consent import answering, tcf
from tracking.consent.answering import Choice, LastWord
from tracking.consent.ledger import record_many
from tracking.consent.purposes import ensure
from tracking.models import Purpose
from workspaces.models import Workspace

PLATFORMS = ("google", "meta", "microsoft", "linkedin", "tiktok")
MEASUREMENT = tuple(f"ads_measurement:{platform}" for platform in PLATFORMS)
AUDIENCE = tuple(f"ads_audience:{platform}" for platform in PLATFORMS)
ADVERTISING = MEASUREMENT + AUDIENCE

CONSENT_MODE: Mapping[str, tuple[str, ...]] = MappingProxyType({  # purpose → the signals it needs; Google's, so for Google only
    "analytics": ("analytics_storage",),
    "ads_measurement:google": ("ad_storage", "ad_user_data"),
    "ads_audience:google": ("ad_storage", "ad_user_data", "ad_personalization"),
    "profiling": ("personalization_storage",),
})  # fmt: skip
CONSENT_MODE_SIGNALS = {signal for needed in CONSENT_MODE.values() for signal in needed}

TCF_ANALYTICS = frozenset({1, 8})
TCF_MEASUREMENT = frozenset({1, 7})
TCF_AUDIENCE = frozenset({1, 3, 4})
# Ids on IAB Europe's Global Vendor List: 755 as consent managers name "Google Advertising Products", 1126 from Microsoft's help
# on UET and TCF. Of a platform without an id known for certain a TC string says nothing, which means no.
TCF_VENDORS = MappingProxyType({"google": 755, "microsoft": 1126})

CATEGORIES: Mapping[str, tuple[str, ...]] = MappingProxyType({  # as banners name them, in small letters → what they stand for
    "analytics": ("analytics",),
    "statistics": ("analytics",),
    "performance": ("analytics",),
    "c0002": ("analytics",),  # OneTrust
    "advertising": ADVERTISING,
    "marketing": ADVERTISING,
    "targeting": ADVERTISING,
    "c0004": ADVERTISING,  # OneTrust
    "personalization": ("profiling",),
    "google-analytics": ("analytics",),  # services of Klaro and Usercentrics
    "google-ads": ("ads_measurement:google", "ads_audience:google"),
    "meta-pixel": ("ads_measurement:meta", "ads_audience:meta"),
    "facebook-pixel": ("ads_measurement:meta", "ads_audience:meta"),
    "microsoft-advertising": ("ads_measurement:microsoft", "ads_audience:microsoft"),
    "linkedin-insight-tag": ("ads_measurement:linkedin", "ads_audience:linkedin"),
    "tiktok-pixel": ("ads_measurement:tiktok", "ads_audience:tiktok"),
})  # fmt: skip
Said = Iterable[tuple[str, bool]]


def signals(context: Mapping[str, Any], categories: Mapping[str, tuple[str, ...]] = CATEGORIES) -> dict[str, bool]:
    """Purpose key → granted, of what an event's context says under "consent". Never raises on what a visitor may send."""
    consent = context.get("consent")
    if not isinstance(consent, Mapping):
        return {}
    said: dict[str, bool] = {}
    for purpose, granted in _all(consent, categories):
        said[purpose] = said.get(purpose, True) and granted
    return said


def _all(consent: Mapping[str, Any], categories: Mapping[str, tuple[str, ...]]) -> Said:
    for name, reader in READERS.items():
        if name in consent:
            yield from reader(consent[name], categories)
    if CONSENT_MODE_SIGNALS & consent.keys():
        yield from _consent_mode(consent, categories)


def _ours(value: Any, _: Any) -> Said:
    if isinstance(value, Mapping):
        yield from ((str(purpose), granted is True) for purpose, granted in value.items() if len(str(purpose)) <= 60)


def _consent_mode(value: Any, _: Any) -> Said:
    if isinstance(value, Mapping):
        for purpose, needed in CONSENT_MODE.items():
            if any(signal in value for signal in needed):
                yield purpose, all(value.get(signal) == "granted" for signal in needed)


def _tcf(value: Any, _: Any) -> Said:
    try:
        string = tcf.read(value if isinstance(value, str) else "")
    except tcf.UnableToRead:
        string = None
    yield "analytics", string is not None and string.allows(TCF_ANALYTICS)
    for platform, vendor in TCF_VENDORS.items():
        yield f"ads_measurement:{platform}", string is not None and string.allows(TCF_MEASUREMENT, vendor)
        yield f"ads_audience:{platform}", string is not None and string.allows(TCF_AUDIENCE, vendor)


def _categories(value: Any, categories: Mapping[str, tuple[str, ...]]) -> Said:
    """Segment's categoryPreferences, Cookiebot's consent, Klaro's and Usercentrics' services: name → true."""
    if isinstance(value, Mapping):
        for name, granted in value.items():
            for purpose in categories.get(_slug(name), ()):
                yield purpose, granted is True


def _usercentrics(value: Any, categories: Mapping[str, tuple[str, ...]]) -> Said:
    """{"categories": {…}, "services": […]}: a service counts with its own status."""
    if not isinstance(value, Mapping):
        return
    yield from _categories(value.get("categories"), categories)
    services = value.get("services")
    for service in services if isinstance(services, list) else []:
        if isinstance(service, Mapping) and isinstance(service.get("name"), str):
            consent = service.get("consent")
            granted = consent.get("status") if isinstance(consent, Mapping) else service.get("status")
            yield from _categories({service["name"]: granted}, categories)


def _one_trust(value: Any, categories: Mapping[str, tuple[str, ...]]) -> Said:
    """The active groups, ",C0001,C0002,": a known group that is not in the list was refused."""
    if isinstance(value, str):
        active = {group.strip().lower() for group in value.split(",")}
        yield from _categories({group: group in active for group in ("c0002", "c0004")}, categories)


def _slug(name: Any) -> str:
    return "-".join(str(name).strip().lower().replace("_", " ").split())


READERS: Mapping[str, Callable[[Any, Mapping[str, tuple[str, ...]]], Said]] = MappingProxyType({
    "purposes": _ours,
    "consentMode": _consent_mode,
    "tcString": _tcf,
    "categoryPreferences": _categories,
    "cookiebot": _categories,
    "klaro": _categories,
    "usercentrics": _usercentrics,
    "oneTrust": _one_trust,
})  # fmt: skip


def note(
    workspace: Workspace, subject: Subject, said: Mapping[str, bool], *, proof: Mapping[str, Any], given_at: datetime | None = None
) -> int:
    """`note_many` for one person. `given_at` is when they chose, if the banner remembers it."""
    at = given_at or clock.now()
    choices = [Choice(subject, key, granted, at, given_at is not None, proof=proof) for key, granted in sorted(said.items())]
    return note_many(workspace, choices)


def note_many(workspace: Workspace, choices: Sequence[Choice]) -> int:
    """Write to the ledger what is news: a banner repeats itself with every event. How many statements.

    Of each subject and purpose in the order they were said. Purposes neither mops nor the workspace knows are left out: the consent
    page names them (overview.unknown_purposes).
    """
    wanted = {choice.purpose for choice in choices}
    ensure(workspace, wanted)
    ours = set(Purpose.objects.filter(workspace=workspace, key__in=wanted).values_list("key", flat=True))
    known = answering.last_words(workspace, {choice.subject.index for choice in choices})
    news = []
    for choice in choices:
        place = choice.subject.index, choice.purpose
        answer = answering.statement(choice, known.get(place)) if choice.purpose in ours else None
        if answer:
            news.append(answer)
            known[place] = LastWord(answer.decision, choice.given_at, is_own=True)
    return len(record_many(workspace, news))
