"""What is advertised where: accounts and the plan of every campaign of the fictional outdoor shop Alpenkiste.

Sample data throughout. Spend figures are EUR a year at full delivery for a market of 20,000 shoppers; the sum of what
really runs is about 600,000 EUR.
"""

from typing import NamedTuple

from sandbox.market.rows import Account

MANAGER = Account("google_ads", "5550100200", "Alpenkiste Agenturkonto", "EUR", "Europe/Berlin", is_manager=True)
ACCOUNTS = (
    MANAGER,
    Account("google_ads", "5550100311", "Alpenkiste DACH", "EUR", "Europe/Berlin", MANAGER.external_id),
    Account("google_ads", "5550100477", "Alpenkiste UK", "GBP", "Europe/London", MANAGER.external_id),
    Account("meta", "2550010033117", "Alpenkiste", "EUR", "Europe/Berlin"),
    Account("meta", "2550010047226", "Alpenkiste US", "USD", "America/New_York"),
    Account("ga4", "355010099", "alpenkiste.example", "EUR", "Europe/Berlin"),
)
PROPERTY = ACCOUNTS[5]
GOOGLE_DE, GOOGLE_UK, META_DE, META_US = (account.external_id for account in ACCOUNTS[1:5])


class Family(NamedTuple):
    """Campaigns that work alike. Prices in EUR: `price` per click when `by_click`, else per 1,000 impressions."""

    code: str
    channel: str
    by_click: bool
    price: float
    ctr: float
    yearly_effect: float  # incremental orders a year per 1,000 EUR at reference spend
    by_view: float  # share of the caused orders that began with an impression nobody clicked
    weight: int  # relative credit of one click in the data-driven model
    prospects: float  # how much likelier a person who never bought is reached than a customer
    engaged: float  # share of engaged sessions


FAMILIES = (
    Family("brand", "paid_search", True, 0.36, 0.16, 14, 0.0, 10, 0.5, 0.74),
    Family("generic", "paid_search", True, 0.92, 0.052, 19, 0.0, 8, 2.0, 0.58),
    Family("shopping", "shopping", True, 0.50, 0.011, 27, 0.0, 8, 1.6, 0.55),
    Family("pmax", "cross_network", True, 0.56, 0.014, 20, 0.1, 7, 1.2, 0.52),
    Family("display", "display", False, 2.4, 0.0052, 10, 0.5, 4, 1.0, 0.31),
    Family("video", "video", False, 6.5, 0.0016, 12, 0.7, 4, 1.5, 0.35),
    Family("prospecting", "paid_social", False, 8.2, 0.0125, 19, 0.35, 7, 2.0, 0.42),
    Family("retargeting", "paid_social", False, 11.0, 0.0165, 11, 0.35, 7, 0.4, 0.57),
)
FAMILY = {family.code: index for index, family in enumerate(FAMILIES)}


class Plan(NamedTuple):
    """One campaign before it has ids and dates. Days count from the market's start; season is ((m, d), (m, d))."""

    account_id: str
    family: str
    name: str
    channel_type: str
    yearly_spend: int
    groups: tuple[tuple[str, int], ...] = ()  # ad group name and its number of ads; Performance Max has none
    season: tuple[tuple[int, int], tuple[int, int]] | None = None
    first_day: int = 0
    renamed: tuple[int, str] | None = None
    paused: int | None = None
    removed: int | None = None


def _search(account: str, family: str, name: str, spend: int, *groups: str, renamed: tuple[int, str] | None = None) -> Plan:
    return Plan(account, family, name, "SEARCH", spend, tuple((group, 2) for group in groups), renamed=renamed)


def _meta(name: str, spend: int, *groups: str, account: str = META_DE, objective: str = "OUTCOME_SALES") -> Plan:
    family = "retargeting" if "Retargeting" in name else "prospecting"
    return Plan(account, family, name, objective, spend, tuple((group, 2) for group in groups))


_SHOPPING = (("Alle Produkte", 1), ("Topseller", 1))
PLANS = (
    _search(GOOGLE_DE, "brand", "DE_SEA_Brand_Exact", 17_000, "Alpenkiste", "Alpenkiste Shop"),
    _search(GOOGLE_DE, "brand", "DE_SEA_Brand_Phrase", 9_000, "Alpenkiste Gutschein"),
    _search(GOOGLE_DE, "brand", "AT_SEA_Brand_Exact", 4_000, "Alpenkiste Österreich"),
    _search(GOOGLE_DE, "generic", "DE_SEA_Generic_Rucksäcke", 33_000, "Wanderrucksack", "Trekkingrucksack", "Tagesrucksack"),
    _search(GOOGLE_DE, "generic", "DE_SEA_Generic_Wanderschuhe", 36_000, "Wanderschuhe Damen", "Wanderschuhe Herren"),
    _search(GOOGLE_DE, "generic", "DE_SEA_Generic_Zelte", 20_000, "Trekkingzelt", "Familienzelt"),
    _search(GOOGLE_DE, "generic", "DE_SEA_Generic_Schlafsäcke", 12_000, "Daunenschlafsack", "Sommerschlafsack"),
    _search(
        GOOGLE_DE,
        "generic",
        "DE_SEA_Generic_Funktionsjacken",
        18_000,
        "Hardshell",
        "Softshell",
        renamed=(150, "DE_SEA_Generic_Jacken_Übergang"),
    ),
    _search(GOOGLE_DE, "generic", "AT_SEA_Generic_Outdoor", 8_000, "Outdoor Österreich"),
    Plan(GOOGLE_DE, "shopping", "DE_Shopping_Bestseller", "SHOPPING", 40_000, _SHOPPING),
    Plan(GOOGLE_DE, "shopping", "DE_Shopping_Longtail", "SHOPPING", 26_000, _SHOPPING),
    Plan(GOOGLE_DE, "shopping", "DE_Shopping_Kletterausrüstung", "SHOPPING", 14_000, _SHOPPING, removed=290),
    Plan(GOOGLE_DE, "shopping", "AT_Shopping_Alle", "SHOPPING", 8_000, _SHOPPING),
    Plan(GOOGLE_DE, "pmax", "DE_PMax_Alpenkiste", "PERFORMANCE_MAX", 52_000),
    Plan(GOOGLE_DE, "pmax", "DE_PMax_Weihnachten", "PERFORMANCE_MAX", 90_000, season=((11, 10), (12, 22))),
    Plan(GOOGLE_DE, "display", "DE_Display_Remarketing", "DISPLAY", 15_000, (("Warenkorbabbrecher", 3),)),
    Plan(
        GOOGLE_DE,
        "display",
        "DE_Display_Prospecting_Wandern",
        "DISPLAY",
        14_000,
        (("Wanderer", 2), ("Bergsteiger", 2)),
        paused=240,
    ),
    Plan(GOOGLE_DE, "video", "DE_Video_Gipfelglück", "VIDEO", 21_000, (("In-Stream", 2), ("Shorts", 2))),
    _search(GOOGLE_UK, "brand", "UK_SEA_Brand_Exact", 4_000, "Alpenkiste UK"),
    _search(GOOGLE_UK, "generic", "UK_SEA_Generic_Hiking", 13_000, "Hiking Boots", "Rucksacks"),
    Plan(GOOGLE_UK, "shopping", "UK_Shopping_All", "SHOPPING", 11_000, _SHOPPING),
    Plan(GOOGLE_UK, "pmax", "UK_PMax_Core", "PERFORMANCE_MAX", 7_000, first_day=45),
    _meta("DE_Meta_Prospecting_Lookalike", 29_000, "LAL 1 % Käufer", "LAL 5 % Käufer")._replace(
        renamed=(200, "DE_Meta_Prospecting_Advantage")
    ),
    _meta("DE_Meta_Prospecting_Bergsport", 24_000, "Klettern", "Hochtour"),
    _meta("DE_Meta_Prospecting_Broad", 23_000, "Broad 18-54"),
    _meta("DE_Meta_Prospecting_Frauen_Wandern", 14_000, "Frauen 25-49"),
    _meta("DE_Meta_Prospecting_Camping_Sommer", 26_000, "Familien")._replace(season=((4, 15), (8, 20))),
    _meta("AT_Meta_Prospecting_Broad", 10_000, "Österreich 18-54"),
    _meta("DE_Meta_Video_Hüttentour", 12_000, "Reels", "Stories", objective="OUTCOME_AWARENESS"),
    _meta("DE_Meta_BlackWeek", 130_000, "Alle Käufer")._replace(season=((11, 17), (12, 2))),
    _meta("DE_Meta_Retargeting_Warenkorb", 14_000, "Warenkorb 7 Tage", "Warenkorb 30 Tage"),
    _meta("DE_Meta_Retargeting_Produktansicht", 15_000, "Produktansicht 14 Tage"),
    _meta("DE_Meta_Retargeting_Katalog", 11_000, "Katalog dynamisch"),
    _meta("DE_Meta_Retargeting_Bestandskunden", 9_000, "Käufer 180 Tage")._replace(first_day=60),
    _meta("US_Meta_Prospecting_Hiking", 17_000, "Hiking", "National Parks", account=META_US),
    _meta("US_Meta_Prospecting_Lookalike", 11_000, "LAL Buyers", account=META_US),
    _meta("US_Meta_Retargeting_Cart", 7_000, "Cart 14 days", account=META_US),
    _meta("US_Meta_Brand_Story", 5_000, "Video Views", account=META_US, objective="OUTCOME_TRAFFIC"),
)


class Unpaid(NamedTuple):
    """A source of visits nobody pays clicks for; `yearly_visits` of people who never buy."""

    channel: str
    source: str
    medium: str
    tagged: bool  # its links carry utm parameters
    campaign: str
    referrer: str
    yearly_visits: int
    share: float  # within its channel, for shoppers


UNPAID = (
    Unpaid("email", "newsletter", "email", True, "newsletter", "", 70_000, 0.8),
    Unpaid("email", "crm", "email", True, "warenkorb-erinnerung", "", 18_000, 0.2),
    Unpaid(
        "affiliate",
        "vergleichsportal",
        "affiliate",
        True,
        "partner_vergleich",
        "https://vergleich.example/",
        22_000,
        0.6,
    ),
    Unpaid(
        "affiliate",
        "gutscheinportal",
        "affiliate",
        True,
        "partner_gutschein",
        "https://gutschein.example/",
        16_000,
        0.4,
    ),
    Unpaid("organic_search", "google", "organic", False, "", "https://www.google.com/", 360_000, 0.9),
    Unpaid("organic_search", "bing", "organic", False, "", "https://www.bing.com/", 40_000, 0.1),
    Unpaid("organic_social", "instagram.com", "social", False, "", "https://l.instagram.com/", 34_000, 0.7),
    Unpaid("organic_social", "pinterest.com", "social", False, "", "https://www.pinterest.com/", 14_000, 0.3),
    Unpaid("direct", "(direct)", "(none)", False, "", "", 200_000, 1.0),
    Unpaid("referral", "huettenblog.example", "referral", False, "", "https://huettenblog.example/", 22_000, 0.6),
    Unpaid("referral", "bergforum.example", "referral", False, "", "https://bergforum.example/", 15_000, 0.4),
)
CHANNEL_GROUPS = {
    "paid_search": "Paid Search",
    "shopping": "Paid Shopping",
    "cross_network": "Cross-network",
    "display": "Display",
    "video": "Paid Video",
    "paid_social": "Paid Social",
    "email": "Email",
    "affiliate": "Affiliates",
    "organic_search": "Organic Search",
    "organic_social": "Organic Social",
    "direct": "Direct",
    "referral": "Referral",
}
