"""What personal data is processed for, on what legal basis and for whom: for the answer to a person and for the register (Art. 30).

Only what the product itself does and knows. What the shop agreed with platforms or does elsewhere is not known here.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.utils.translation import gettext_noop as _

from tracking.models import Purpose, Source
from tracking.rights.declaring import Kept

CONSENT, EXISTING = _("Consent (Art. 6(1)(a) GDPR)"), _("Existing customers (§ 7(3) UWG)")
UNDECLARED = _("No legal basis is declared for this source.")


class Activity(NamedTuple):
    """`basis` is empty where it depends on where the data came from. `kinds` are its data, each with a timer of its own.

    `hands_on`: others may receive of it what consent allows.
    """

    key: str
    name: str
    purpose: str
    basis: str
    people: str
    kinds: tuple[Kept, ...]
    hands_on: bool = False


ACTIVITIES: tuple[Activity, ...] = (
    Activity(
        "measuring", _("Visits and events"), _("To measure the use of websites and shops, and which advertising leads there."),
        "", _("Visitors, prospects and customers"), (Kept.EVENTS, Kept.BODIES, Kept.REJECTIONS),
    ),
    Activity(
        "profiles", _("Profiles and segments"),
        _("To recognise people across visits and devices, and to form groups for marketing."),
        "", _("Visitors, prospects and customers"), (Kept.PROFILES,), hands_on=True,
    ),
    Activity(
        "orders", _("Orders and refunds"), _("Evidence for the books, and to see what advertising brought in."),
        _("Legal obligation to keep records (Art. 6(1)(c) GDPR with § 147 AO, § 257 HGB)"), _("Customers"),
        (Kept.BOOKS, Kept.IMPORTS),
    ),
    Activity(
        "consent", _("Consent and objections"), _("To prove what was agreed to, and to respect what was refused."),
        _("Legal obligation (Art. 6(1)(c) with Art. 7(1), 21(3) GDPR, § 7a UWG)"), _("Visitors, prospects and customers"),
        (Kept.OPT_INS, Kept.PROOF, Kept.PHONE_PROOF),
    ),
    Activity(
        "rights", _("Requests about rights"), _("To answer people in time, and to prove that it was done."),
        _("Legal obligation (Art. 6(1)(c) with Art. 12 to 22 GDPR)"), _("People who make a request"),
        (Kept.REQUESTS, Kept.EXPORTS),
    ),
    Activity(
        "accounts", _("User accounts and audit log"), _("To let only those in who may, and to know who did what."),
        _("Contract with those who work here, accountability and security (Art. 6(1)(b) and (c), 5(2), 32 GDPR)"),
        _("People who work here"), (Kept.ACCOUNT, Kept.AUDIT),
    ),
)  # fmt: skip
UNTIMED: Mapping[Kept, tuple[str, str]] = {  # kind: label and period of what no timer of ours ends
    Kept.BOOKS: (_("Orders, refunds and customer numbers"), _("Eight to ten years, as tax and commercial law ask for")),
    Kept.ACCOUNT: (_("User accounts"), _("As long as the person works here")),
}


class Recipient(NamedTuple):
    """Who stands behind a platform. Countries are ISO 3166 codes; `beyond`: outside the EEA, "" if none."""

    company: str
    country: str
    beyond: str


RECIPIENTS: Mapping[str, Recipient] = {  # contracting companies for customers in the EEA, as the platforms' terms name them
    "google": Recipient("Google Ireland Limited", "IE", "US"),
    "meta": Recipient("Meta Platforms Ireland Limited", "IE", "US"),
    "microsoft": Recipient("Microsoft Ireland Operations Limited", "IE", "US"),
    "tiktok": Recipient("TikTok Technology Limited", "IE", "CN"),
    "linkedin": Recipient("LinkedIn Ireland Unlimited Company", "IE", "US"),
}
WAYS: Mapping[str, str] = {
    "webhook": _("Another system, by webhook"),
    "export": _("A file that a member exported"),
    "api": _("A program with an API key"),
}
COUNTRIES: Mapping[str, str] = {"IE": _("Ireland"), "US": _("USA"), "CN": _("China")}


SAFEGUARDS: Mapping[str, str] = {  # what the law offers for a country outside the EEA; what was agreed nobody knows here
    "US": _("Adequacy decision (EU) 2023/1795 for companies certified under the Data Privacy Framework, else Art. 46 GDPR"),
    "CN": _("No adequacy decision: Art. 46 GDPR, such as standard contractual clauses"),
}


def recipient(destination: str) -> Recipient | None:
    """Of a destination ("meta:audience:42") or a connected platform ("google_ads"); None for what no platform stands behind."""
    platform = {"google_ads": "google", "ga4": "google"}.get(name := destination.partition(":")[0], name)
    return RECIPIENTS.get(platform)


def bases(sources: Iterable[Source]) -> list[str]:
    """On what legal bases these sources collect, as declared for each."""
    found = (CONSENT if one.consent_mode == Source.ConsentMode.REQUIRED else one.legal_basis or UNDECLARED for one in sources)
    return list(dict.fromkeys(found))


def basis_of(purpose: Purpose) -> str:
    """The English words of its legal basis."""
    return EXISTING if purpose.legal_basis == Purpose.LegalBasis.EXISTING_CUSTOMER else CONSENT
