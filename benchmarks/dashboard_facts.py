"""Three years of made-up facts: 40 accounts, 914 campaigns, as many ads as the wanted number of rows needs."""

from datetime import date

from django.db import connection

from channels import rollups
from channels.facts import MEASURES
from channels.models import AdAccount, Connection
from mops.lib.period import Period
from workspaces.models import Workspace

YEARS = Period(date(2023, 1, 1), date(2026, 1, 1))
ACCOUNTS, CAMPAIGNS = 40, 914
CHANNELS = ("paid_search", "shopping", "display", "video", "paid_social", "cross_network")
FACT = "workspace_id, account_id, day, campaign_id, attribution_window, run_id, observed_at"
SUMS = ", ".join(MEASURES)


def load(facts: int) -> Workspace:
    """A workspace with about `facts` rows at ad level, their campaign rows and roll-ups."""
    shop = Workspace.objects.create(name="Sample", slug="bench", currency="EUR")
    made = Connection(workspace=shop, platform="google_ads", name="Sample")
    made.credentials = {}
    made.save()
    accounts = AdAccount.objects.bulk_create(
        AdAccount(workspace=shop, connection=made, platform=("google_ads", "meta")[number % 2], external_id=f"{number}",
                  name=f"Sample {number}", currency="EUR", time_zone="Europe/Berlin", selected=True)
        for number in range(ACCOUNTS)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # ten million deferred key checks would fill the memory
        cursor.execute("SET statement_timeout = 0")
        _entities(cursor, shop, max(1, round(facts / CAMPAIGNS / YEARS.days)))
        _facts(cursor, shop)
        for account in accounts:
            rollups.refresh(shop.pk, account.pk, list(YEARS))
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")
    return shop


def _entities(cursor: object, shop: Workspace, ads: int) -> None:
    """Account n has every 40th campaign; each campaign has one ad group and `ads` ads."""
    place = "workspace_id, account_id, external_id, name, status, first_seen_at, last_seen_at"
    cursor.execute(  # type: ignore[attr-defined]
        f"""INSERT INTO channels_platformcampaign ({place}, channel, channel_is_manual)
            SELECT a.workspace_id, a.id, 'c' || n, 'Campaign ' || n, 'enabled', now(), now(),
                   (%(channels)s::text[])[1 + n %% 6], false
            FROM generate_series(0, %(campaigns)s - 1) n
            JOIN channels_adaccount a ON a.workspace_id = %(shop)s AND a.external_id = (n %% %(accounts)s)::text""",
        {"channels": list(CHANNELS), "campaigns": CAMPAIGNS, "accounts": ACCOUNTS, "shop": shop.pk},
    )
    cursor.execute(  # type: ignore[attr-defined]
        f"""INSERT INTO channels_adgroup ({place}, campaign_id)
            SELECT workspace_id, account_id, 'g' || id, 'Group', 'enabled', now(), now(), id
            FROM channels_platformcampaign WHERE workspace_id = %s""",
        [shop.pk],
    )
    cursor.execute(  # type: ignore[attr-defined]
        f"""INSERT INTO channels_ad ({place}, ad_group_id)
            SELECT workspace_id, account_id, 'a' || id || '-' || n, 'Ad', 'enabled', now(), now(), id
            FROM channels_adgroup CROSS JOIN generate_series(1, %s) n WHERE workspace_id = %s""",
        [ads, shop.pk],
    )


def _facts(cursor: object, shop: Workspace) -> None:
    """Ads first, campaigns as their sums; numbers differ by ad and day but not between runs."""
    cursor.execute(  # type: ignore[attr-defined]
        f"""INSERT INTO channels_addailystat ({FACT}, ad_id, {SUMS})
            SELECT d.workspace_id, d.account_id, s.day::date, g.campaign_id, 'default', 0, now(), d.id,
                   300 + h, 3 + h / 40, 1.5 + h * 0.013, (h / 90)::numeric, h * 0.07, 0, 0, 0
            FROM generate_series(%s::date, %s::date, interval '1 day') s (day)
            CROSS JOIN channels_ad d JOIN channels_adgroup g ON g.id = d.ad_group_id,
            LATERAL (SELECT abs(hashint8(d.id * 10007 + extract(epoch FROM s.day)::bigint)) %% 500 AS h) x
            WHERE d.workspace_id = %s""",
        [YEARS.since, YEARS.last, shop.pk],
    )
    cursor.execute(  # type: ignore[attr-defined]
        f"""INSERT INTO channels_dailystat ({FACT}, {SUMS})
            SELECT {FACT.replace("run_id", "0").replace("observed_at", "now()")}, {rollups.SUMS}
            FROM channels_addailystat WHERE workspace_id = %s GROUP BY 1, 2, 3, 4, 5
            ORDER BY date_trunc('month', day), account_id, day, campaign_id""",  # as windows are pulled
        [shop.pk],
    )
