"""docs/kpis.md, written from the catalogue so that it cannot differ from it."""

from django.utils import translation

from reporting.kpis import KPIS, MEASURES, Metric, Ratio

HEAD = """# Metrics

Written by `manage.py kpi_docs` from `reporting/kpis.py`; do not edit. Ratios are sums over sums, also in totals.
A ratio whose denominator is zero is undefined and shown as “–”. Percentages are fractions in the API (0.034 is 3.4 %).
What several platforms claim (*claimed*) is never added up.

| metric | name | unit | better | source | formula | meaning |
|---|---|---|---|---|---|---|
"""


def kpi_docs() -> str:
    """The whole page, in English."""
    with translation.override("en"):
        return HEAD + "".join(_line(metric) for metric in KPIS.values())


def _line(metric: Metric) -> str:
    sources = dict.fromkeys(MEASURES[term].source.value + (" (claimed)" if MEASURES[term].claimed else "") for term in metric.terms)
    cells = (
        f"`{metric.key}`",
        metric.label,
        metric.unit,
        metric.better,
        ", ".join(sources),
        _formula(metric),
        metric.explanation,
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def _formula(metric: Metric) -> str:
    if not isinstance(metric.kind, Ratio):
        return "sum"
    top = " ".join(f"− {term[1:]}" if term[0] == "-" else term for term in metric.kind.numerator)
    top = f"({top})" if len(metric.kind.numerator) > 1 else top
    scale = f" × {metric.kind.scale}" if metric.kind.scale != 1 else ""
    return f"{top} / {metric.kind.denominator}{scale}"
