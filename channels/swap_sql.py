"""The statements of `channels.swap`, written once for each level of facts.

`staging` holds the pulled window (`channels.staging`), `delta` what differs from the stored one: rows that are missing here,
that vanished at the platform, or whose measures changed. Joins and not ON CONFLICT: that would lock and log every unchanged row.
"""

from dataclasses import dataclass
from functools import cached_property

from channels.facts import MEASURES

COLUMNS = ", ".join(MEASURES)
FACT = ", ".join(f"f.{measure}" for measure in MEASURES)
STAGED = ", ".join(f"s.{measure}" for measure in MEASURES)
CHANGES = ", ".join(f"{measure} = d.{measure}" for measure in MEASURES)
VERSION = ("campaign_id", "run_id", "observed_at", *MEASURES)  # what the difference keeps of the stored row, for the history
STORED = ", ".join(f"f.{column} AS old_{column}" for column in VERSION)

REPEATED = "SELECT day FROM staging GROUP BY day, entity, attribution_window HAVING count(*) > 1"
COUNT_DELTA = "SELECT count(*) FILTER (WHERE missing), count(*) FILTER (WHERE vanished), count(*) FROM delta"
TOUCHED = "SELECT DISTINCT day FROM delta ORDER BY day"
CHANGED = "SELECT DISTINCT entity FROM delta"


@dataclass(frozen=True)
class Level:
    """A table of facts and the column that names the entity in its key. Parameters: workspace, account, days, run, at."""

    table: str
    entity: str  # "campaign_id" or "ad_id"

    @property
    def _extra(self) -> str:
        return "" if self.entity == "campaign_id" else ", campaign_id"

    @property
    def _window(self) -> str:
        return "f.workspace_id = %(workspace)s AND f.account_id = %(account)s AND f.day = ANY(%(days)s)"

    @property
    def _match(self) -> str:
        same = f"f.day = d.day AND f.{self.entity} = d.entity AND f.attribution_window = d.attribution_window"
        return f"{self._window} AND {same}"

    @cached_property
    def difference(self) -> str:
        return f"""
            CREATE TEMP TABLE delta ON COMMIT DROP AS
            SELECT coalesce(s.day, f.day) AS day, coalesce(s.entity, f.{self.entity}) AS entity,
                   coalesce(s.attribution_window, f.attribution_window) AS attribution_window, s.campaign_id,
                   {STAGED}, {STORED}, f.day IS NULL AS missing, s.day IS NULL AS vanished
            FROM staging s
            FULL JOIN (SELECT * FROM {self.table} f WHERE {self._window}) f
              ON f.day = s.day AND f.{self.entity} = s.entity AND f.attribution_window = s.attribution_window
            WHERE s.day IS NULL OR f.day IS NULL OR ({STAGED}) IS DISTINCT FROM ({FACT})"""  # noqa: S608

    @cached_property
    def keep_history(self) -> str:
        kept = VERSION[self.entity == "campaign_id" :]  # there the entity is the campaign
        return f"""
            INSERT INTO {self.table}history (workspace_id, account_id, day, {self.entity}, attribution_window,
                                             {", ".join(kept)}, replaced_at, replaced_by_id)
            SELECT %(workspace)s, %(account)s, day, entity, attribution_window,
                   {", ".join(f"old_{column}" for column in kept)}, %(at)s, %(run)s
            FROM delta WHERE NOT missing"""  # noqa: S608

    @cached_property
    def update(self) -> str:
        return f"""
            UPDATE {self.table} f SET {CHANGES}, run_id = %(run)s, observed_at = %(at)s
            FROM delta d WHERE {self._match} AND NOT d.missing AND NOT d.vanished"""  # noqa: S608

    @cached_property
    def delete(self) -> str:
        return f"DELETE FROM {self.table} f USING delta d WHERE {self._match} AND d.vanished"  # noqa: S608

    @cached_property
    def insert(self) -> str:
        return f"""
            INSERT INTO {self.table} (workspace_id, account_id, day, {self.entity}{self._extra}, attribution_window,
                                      run_id, observed_at, {COLUMNS})
            SELECT %(workspace)s, %(account)s, day, entity{self._extra}, attribution_window, %(run)s, %(at)s, {COLUMNS}
            FROM delta WHERE missing ORDER BY day, entity"""  # noqa: S608  days are read together: keep them together


LEVELS = {"campaigns": Level("channels_dailystat", "campaign_id"), "ads": Level("channels_addailystat", "ad_id")}
