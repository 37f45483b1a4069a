import subprocess
import sys
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from reporting.kpis import KPIS, MEASURES, Ratio

AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=6)
SUMS = st.fixed_dictionaries({key: st.none() | AMOUNTS for key in MEASURES})


@pytest.mark.django_db
@given(sums=SUMS)
def test_the_sql_form_equals_the_python_form(sums: dict[str, Decimal | None]):
    select = ", ".join(metric.sql() for metric in KPIS.values())
    values = ", ".join(f"%({key})s::numeric AS {key}" for key in sums)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {select} FROM (SELECT {values}) sums", sums)
        row = cursor.fetchone()
    for metric, in_sql in zip(KPIS.values(), row, strict=True):
        in_python = metric.value(sums)
        if in_python is None or in_sql is None:
            assert in_python is in_sql is None, metric.key
        else:
            assert abs(in_python - in_sql) <= max(abs(in_python) * Decimal("1e-15"), Decimal("1e-15")), metric.key


@pytest.mark.parametrize("key", [key for key, metric in KPIS.items() if isinstance(metric.kind, Ratio)])
def test_a_ratio_over_zero_is_undefined(key: str):
    assert KPIS[key].value(dict.fromkeys(MEASURES, Decimal(0))) is None


def test_every_ratio_is_made_of_measures():
    assert {term for metric in KPIS.values() for term in metric.terms} == set(MEASURES)


def test_formulas_of_the_field():
    sums = {"spend": Decimal(200), "clicks": 400, "impressions": 10_000, "margin": Decimal(500), "conversions_value": Decimal(800)}
    values = {key: KPIS[key].value(sums) for key in ("ctr", "cpc", "cpm", "roi", "roas")}
    assert values == {"ctr": Decimal("0.04"), "cpc": Decimal("0.5"), "cpm": 20, "roi": Decimal("1.5"), "roas": 4}


def test_the_page_of_metrics_is_up_to_date():
    call_command("kpi_docs", check=True)


def test_reading_numbers_imports_no_heavy_library():
    code = "import django; django.setup(); import reporting.query, reporting.export, sys; " \
           "print([name for name in ('pandas', 'numpy', 'xlsxwriter', 'openpyxl') if name in sys.modules])"  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
