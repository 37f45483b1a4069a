"""Which referring sites say where somebody came from."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking import referrers

OWN = frozenset({"konto.example", "bank.example"})


@pytest.mark.parametrize(
    ("site", "page", "expected"),
    [("blog.example", "shop.example", True), ("shop.example", "shop.example", False), ("kasse.shop.example", "shop.example", False),
     ("shop.example", "kasse.shop.example", False), ("blog.shop.example", "kasse.shop.example", True),
     ("workshop.example", "shop.example", True), ("konto.example", "shop.example", False),
     ("3ds.bank.example", "shop.example", False), ("mybank.example", "shop.example", True), ("paypal.com", "", False),
     ("checkoutshopper-live.adyen.com", "shop.example", False), ("notpaypal.com", "shop.example", True),
     ("accounts.google.com", "shop.example", False), ("google.com", "shop.example", True), ("pay.amazon.de", "shop.example", False),
     ("amazon.de", "shop.example", True), ("blog.example", "", True), ("", "shop.example", False)],
)  # fmt: skip
def test_it_knows_the_sites_a_visit_only_passes_through(site: str, page: str, expected: bool) -> None:
    assert referrers.is_origin(site, page, OWN) is expected


@pytest.mark.parametrize(
    "written", ["", "*", "*.bank.example", "bank", "two words.example", "a..example", "https://", "http://[", "ü" * 70 + ".de"]
)
def test_it_takes_nothing_else_for_a_host(written: str) -> None:
    with pytest.raises(ValueError):
        referrers.normal_host(written)


@given(st.text(max_size=40))
def test_a_host_stays_as_it_is_when_it_is_saved_again(written: str) -> None:
    try:
        once = referrers.normal_host(written)
    except ValueError:
        return
    assert referrers.normal_host(once) == once
    assert not referrers.is_origin(referrers.host(f"https://{once}/"), "", {once})


class Counted(str):
    """A host that counts the parts looked up of it."""

    looked_up = 0

    def __getitem__(self, key: Any) -> str:
        Counted.looked_up += 1
        return super().__getitem__(key)


def test_a_text_too_long_for_a_host_is_none_and_no_part_of_it_is_looked_up() -> None:
    dots = "a." * 7_000 + "example"
    assert referrers.host(f"https://{dots}/") == ""
    assert not referrers.is_within(Counted(dots), {"example"})
    assert Counted.looked_up == 0
    assert referrers.is_within("a." * 120 + "example", {"example"})


def test_of_a_long_address_the_host_counts_and_little_is_remembered() -> None:
    referrers.read_host.cache_clear()
    assert {referrers.host(f"https://www.shop.example/?{n}={'x' * 30_000}") for n in range(3)} == {"shop.example"}
    assert {referrers.host(f"https://shop.example/{'x' * 30_000}{n}") for n in range(3)} == {"shop.example"}
    assert referrers.read_host.cache_info().currsize == 4
    assert all(len(site) <= 253 for site in map(referrers.host, ["https://" + "a" * 254, "https://" + "a" * 253]))


def test_every_listed_site_is_written_as_it_is_compared() -> None:
    assert all(referrers.normal_host(site) == site for site in referrers.ON_THE_WAY)
