"""What segments know of people, for access, erasure and retention (`tracking.rights.registry`)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Q

from tracking.rights.declaring import Erasure, Found, Kept, Personal, Room
from tracking.rights.registry import add

if TYPE_CHECKING:
    from tracking.rights.person import Person

PERSONAL = (
    Personal("segments.Delivery", ("profiles",), Found.PROFILE, Erasure.STRIP, Kept.PROFILES),
    *(
        Personal(f"segments.{table}", (field,), Found.PROFILE, Erasure.DELETE, Kept.PROFILES)
        for table, field in (
            ("ListEntry", "profile"), ("Membership", "profile"), ("PastMembership", "profile"), ("RfmScore", "profile"),
            ("Due", "profile"), ("Missed", "profile_id"), ("Touched", "profile_id"),
        )
    ),
)  # fmt: skip
HARMLESS = {
    "segments.Segment": ("name description kind state purpose version holdout_percent salt size changed_at created_by created_at"),
    "segments.SegmentVersion": "segment number rule created_by created_at",
    "segments.Membership": "segment since cause detail",
    "segments.PastMembership": "segment since until cause detail end_cause end_detail",
    "segments.ListEntry": "segment added_by added_at",
    "segments.Touched": "facet",
    "segments.Due": "at",
    "segments.Build": (
        "segment version state step cause attempt lease_until backend_pid is_cancelled expected_ms expected_size size entered left "
        "error queued_at started_at finished_at created_by"
    ),
    "segments.Missed": "build",
    "segments.SegmentDay": "segment day size entered left",
    "segments.Flag": "segment kind figures found_at closed_at",
    "segments.RfmScore": "month recency frequency monetary group",
    "segments.Endpoint": "uuid name url sealed_secret segments state created_by created_at",
    "segments.EndpointSegment": "endpoint segment",
    "segments.Delivery": "endpoint segment uuid event at state attempt next_at status error delivered_at",
}
STRIP = """
UPDATE segments_delivery d SET profiles = coalesce(
    (SELECT jsonb_agg(id ORDER BY place) FROM jsonb_array_elements(d.profiles) WITH ORDINALITY AS t (id, place)
     WHERE NOT id::text::bigint = ANY(%(people)s)), '[]')
WHERE d.workspace_id = %(workspace)s AND EXISTS (
    SELECT 1 FROM jsonb_array_elements(d.profiles) AS id WHERE id::text::bigint = ANY(%(people)s))
"""


def declare() -> None:
    lookups = {line.table: _lookup(line.fields[0]) for line in PERSONAL}
    add(Room(PERSONAL, HARMLESS, lookups | {"segments.Delivery": _delivered}, {"segments.Delivery": _strip}))


def _lookup(field: str) -> "Callable[[Person], Q]":
    return lambda person: Q(**{f"{field}__in": person.profiles})


def _delivered(person: "Person") -> Q:
    found = Q(pk__in=[])
    for profile_id in person.profiles:
        found |= Q(profiles__contains=[profile_id])
    return found


def _strip(person: "Person") -> int:
    """Messages keep the others they tell of."""
    with connection.cursor() as cursor:
        cursor.execute(STRIP, {"workspace": person.workspace.pk, "people": sorted(person.profiles)})
        return int(cursor.rowcount)
