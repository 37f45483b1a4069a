"""The platform campaigns of a channel, with account and status."""

from django.urls import reverse
from django.utils.translation import gettext as _

from channels.connectors import PLATFORMS
from channels.models import PlatformCampaign
from reporting.board import Board
from reporting.columns import groups_of
from reporting.metric_table import build
from reporting.question import Result, Row
from reporting.widgets import Context, Widget

LIMIT = 200  # campaigns on one page, the largest first


def load(board: Board) -> Context | None:
    result = campaigns(board)
    if not result.rows:
        return None
    known = PlatformCampaign.objects.filter(workspace=board.workspace, pk__in=[row.key[0] for row in result.rows if row.key[0]])
    found = {campaign.pk: campaign for campaign in known.select_related("account")}
    result.rows[:] = [row for row in result.rows if row.key[0] is None or _has_spend(found[row.key[0]])]
    slug, selection, chosen = board.workspace.slug, board.selection, board.selection.elsewhere

    def url_of(row: Row) -> str:
        campaign = found.get(row.key[0])
        return reverse("reporting:channel_campaign", args=[slug, campaign.channel, campaign.pk]) + chosen if campaign else ""

    table = build(result, selection, _("Platform campaign"), url_of, groups_of(board.table))
    for line, row in zip(table.lines, result.rows, strict=True):
        if campaign := found.get(row.key[0]):
            line.detail = f"{PLATFORMS[campaign.account.platform].label} · {campaign.account.name}"
            line.badge = "" if campaign.status == PlatformCampaign.Status.ENABLED else campaign.get_status_display()
    return {"table": table}


def campaigns(board: Board) -> Result:
    return board.run(board.table_query("campaign", LIMIT))


def _has_spend(campaign: PlatformCampaign) -> bool:
    """What an analytics property calls a campaign is a session source, not something that is delivered."""
    return PLATFORMS[campaign.account.platform].has_spend


WIDGET = Widget("campaign_table", load)
