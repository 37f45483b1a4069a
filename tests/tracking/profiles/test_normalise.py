"""One way to write a thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking import blind_index
from tracking.profiles import normalise
from tracking.profiles.country import country_of, named


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (" Mia.Muster@Example.ORG ", "mia.muster@example.org"), ("mia+news@example.org", "mia+news@example.org"),
        ("ｍｉａ@example.org", "mia@example.org"), ("mia@xn--mller-kva.example", "mia@müller.example"),
        ("m\u200bia@example.org", "mia@example.org"),
        ("mia@example", ""), ("@example.org", ""), ("mia @example.org", ""), ("a@b@example.org", ""), ("", ""),
    ],
)  # fmt: skip
def test_it_reads_an_address_of_mail(written: str, meant: str) -> None:
    assert normalise.email(written) == meant


@pytest.mark.parametrize(
    ("written", "country", "meant"),
    [
        ("0171 / 123 45 67", "DE", "+491711234567"), ("+49 (0)171 1234567", "DE", "+491711234567"),
        ("0660 1234567", "AT", "+436601234567"),
        ("(212) 555-0100", "US", "+12125550100"), ("call me", "DE", ""), ("12", "DE", ""),
    ],
)  # fmt: skip
def test_it_reads_a_telephone_number_as_people_of_the_country_write_it(written: str, country: str, meant: str) -> None:
    assert normalise.phone(written, country) == meant


NOTHING = ["", " ", "null", "undefined", "0", "000-0", "00000000-0000-0000-0000-000000000000", "x" * 501, "Guest"]


@pytest.mark.parametrize("nothing", NOTHING)
def test_it_takes_a_placeholder_for_no_identifier(nothing: str) -> None:
    assert normalise.identifier(nothing) == ""


def test_it_finds_one_name_in_many_spellings() -> None:
    spellings = ["Dr. Jörg Weiß", "WEISS, JOERG", "jörg  weiß", "Weiß Jo\u0308rg"]
    assert {normalise.name_key(name) for name in spellings} == {"joerg weiss"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Musterstr. 5 A", "Musterstraße 5a"), ("Musterstrasse 5a", "Musterstraße 5a"),
        ("Lange Str. 12 - 14", "Lange Straße 12-14"),
        ("Straße des 17. Juni 135", "Straße des 17. Juni 135"), ("Am Strand 3", "Am Strand 3"), ("Postfach", "Postfach"),
        ("Stresemannstr.5", "Stresemannstraße 5"),
    ],
)  # fmt: skip
def test_it_writes_streets_in_full(written: str, meant: str) -> None:
    assert normalise.street(written) == meant


def test_it_finds_one_address_in_many_spellings() -> None:
    keys = {
        normalise.address_key("Große Beispiel-Str. 5 a", "D-01067", "Dresden"),
        normalise.address_key("Grosse Beispielstraße 5A", "01067", "DRESDEN"),
    }
    assert keys == {"grossebeispielstrasse5a|01067"}
    assert normalise.address_key("", "01067", "Dresden") == ""


@given(st.text(max_size=60))
def test_it_changes_nothing_the_second_time(text: str) -> None:
    for way in (normalise.text, normalise.identifier, normalise.email, normalise.name_key, normalise.street, normalise.postal_code):
        once = way(text)
        assert way(once) == once, way


@given(st.emails())
def test_it_agrees_with_the_consent_ledger_on_addresses(address: str) -> None:
    if found := normalise.email(address):
        assert blind_index.normalised("email", address) == found


@pytest.mark.parametrize(
    ("written", "code"),
    [("AT", "AT"), ("at ", "AT"), ("AUT", "AT"), ("Österreich", "AT"), ("OESTERREICH", "AT"), ("Austria", "AT"), ("Schweiz", "CH"),
     ("USA", "US"), ("UK", "GB"), ("Czech Republic", "CZ"), ("Tschechien", "CZ"), ("MS", "MS"), ("Europa", ""), ("EU", ""),
     ("ZZ", ""), ("SU", ""), ("", ""), ("Wien", ""), ("x" * 9_999, "")],
)  # fmt: skip
def test_it_knows_a_country_by_code_and_by_name(written: str, code: str) -> None:
    assert named(written) == code


def test_it_knows_the_country_of_a_zone() -> None:
    assert [country_of(zone) for zone in ("Europe/Berlin", "Europe/Vienna", "America/New_York", "UTC")] == ["DE", "AT", "US", "DE"]
