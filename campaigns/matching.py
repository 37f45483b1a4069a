"""Which platform campaigns belong to a campaign: by a rule over their names, such as "DE_SEA_*" or plain "spring sale".

A rule is text that the name contains, whatever the case; * stands for anything in between. Nothing else is special: the rule
never becomes a regular expression and % and _ mean themselves.
"""

from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.db.models.functions import Upper

from campaigns.models import Campaign, CampaignLink
from channels.models import PlatformCampaign
from workspaces.models import Workspace

SHORTEST_RULE = 3  # letters and digits; "*" or "e" would take in everything


class Like(Func):
    """<name> LIKE <pattern>, both in upper case."""

    template = "%(expressions)s"
    arg_joiner = " LIKE "
    output_field = BooleanField()


def like_pattern(rule: str) -> str:
    """The rule as a LIKE pattern: DE_SEA_* → %DE\\_SEA\\_%%."""
    escaped = rule.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped.replace('*', '%')}%"


def is_too_wide(rule: str) -> bool:
    return sum(char.isalnum() for char in rule) < SHORTEST_RULE


def matches(workspace: Workspace, rule: str) -> QuerySet[PlatformCampaign]:
    """Platform campaigns whose name fits, linked or not; none for an empty or too wide rule."""
    campaigns = PlatformCampaign.objects.filter(workspace=workspace).select_related("account")
    if is_too_wide(rule):
        return campaigns.none()
    fits = Like(Upper(F("name")), Upper(Value(like_pattern(rule))))
    return campaigns.filter(fits).order_by("name", "pk")


def suggestions(campaign: Campaign, rule: str | None = None) -> QuerySet[PlatformCampaign]:
    """What the rule (the campaign's own, or one that is tried) finds and no campaign has yet."""
    return matches(campaign.workspace, campaign.name_rule if rule is None else rule).filter(campaign_link=None)


def link(campaign: Campaign, platform_campaigns: list[PlatformCampaign], origin: str) -> int:
    """Link those that are still free; returns how many. Another campaign's stay with it: spend is never counted twice."""
    before = CampaignLink.objects.filter(campaign=campaign).count()
    CampaignLink.objects.bulk_create(
        [
            CampaignLink(
                workspace_id=campaign.workspace_id,
                campaign=campaign,
                platform_campaign=platform_campaign,
                origin=origin,
            )
            for platform_campaign in platform_campaigns
        ],
        ignore_conflicts=True,
    )
    return CampaignLink.objects.filter(campaign=campaign).count() - before
