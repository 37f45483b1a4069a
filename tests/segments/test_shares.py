"""Python and SQL draw the same people, and about as many as asked for."""

from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.shares import below, bucket, bucket_sql

SALT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@pytest.mark.django_db
@given(st.lists(st.tuples(SALT, st.uuids()), min_size=1, max_size=50))
@settings(max_examples=30, deadline=None)
def test_python_and_sql_draw_the_same_people(people: list[tuple[str, UUID]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {bucket_sql('t.salt', 't.uuid')} FROM unnest(%s::text[], %s::uuid[]) WITH ORDINALITY AS t (salt, uuid, place)"
            " ORDER BY place",
            [[salt for salt, _ in people], [uuid for _, uuid in people]],
        )
        assert [row[0] for row in cursor.fetchall()] == [bucket(salt, uuid) for salt, uuid in people]


def test_a_share_is_about_as_large_as_asked_for() -> None:
    drawn = [bucket("spring", UUID(int=number)) < below(Decimal("12.5")) for number in range(20_000)]
    assert 0.115 < sum(drawn) / len(drawn) < 0.135


def test_a_larger_share_holds_the_smaller_one_and_another_salt_draws_others() -> None:
    people = [UUID(int=number) for number in range(2_000)]
    tenth = {one for one in people if bucket("a", one) < below(10)}
    assert tenth < {one for one in people if bucket("a", one) < below(20)}
    assert tenth != {one for one in people if bucket("b", one) < below(10)}
