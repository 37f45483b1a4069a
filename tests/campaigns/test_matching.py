"""Name rules: text with *, nothing else is special."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import matching
from campaigns.models import Campaign, CampaignLink
from channels.models import PlatformCampaign
from tests.reporting import builders
from workspaces.models import Workspace

NAMES = [
    "DE_SEA_Brand",
    "de_sea_generic",
    "DEXSEAXBrand",
    "AT_SEA_Brand",
    "Spring 100% Sale",
    "Spring 100 Sale",
    "a.b\\c",
]


@pytest.fixture
def platform_campaigns(workspace: Workspace) -> None:
    account = builders.account(workspace)
    for name in NAMES:
        builders.campaign(account, name=name)
    builders.campaign(builders.account(builders.workspace()), name="DE_SEA_of another workspace")


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("DE_SEA_*", ["DE_SEA_Brand", "de_sea_generic"]), ("sea*brand", ["AT_SEA_Brand", "DEXSEAXBrand", "DE_SEA_Brand"]),
        ("100%", ["Spring 100% Sale"]), ("100*sale", ["Spring 100 Sale", "Spring 100% Sale"]), ("b\\c", []), ("", []), ("*", []),
        ("DE.SEA", []), ("*%*_*", []), ("a.b\\c", ["a.b\\c"]),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("platform_campaigns")
def test_it_finds_names_that_contain_the_rule(workspace: Workspace, rule: str, names: list[str]) -> None:
    assert sorted(matching.matches(workspace, rule).values_list("name", flat=True)) == sorted(names)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0*"), min_size=3).filter(lambda text: not matching.is_too_wide(text))
)
def test_every_name_is_found_by_itself(workspace: Workspace, name: str) -> None:
    account = builders.account(workspace)
    campaign = builders.campaign(account, name=name)
    assert campaign in matching.matches(workspace, name)


@pytest.mark.usefixtures("platform_campaigns")
def test_it_never_takes_a_platform_campaign_from_another_campaign(workspace: Workspace) -> None:
    first, second = (Campaign.objects.create(workspace=workspace, name=name, name_rule="SEA") for name in ("First", "Second"))
    brand = PlatformCampaign.objects.get(workspace=workspace, name="DE_SEA_Brand")
    assert matching.link(first, [brand], "manual") == 1
    assert matching.link(second, list(matching.matches(workspace, "SEA")), "rule") == 3
    assert CampaignLink.objects.get(platform_campaign=brand).campaign == first
    assert not matching.suggestions(first).exists()
