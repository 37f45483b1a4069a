"""The contact each visit is, matched to a platform campaign: by utm_id, else by click id, else by the campaign's name.

An utm_id or a name that two campaigns share names neither. A click id says which campaign it came from as soon as one visit
with it also carried the utm_id; browsers and mail programs strip one or the other.
"""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from tracking.ingest.acquisition import CLICK_IDS
from tracking.ingest.sessions import bounds
from tracking.orders import AD_PLATFORMS
from workspaces.models import Workspace

COMPUTE = f"""
WITH campaigns AS (
    SELECT campaign.id, campaign.external_id, campaign.name
    FROM channels_platformcampaign campaign JOIN channels_adaccount account ON account.id = campaign.account_id
    WHERE campaign.workspace_id = %(workspace)s AND account.platform = ANY(%(platforms)s)
),
by_id AS (SELECT external_id, min(id) AS id FROM campaigns GROUP BY 1 HAVING count(*) = 1),
names AS (
    SELECT lower(name) AS name, id FROM campaigns
    UNION SELECT lower(past.name), past.entity_id FROM channels_entityname past JOIN campaigns ON campaigns.id = past.entity_id
    WHERE past.workspace_id = %(workspace)s AND past.level = 'campaign'
),
by_name AS (SELECT name, min(id) AS id FROM names GROUP BY 1 HAVING count(*) = 1),
people AS (
    SELECT session_id, max(profile_id) AS profile_id FROM tracking_event
    WHERE workspace_id = %(workspace)s AND occurred_at >= %(since)s AND occurred_at < %(until)s AND state = 'stored'
      AND profile_id IS NOT NULL AND session_id IS NOT NULL
    GROUP BY 1
),
found AS (
    SELECT session.id, session.visitor, people.profile_id, session.started_at, session.day, session.channel,
        coalesce(session.acquisition->>'utm_campaign', '') AS utm_campaign,
        coalesce({", ".join(f"nullif(session.acquisition->>'{name}', '')" for name in CLICK_IDS)}, '') AS click_id,
        coalesce(by_id.id, by_name.id) AS campaign_id,
        CASE WHEN by_id.id IS NOT NULL THEN 'utm_id' WHEN by_name.id IS NOT NULL THEN 'name' ELSE '' END AS matched_by
    FROM tracking_session session
    LEFT JOIN by_id ON by_id.external_id = session.acquisition->>'utm_id'
    LEFT JOIN by_name ON by_name.name = nullif(session.acquisition->>'utm_campaign', '')
    LEFT JOIN people ON people.session_id = session.id
    WHERE session.workspace_id = %(workspace)s AND session.day = %(day)s
),
gone AS (
    DELETE FROM tracking_touchpoint point
    WHERE point.workspace_id = %(workspace)s AND point.day = %(day)s AND point.session_id NOT IN (SELECT id FROM found)
)
INSERT INTO tracking_touchpoint (session_id, workspace_id, visitor, profile_id, at, day, channel, utm_campaign, click_id,
    platform_campaign_id, matched_by)
SELECT id, %(workspace)s, visitor, profile_id, started_at, day, channel, utm_campaign, click_id, campaign_id, matched_by FROM found
ON CONFLICT (session_id) DO UPDATE SET profile_id = EXCLUDED.profile_id, channel = EXCLUDED.channel,
    utm_campaign = EXCLUDED.utm_campaign, click_id = EXCLUDED.click_id, platform_campaign_id = EXCLUDED.platform_campaign_id,
    matched_by = EXCLUDED.matched_by
"""  # noqa: S608  only names of ours
BY_CLICK = """
WITH today AS (
    SELECT DISTINCT click_id FROM tracking_touchpoint WHERE workspace_id = %(workspace)s AND day = %(day)s AND click_id <> ''
),
known AS (
    SELECT point.click_id, min(point.platform_campaign_id) AS campaign_id
    FROM tracking_touchpoint point JOIN today ON today.click_id = point.click_id
    WHERE point.workspace_id = %(workspace)s AND point.matched_by = 'utm_id'
    GROUP BY 1 HAVING count(DISTINCT point.platform_campaign_id) = 1
)
UPDATE tracking_touchpoint point SET platform_campaign_id = known.campaign_id, matched_by = 'click_id'
FROM known WHERE point.workspace_id = %(workspace)s AND point.click_id = known.click_id AND point.click_id <> ''
    AND point.matched_by <> 'utm_id'
    AND (point.platform_campaign_id, point.matched_by) IS DISTINCT FROM (known.campaign_id, 'click_id')
"""


def compute(workspace: Workspace, day: date) -> None:
    """The touchpoints of a day as its visits are now. In the caller's transaction."""
    since, until = bounds(day, ZoneInfo(workspace.time_zone))
    values: dict[str, Any] = {"workspace": workspace.pk, "day": day, "since": since, "until": until, "platforms": AD_PLATFORMS}
    with connection.cursor() as cursor:
        cursor.execute(COMPUTE, values)
        cursor.execute(BY_CLICK, values)
