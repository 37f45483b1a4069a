"""The country in which a workspace's customers write their telephone numbers."""

from functools import lru_cache

from babel.core import get_global

DEFAULT = "DE"


@lru_cache(maxsize=64)
def country_of(time_zone: str) -> str:
    """ISO 3166 code of an IANA zone such as "Europe/Berlin"; Germany for zones of no country."""
    territory = get_global("zone_territories").get(time_zone, DEFAULT)
    return str(territory) if len(territory) == 2 else DEFAULT
