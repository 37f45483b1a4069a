"""Consents from another tool: what was shown must have been there to be seen."""

import pytest
import time_machine
from django.utils import translation

from tests.tracking.consent.people import leave, someone
from tracking.consent import files, imports, purposes
from tracking.models import ConsentEvent
from workspaces.models import Workspace

HEADER = "identifier;purpose;given_at;url;mechanism;text_version;language;wording"
WAY = "https://shop.example/;unticked box"


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (f"2025-06-02T10:00:00Z;{WAY};1;de;", True),
        (f"2025-05-31T10:00:00Z;{WAY};1;de;", False),  # the text came a day later
        (f"2025-05-31T10:00:00Z;{WAY};1;de;Ja, gern.", True),
        (f"2025-05-31T10:00:00Z;{WAY};;;Ja, gern.", True),
        ("2025-05-31T10:00:00Z;https://shop.example/;;;;Ja, gern.", False),
    ],
)
def test_only_what_was_there_to_be_read_proves_a_consent(workspace: Workspace, said: str, counts: bool) -> None:
    with time_machine.travel("2025-06-01T10:00:00Z"):
        purposes.publish(purposes.purposes_of(workspace, ["email"])["email"], "de", "Ja, ich will Post.", by=None)
    imports.store(workspace, f"{HEADER}\nerika@example.org;email;{said}\n".encode(), "old.csv", by=None)
    assert bool(leave(workspace, someone(workspace)).allowed) is counts
    event = ConsentEvent.objects.get()
    assert (event.text is not None) is said.startswith("2025-06")
    assert event.proof.get("wording", "") == ("Ja, gern." if "gern" in said else "")


@pytest.mark.parametrize(
    ("words", "decision"),
    [
        ("Ja JA j yes TRUE 1 wahr erteilt Opt-in granted", "granted"),
        ("nein N no False 0 verweigert abgelehnt denied", "denied"),
        ("widerrufen Opt-Out unsubscribed withdrawn", "withdrawn"),
    ],
)
def test_it_reads_the_words_of_both_languages_for_a_decision(workspace: Workspace, words: str, decision: str) -> None:
    proof = f"2025-05-31T10:00:00Z;{WAY};;;Ja, gern."
    lines = "".join(f"p{place}@example.org;email;{proof};{word}\n" for place, word in enumerate(words.split()))
    outcome = imports.store(workspace, f"{HEADER};decision\n{lines}".encode(), "old.csv", by=None)
    assert outcome.refused == []
    assert set(ConsentEvent.objects.values_list("decision", flat=True)) == {decision}


def test_it_says_which_words_it_understands_and_takes_an_empty_cell_for_none(workspace: Workspace) -> None:
    text = "identifier;purpose;decision\na@example.org;email;vielleicht\nb@example.org;email;\nc@example.org;email;nein\n"
    outcome = imports.store(workspace, text.encode(), "old.csv", by=None)
    assert (outcome.restricted, outcome.silent, [refused.line for refused in outcome.refused]) == (1, 1, [2])
    assert all(word in outcome.refused[0].reason for word in ("vielleicht", "granted", "ja", "nein", "withdrawn"))
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_sample_file_is_read_whole_in_its_language(workspace: Workspace, language: str) -> None:
    with translation.override(language):
        outcome = imports.store(workspace, files.sample(), "sample.csv", by=None)
    assert outcome == (1, 0, 1, [], 0)
    event = ConsentEvent.objects.get(decision="granted")
    assert set(files.EXAMPLE) - {"identifier", "purpose", "ip"} <= set(event.proof)


def test_dates_are_read_as_the_column_writes_them(workspace: Workspace) -> None:
    text = f"E-Mail;Zweck;Erteilt am;Seite;Nachweis;Wortlaut\nerika@example.org;email;31.05.2025 10:00;{WAY};Ja, gern.\n"
    imports.store(workspace, text.encode(), "alt.csv", by=None)
    event = ConsentEvent.objects.get(decision="granted")
    assert event.given_at
    assert f"{event.given_at:%Y-%m-%d}" == "2025-05-31"
