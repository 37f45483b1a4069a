"""Which person a customer of the shop's books is: their key is a user id, else a CRM id somebody was seen with."""

from collections.abc import Collection, Iterable, Mapping

from django.db import connection

from tracking import changes
from tracking.blind_index import Indexer
from tracking.profiles import normalise
from tracking.profiles.batch import key_of
from tracking.profiles.extract import Kind, Said
from tracking.profiles.store import Row

KINDS = (Kind.USER_ID, Kind.CRM_ID)
RELINK = """
UPDATE tracking_customer c SET profile_id = found.profile_id
FROM (
    SELECT c.id, coalesce(u.profile_id, r.profile_id) AS profile_id
    FROM tracking_customer c
    LEFT JOIN tracking_identity u ON u.workspace_id = c.workspace_id AND u.kind = 'user_id' AND u.index = c.user_index
    LEFT JOIN tracking_identity r ON r.workspace_id = c.workspace_id AND r.kind = 'crm_id' AND r.index = c.crm_index
    WHERE c.workspace_id = %s {which}
) AS found
WHERE c.id = found.id AND c.profile_id IS DISTINCT FROM found.profile_id
RETURNING c.id
"""
SOME = "AND (c.user_index = ANY(%s) OR c.crm_index = ANY(%s))"


def indexes(indexer: Indexer, key: str) -> dict[str, str]:
    """By column: the blind indexes a customer's key has as a user id and as a CRM id; "" for a key that names nobody."""
    text = normalise.identifier(key)
    columns = zip(("user_index", "crm_index"), KINDS, strict=True)
    return {column: key_of(indexer, Said(kind, text))[1] if text else "" for column, kind in columns}


def relink(workspace_id: int, *, customers: Collection[str] | None = None) -> int:
    """Give customers the profile that has their key now, and say whose orders changed by it. How many were corrected.

    `customers`: blind indexes of the keys to look at; None looks at all, which finds what two transactions at the same instant
    could not see of each other.
    """
    parameters = [] if customers is None else [list(customers), list(customers)]
    with connection.cursor() as cursor:
        cursor.execute(RELINK.format(which="" if customers is None else SOME), [workspace_id, *parameters])
        changed = [id_ for (id_,) in cursor.fetchall()]
    changes.tell_of_buyers(workspace_id, changed)
    return len(changed)


def follow(workspace_id: int, rows: Mapping[int, Row], before: Mapping[int, Row]) -> None:
    """After identity resolution: the customers whose key is a new identifier, or one that moved to another profile."""
    if moved := [row.blind for row in _moved(rows, before) if row.kind in KINDS]:
        relink(workspace_id, customers=moved)


def _moved(rows: Mapping[int, Row], before: Mapping[int, Row]) -> Iterable[Row]:
    return (row for id_, row in rows.items() if id_ not in before or before[id_].profile_id != row.profile_id)
