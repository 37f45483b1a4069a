"""A line without axes, drawn by the server: the course of a number beside it."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

WIDTH, HEIGHT, PADDING = 120, 28, 2


def sparkline(values: Sequence[Decimal | int | None]) -> SafeString:
    """An SVG of the values from left to right; unknown values leave a gap. Empty below two known values."""
    known = [float(value) for value in values if value is not None]
    if len(known) < 2:
        return SafeString("")
    low, high = min(known), max(known)
    span, step = (high - low) or 1.0, (WIDTH - 2 * PADDING) / (len(values) - 1)

    def point(position: int, value: Decimal | int) -> str:
        y = HEIGHT - PADDING - (float(value) - low) / span * (HEIGHT - 2 * PADDING)
        return f"{PADDING + position * step:.1f} {y:.1f}"

    path, pen = "", "M"
    for position, value in enumerate(values):
        if value is not None:
            path += pen + point(position, value)
        pen = "M" if value is None else "L"
    return format_html(
        '<svg class="sparkline" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true"><path d="{}"/></svg>',
        WIDTH, HEIGHT, path,
    )  # fmt: skip
