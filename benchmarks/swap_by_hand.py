"""The window swap as one would write it for one table: without ours' checks, coverage, run or names.

Bare: the difference alone. Whole: tables as ours, with history and the four roll-ups. Both stage the fastest way known.
"""

from operator import itemgetter
from typing import Any

from django.db import connection, transaction

from channels import rollups
from channels.facts import MEASURES
from channels.staging import CREATE

COLUMNS = ", ".join(MEASURES)
FACT, STAGED = (", ".join(f"{table}.{measure}" for measure in MEASURES) for table in "fs")
KEY = "f.day = s.day AND f.campaign_id = s.entity AND f.attribution_window = s.attribution_window"
MINE = "f.workspace_id = %(workspace)s AND f.account_id = %(account)s"
ROLLUPS = ("accountday", "accountmonth", "campaignmonth", "channelday")
LINE = "\t".join(["%s"] * 12) + "\n"

HISTORY = f"""
    INSERT INTO hand_dailystathistory (workspace_id, account_id, day, campaign_id, attribution_window, run_id, observed_at,
                                       {COLUMNS}, replaced_at, replaced_by_id)
    SELECT f.workspace_id, f.account_id, f.day, f.campaign_id, f.attribution_window, f.run_id, f.observed_at, {FACT}, now(), 2
    FROM hand_dailystat f JOIN staging s ON {KEY} WHERE {MINE} AND ({FACT}) IS DISTINCT FROM ({STAGED})"""
UPDATE = """
    UPDATE {table} f SET {sets} FROM staging s WHERE {where} AND ({fact}) IS DISTINCT FROM ({staged})"""
INSERT = """
    INSERT INTO {table} ({keys}, {columns}) SELECT {values}, {staged}
    FROM staging s LEFT JOIN {table} f ON {match} WHERE f.day IS NULL"""
SETS = ", ".join(f"{measure} = s.{measure}" for measure in MEASURES)
UPDATE_BARE = UPDATE.format(table="hand_bare", sets=SETS, where=KEY, fact=FACT, staged=STAGED)
INSERT_BARE = INSERT.format(table="hand_bare", keys="day, campaign_id, attribution_window", columns=COLUMNS,
                            values="s.day, s.entity, s.attribution_window", staged=STAGED, match=KEY)  # fmt: skip
UPDATE_WHOLE = UPDATE.format(table="hand_dailystat", sets=f"{SETS}, run_id = 2, observed_at = now()", where=f"{MINE} AND {KEY}",
                             fact=FACT, staged=STAGED)  # fmt: skip
INSERT_WHOLE = INSERT.format(
    table="hand_dailystat", columns=COLUMNS,
    keys="workspace_id, account_id, day, campaign_id, attribution_window, run_id, observed_at",
    values="%(workspace)s, %(account)s, s.day, s.entity, s.attribution_window, 2, now()", staged=STAGED, match=f"{KEY} AND {MINE}",
)  # fmt: skip


class ByHand:
    """Both ways, filled with a first answer of `account`, whose campaigns exist."""

    def __init__(self, account: Any, rows: list[Any]) -> None:
        self.values: dict[str, Any] = {"workspace": account.workspace_id, "account": account.pk}
        with connection.cursor() as cursor:
            cursor.execute("SELECT external_id, id FROM channels_platformcampaign WHERE account_id = %(account)s", self.values)
            self.ids = dict(cursor.fetchall())
            cursor.execute("CREATE TABLE hand_bare (LIKE channels_dailystat) WITH (fillfactor = 80)")
            cursor.execute("ALTER TABLE hand_bare DROP workspace_id, DROP account_id, DROP run_id, DROP observed_at,"
                           " ADD PRIMARY KEY (day, campaign_id, attribution_window)")  # fmt: skip
            for name in ("dailystat", "dailystathistory", *ROLLUPS):
                cursor.execute(f"CREATE TABLE hand_{name} (LIKE channels_{name} INCLUDING ALL) WITH (fillfactor = 80)")
                if name != "channelday":
                    _refer(cursor, name, "account", "adaccount")
            _refer(cursor, "dailystat", "campaign", "platformcampaign")
        self.bare(rows)
        self.whole(rows)

    def stage(self, cursor: Any, rows: list[Any]) -> None:
        cursor.execute(CREATE)
        ids, days = self.ids, {day: day.isoformat() for day in set(map(itemgetter(0), rows))}
        with cursor.copy("COPY staging FROM STDIN") as copy:
            for start in range(0, len(rows), 4000):
                copy.write(
                    "".join([LINE % (days[row[0]], own := ids[row[1]], own, *row[4:]) for row in rows[start : start + 4000]])
                )

    def floor(self, rows: list[Any]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            self.stage(cursor, rows)

    def bare(self, rows: list[Any]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            self.stage(cursor, rows)
            cursor.execute("ANALYZE staging")
            cursor.execute(UPDATE_BARE)
            cursor.execute(INSERT_BARE)

    def whole(self, rows: list[Any]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            self.stage(cursor, rows)
            cursor.execute("ANALYZE staging")
            cursor.execute(HISTORY, self.values)
            changed = cursor.rowcount
            if changed:
                cursor.execute(UPDATE_WHOLE, self.values)
            cursor.execute(INSERT_WHOLE, self.values)
            if changed or cursor.rowcount:
                self._roll_up(cursor, sorted(set(map(itemgetter(0), rows))))

    def _roll_up(self, cursor: Any, days: list[Any]) -> None:
        values = self.values | {"days": days, "months": sorted({day.replace(day=1) for day in days}), "campaigns": None}
        for statements in (rollups.ACCOUNT_DAYS, rollups.ACCOUNT_MONTHS, rollups.CAMPAIGN_MONTHS, rollups.CHANNEL_DAYS):
            for statement in statements:
                for name in ("dailystat", *ROLLUPS):
                    statement = statement.replace(f"channels_{name}", f"hand_{name}")
                cursor.execute(statement, values)


def _refer(cursor: Any, table: str, field: str, target: str) -> None:
    cursor.execute(f"ALTER TABLE hand_{table} ADD FOREIGN KEY (workspace_id, {field}_id)"
                   f" REFERENCES channels_{target} (workspace_id, id) DEFERRABLE INITIALLY DEFERRED")  # fmt: skip
