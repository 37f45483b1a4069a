"""A stable random part of everybody: the same hash in Python and in SQL. For control groups and for the `share` condition.

Equal salts draw the same people, different salts draw independently; a larger share holds every smaller one of its salt.
"""

from decimal import Decimal
from hashlib import md5
from uuid import UUID

BUCKETS = 10_000

SQL = "(('x' || substr(md5({salt} || ':' || {uuid}::text), 1, 8))::bit(32)::bigint %% 10000)"


def bucket(salt: str, profile: UUID) -> int:
    """0 … 9,999 for a profile's uuid."""
    digest = md5(f"{salt}:{profile}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big") % BUCKETS


def bucket_sql(salt: str, uuid: str) -> str:
    """The same as an SQL expression; `salt` and `uuid` are SQL expressions themselves, such as a placeholder and a column."""
    return SQL.format(salt=salt, uuid=uuid)


def below(percent: Decimal | float) -> int:
    """The buckets of a share: those smaller than this number."""
    return int(Decimal(str(percent)) * 100)
