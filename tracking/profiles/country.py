"""The country in which people write their telephone numbers: the one they name, else the workspace's."""

from functools import cache, lru_cache

import phonenumbers
from babel import Locale
from babel.core import get_global

from tracking.profiles.normalise import folded

DEFAULT = "DE"
LONGEST_NAME = 80
ALSO_CALLED = {"czech republic": "CZ", "tschechische republik": "CZ", "turkey": "TR", "england": "GB", "great britain": "GB",
               "grossbritannien": "GB", "holland": "NL", "the netherlands": "NL", "united states of america": "US",
               "vereinigte staaten von amerika": "US"}  # fmt: skip  # what Unicode's list calls otherwise


@lru_cache(maxsize=64)
def country_of(time_zone: str) -> str:
    """ISO 3166 code of an IANA zone such as "Europe/Berlin"; Germany for zones of no country."""
    territory = get_global("zone_territories").get(time_zone, DEFAULT)
    return str(territory) if len(territory) == 2 else DEFAULT


@lru_cache(maxsize=1_000)
def named(written: str) -> str:
    """ISO 3166 code of a country, written as a code of two or three letters or by its German or English name; "" if it is none."""
    return _names().get(folded(written[:LONGEST_NAME]), "")


@cache
def _names() -> dict[str, str]:
    found = {folded(alias): codes[0] for alias, codes in get_global("territory_aliases").items() if len(codes) == 1}
    for language in ("en", "de"):
        found |= {folded(name): code for code, name in Locale(language).territories.items()}
    found |= ALSO_CALLED | {code.lower(): code for code in phonenumbers.SUPPORTED_REGIONS}
    return {name: code for name, code in found.items() if code in phonenumbers.SUPPORTED_REGIONS}
