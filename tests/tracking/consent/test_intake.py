"""Consent in the forms banners speak; TC strings against the IAB's own encoder."""

import json
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mops.nodejs import node
from tests.tracking.consent.people import say, someone
from tracking.consent import tcf
from tracking.consent.intake import ADVERTISING, note, signals
from tracking.consent_models import Decision
from tracking.models import ConsentState
from workspaces.models import Workspace

VECTORS = Path(__file__).with_name("tcf_vectors.mjs")


@pytest.fixture(scope="module")
def vectors() -> list[dict[str, Any]]:
    made = subprocess.run([node(), VECTORS, "200", "20261121"], capture_output=True, text=True, check=True, cwd=VECTORS.parent)
    return json.loads(made.stdout)


def test_it_reads_what_the_iab_encoder_wrote(vectors: list[dict[str, Any]]) -> None:
    complete = [vector for vector in vectors if vector["withDisclosed"]]
    assert len(complete) > 100
    for vector in complete:
        found = tcf.read(vector["tcString"])
        assert found.purposes == set(vector["purposes"])
        assert found.vendors == set(vector["vendors"])
        assert found.disclosed == set(vector["disclosed"])
        assert (found.cmp_id, found.cmp_version, found.policy_version, found.vendor_list_version) == (300, 2, 5, 120)


def test_a_string_without_disclosed_vendors_is_no_consent(vectors: list[dict[str, Any]]) -> None:
    older = [vector["tcString"] for vector in vectors if not vector["withDisclosed"]]
    assert older
    for string in older:
        assert set(signals({"consent": {"tcString": string}}).values()) == {False}


def test_a_vendor_needs_purposes_consent_and_disclosure(vectors: list[dict[str, Any]]) -> None:
    seen = set()
    for vector in vectors:
        said = signals({"consent": {"tcString": vector["tcString"]}})
        google = 755 in vector["vendors"] and 755 in vector["disclosed"] and vector["withDisclosed"]
        assert said["analytics"] is (vector["withDisclosed"] and {1, 8} <= set(vector["purposes"]))
        assert said["ads_measurement:google"] is (google and {1, 7} <= set(vector["purposes"]))
        assert said["ads_audience:google"] is (google and {1, 3, 4} <= set(vector["purposes"]))
        seen |= set(said.items())
    assert len(seen) == 10, "every purpose once yes and once no"


@pytest.mark.parametrize("chosen", list(product([True, False], repeat=4)))
def test_consent_mode_needs_all_signals_of_a_purpose(chosen: tuple[bool, ...]) -> None:
    names = ("analytics_storage", "ad_storage", "ad_user_data", "ad_personalization")
    analytics, storage, user_data, personalization = chosen
    said = signals({"consent": {name: "granted" if yes else "denied" for name, yes in zip(names, chosen, strict=True)}})
    assert said == {
        "analytics": analytics,
        "ads_measurement:google": storage and user_data,
        "ads_audience:google": storage and user_data and personalization,
    }


ALL_ADS, NO_ADS = dict.fromkeys(ADVERTISING, True), dict.fromkeys(ADVERTISING, False)


@pytest.mark.parametrize(
    ("consent", "said"),
    [
        ({"purposes": {"analytics": True, "email": False}}, {"analytics": True, "email": False}),
        ({"purposes": {"analytics": "true"}}, {"analytics": False}),
        ({"categoryPreferences": {"Analytics": True, "Functional": True, "Advertising": False}}, {"analytics": True, **NO_ADS}),
        ({"cookiebot": {"necessary": True, "statistics": True, "marketing": True}}, {"analytics": True, **ALL_ADS}),
        ({"oneTrust": ",C0001,C0002,"}, {"analytics": True, **NO_ADS}),
        ({"klaro": {"google-analytics": False, "chat": True}}, {"analytics": False}),
        ({"usercentrics": {"services": [{"name": "Google Analytics", "consent": {"status": True}}]}}, {"analytics": True}),
        ({"usercentrics": {"categories": {"marketing": False}}}, NO_ADS),
        ({"ad_storage": "granted"}, {"ads_measurement:google": False, "ads_audience:google": False}),
        ({"purposes": {"analytics": True}, "cookiebot": {"statistics": False}}, {"analytics": False}),
        ({"tcString": "nonsense", "purposes": {"analytics": True}}, {"analytics": False}),
        ({}, {}),
        ("granted", {}),
    ],
    ids=str,
)  # fmt: skip
def test_it_understands_banners(consent: Any, said: dict[str, bool]) -> None:
    found = signals({"consent": consent})
    assert {purpose: found.get(purpose) for purpose in said} == said
    assert said or not found


NAMES = ["purposes", "tcString", "oneTrust", "klaro", "usercentrics", "services", "categories", "name", "ad_storage", "x"]
json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
)


@given(json_like)
def test_nothing_a_visitor_sends_breaks_it(consent: Any) -> None:
    assert all(isinstance(granted, bool) for granted in signals({"consent": consent}).values())


@given(st.text(alphabet="ABCDEFabcdef019_-.", max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        tcf.read(text)
    except tcf.UnableToRead:
        return


def test_a_banner_that_repeats_itself_is_noted_once(workspace: Workspace) -> None:
    erika, said = someone(workspace), {"analytics": True, "ads_audience:tiktok": True, "of nobody": True}
    assert note(workspace, erika, said, proof={}) == 2
    assert note(workspace, erika, said, proof={}) == 0
    assert note(workspace, erika, {"analytics": False}, proof={}) == 1
    assert note(workspace, erika, {"analytics": True}, proof={}) == 1


def test_a_banner_that_still_says_yes_does_not_lift_a_withdrawal(workspace: Workspace) -> None:
    erika = someone(workspace)
    note(workspace, erika, {"analytics": True}, proof={})
    event = say(workspace, erika, Decision.WITHDRAWN, "analytics", source="preferences")
    assert note(workspace, erika, {"analytics": True}, proof={}) == 0
    note(workspace, erika, {"analytics": True}, proof={}, given_at=event.at.replace(year=2020))
    assert ConsentState.objects.get().decision == "withdrawn"
