"""Says whose data changed, inside the transaction that changes it, so that whoever listens notes it with the data or not at all.

Facets name what changed: "track:<event name>", "page:<name>" and so on by type of event, "trait", "order",
"consent:<purpose>", and PERSON when everything may have: a new profile, a merge, a split.
"""

from collections.abc import Iterable

from django.db import connection
from django.dispatch import Signal

PERSON = "person"
TRAIT = "trait"
ORDER = "order"
SUPPRESSION = "*"  # in place of a purpose: consents of every purpose are concerned
people_changed = Signal()  # workspace_id: int, changes: list[tuple[profile id, facet]], each pair once, sorted

BUYERS = "SELECT profile_id FROM tracking_customer WHERE workspace_id = %s AND id = ANY(%s) AND profile_id IS NOT NULL"
SUBJECTS = """
SELECT DISTINCT i.profile_id, s.facet FROM unnest(%s::text[], %s::text[]) AS s (index, facet)
JOIN tracking_identity i ON i.workspace_id = %s AND i.kind = ANY(%s) AND i.index = s.index
"""
KINDS = ["user_id", "crm_id", "email", "phone", "device", "anonymous_id"]


def tell(workspace_id: int, changes: Iterable[tuple[int, str]]) -> None:
    """(profile id, facet) pairs; to be called inside the transaction."""
    if pairs := sorted(set(changes)):
        people_changed.send(sender=None, workspace_id=workspace_id, changes=pairs)


def event_facet(event_type: str, name: str) -> str:
    return f"{event_type}:{name}"


def tell_of_buyers(workspace_id: int, customer_ids: Iterable[int | None]) -> None:
    """Orders or refunds of these customers changed."""
    ids = sorted({id_ for id_ in customer_ids if id_})
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(BUYERS, [workspace_id, ids])
        tell(workspace_id, [(profile_id, ORDER) for (profile_id,) in cursor.fetchall()])


def tell_of_subjects(workspace_id: int, said: Iterable[tuple[str, str]]) -> None:
    """What these people, by blind index, said of these purposes changed: (index, purpose key) pairs."""
    pairs = sorted(set(said))
    if not pairs:
        return
    with connection.cursor() as cursor:
        facets = [f"consent:{purpose}" for _, purpose in pairs]
        cursor.execute(SUBJECTS, [[index for index, _ in pairs], facets, workspace_id, KINDS])
        tell(workspace_id, cursor.fetchall())
