"""The field of a day."""

from typing import Any

from django import forms


class DayInput(forms.DateInput):
    """Browsers take the value of <input type="date"> as 2026-10-31 only and leave the field empty for 31.10.2026."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")
