"""What goes into the staging table comes out of it, to the last digit."""

from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from channels.connectors.base import StatRow
from channels.entities import Ids
from channels.staging import stage

counts = st.integers(0, 2**63 - 1)
amounts = st.one_of(st.decimals(0, 10**11, places=6), st.sampled_from([Decimal(0), Decimal("1E+3"), Decimal("0.000001")]))
windows = st.sampled_from(["default", "7d_click", "tab\t", "back\\slash\\N", "two\nlines\r"])
rows = st.builds(StatRow, st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.just("c1"), st.just("g1"), st.sampled_from(["a1", "a2"]),
                 windows, counts, counts, amounts, amounts, amounts, amounts, counts, counts)  # fmt: skip
IDS = Ids(campaigns={"c1": 11}, ads={"a1": 21, "a2": 22})


class StagingTests(TestCase):
    @settings(max_examples=50, deadline=None)
    @given(st.lists(rows, max_size=5), st.sampled_from(["campaigns", "ads"]))
    def test_every_value_arrives(self, sent: list[StatRow], report: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            stage(cursor, report, IDS, sent)
            cursor.execute("SELECT * FROM staging")
            found = cursor.fetchall()
            cursor.execute("DROP TABLE staging")
        wanted = [(row.day, 11, IDS.ads[row.ad_id] if report == "ads" else 11, *row[4:]) for row in sent]
        assert found == wanted
