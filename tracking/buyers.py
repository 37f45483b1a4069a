"""Which person a customer of the shop's books is: their key is a user id, else a CRM id somebody was seen with.

Customers are written under the orders' lock only, which comes after the locks of people and visitors (tracking.ingest.run):
identity resolution hands on whose keys moved, and they are looked at when that lock may be taken.
"""

from collections.abc import Collection, Mapping

from django.db import connection, transaction

from mops.lib.locks import lock_in_transaction
from tracking import changes
from tracking.blind_index import Indexer
from tracking.profiles import normalise
from tracking.profiles.batch import key_of
from tracking.profiles.extract import Kind, Said
from tracking.profiles.store import Row

KINDS = (Kind.USER_ID, Kind.CRM_ID)
WRONG = """
SELECT c.id, coalesce(u.profile_id, r.profile_id) AS profile_id
FROM tracking_customer c
LEFT JOIN tracking_identity u ON u.workspace_id = c.workspace_id AND u.kind = 'user_id' AND u.index = c.user_index
LEFT JOIN tracking_identity r ON r.workspace_id = c.workspace_id AND r.kind = 'crm_id' AND r.index = c.crm_index
WHERE c.workspace_id = %s AND c.profile_id IS DISTINCT FROM coalesce(u.profile_id, r.profile_id) {which}
"""
RELINK = "UPDATE tracking_customer c SET profile_id = found.profile_id FROM ({wrong}) AS found WHERE c.id = found.id RETURNING c.id"
SOME = "AND (c.user_index = ANY(%s) OR c.crm_index = ANY(%s))"


def indexes(indexer: Indexer, key: str) -> dict[str, str]:
    """By column: the blind indexes a customer's key has as a user id and as a CRM id; "" for a key that names nobody."""
    text = normalise.identifier(key)
    columns = zip(("user_index", "crm_index"), KINDS, strict=True)
    return {column: key_of(indexer, Said(kind, text))[1] if text else "" for column, kind in columns}


def relink(workspace_id: int, *, customers: Collection[str] | None = None) -> int:
    """Give customers the profile that has their key now, and say whose orders changed by it. How many were corrected.

    `customers`: blind indexes of the keys to look at; None looks at all, which finds what two transactions at the same instant
    could not see of each other. Takes the orders' lock where somebody is to be corrected: mostly nobody is.
    """
    if customers is not None and not customers:
        return 0
    some: list[list[str]] = [] if customers is None else [list(customers)] * 2
    wrong = WRONG.format(which=SOME if some else "")
    parameters: list[int | list[str]] = [workspace_id, *some]
    with connection.cursor() as cursor:
        cursor.execute(wrong + " LIMIT 1", parameters)
        if cursor.fetchone() is None:
            return 0
        with transaction.atomic():
            lock_in_transaction("orders", workspace_id)
            cursor.execute(RELINK.format(wrong=wrong), parameters)
            changed = [id_ for (id_,) in cursor.fetchall()]
            changes.tell_of_buyers(workspace_id, changed)
    return len(changed)


def moved(rows: Mapping[int, Row], before: Mapping[int, Row]) -> set[str]:
    """After identity resolution: the keys customers may have that are new identifiers, or moved to another profile."""
    return {row.blind for id_, row in rows.items() if row.kind in KINDS and _is_moved(row, before.get(id_))}


def _is_moved(row: Row, was: Row | None) -> bool:
    return was is None or was.profile_id != row.profile_id
