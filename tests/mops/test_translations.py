"""Catalogs are made and checked without system gettext."""

from collections.abc import Callable
from gettext import GNUTranslations
from pathlib import Path

import pytest

from mops import translations

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
PAGE = (
    '{% load i18n %}<div>\n      {% translate "Spend" %}\n  {% blocktranslate count n=n trimmed %}\n     {{ n }} day'
    "\n   {% plural %}\n{{ n }} days{% endblocktranslate %} it's (open\n</div>"
)
CODE = 'from x import gettext_lazy as _\nLABEL = _("Click-through rate %(name)s")\n'

Project = Callable[[str], list[tuple[str, str]]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A tiny project; call it with the messages of its German catalog to get the problems."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(PAGE)
    (tmp_path / "mops").mkdir()
    (tmp_path / "mops" / "labels.py").write_text(CODE)
    catalog = tmp_path / "locale" / "de" / "LC_MESSAGES" / "django.po"
    catalog.parent.mkdir(parents=True)
    monkeypatch.setattr(translations, "ROOT", tmp_path)

    def problems(messages: str) -> list[tuple[str, str]]:
        catalog.write_text(HEADER + messages)
        return [(problem.what, problem.message) for problem in translations.problems()]

    return problems


SPEND = 'msgid "Spend"\nmsgstr "Kosten"\n\n'
RATE = 'msgid "Click-through rate %(name)s"\nmsgstr "Klickrate %(name)s"\n\n'
DAYS = 'msgid "%(n)s day"\nmsgid_plural "%(n)s days"\nmsgstr[0] "%(n)s Tag"\nmsgstr[1] "%(n)s Tage"\n\n'


def test_a_complete_catalog_has_no_problems(project: Project) -> None:
    assert project(SPEND + RATE + DAYS) == []


def test_a_message_of_a_template_or_of_code_that_is_missing_is_named(project: Project) -> None:
    assert project(DAYS) == [
        ("not in the catalog", "Click-through rate %(name)s"),
        ("not in the catalog", "Spend"),
    ]


@pytest.mark.parametrize(
    ("spend", "what"),
    [
        ('msgid "Spend"\nmsgstr ""\n\n', "not translated"),
        ('#, fuzzy\nmsgid "Spend"\nmsgstr "Ausgaben"\n\n', "marked fuzzy"),
    ],
)
def test_an_unfinished_message_is_named(project: Project, spend: str, what: str) -> None:
    assert project(spend + RATE + DAYS) == [(what, "Spend")]


def test_a_half_translated_plural_is_named(project: Project) -> None:
    assert project(SPEND + RATE + DAYS.replace('"%(n)s Tage"', '""')) == [("not translated", "('%(n)s day', '%(n)s days')")]


def test_a_lost_placeholder_is_named(project: Project) -> None:
    assert project(SPEND + RATE.replace("Klickrate %(name)s", "Klickrate") + DAYS) == [
        ("lost %(name)s", "Click-through rate %(name)s")
    ]


def test_a_leftover_message_is_named_and_removed_by_update(project: Project) -> None:
    old = 'msgid "Gone"\nmsgstr "Weg"\n\n'
    assert project(SPEND + RATE + DAYS + old) == [("no longer in the sources", "Gone")]

    translations.update_catalogs()

    assert translations.problems() == []


def test_update_adds_new_messages_untranslated_and_keeps_the_others(project: Project) -> None:
    project(SPEND + DAYS)
    translations.update_catalogs()
    assert [(problem.what, problem.message) for problem in translations.problems()] == [
        ("not translated", "Click-through rate %(name)s")
    ]


def test_compiled_catalogs_are_what_gettext_reads(project: Project, tmp_path: Path) -> None:
    project(SPEND + RATE + DAYS)
    assert translations.compile_catalogs() == 1
    assert translations.compile_catalogs() == 0

    with (tmp_path / "locale/de/LC_MESSAGES/django.mo").open("rb") as file:
        german = GNUTranslations(file)
    assert german.gettext("Spend") == "Kosten"
    assert german.ngettext("%(n)s day", "%(n)s days", 2) == "%(n)s Tage"
