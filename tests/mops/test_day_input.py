"""Fields of a day are filled in every language."""

from collections.abc import Iterator
from datetime import date
from importlib import import_module

from django import forms
from django.utils import translation

from mops.lib.day_input import DayInput


def forms_of(base: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    for form in base.__subclasses__():
        yield form
        yield from forms_of(form)


def test_every_field_of_a_day_is_one_that_browsers_read() -> None:
    import_module("mops.urls")
    fields = [field for form in forms_of(forms.BaseForm) for field in getattr(form, "base_fields", {}).values()]
    days = [field for field in fields if isinstance(field, forms.DateField)]
    assert len(days) > 5
    assert all(isinstance(field.widget, DayInput) for field in days)


def test_a_day_is_written_as_browsers_read_it() -> None:
    with translation.override("de"):
        assert 'value="2026-10-31"' in DayInput().render("since", date(2026, 10, 31))
