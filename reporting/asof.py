"""What was known at an instant: versions first seen by then and not yet replaced then (`channels.facts`)."""

from datetime import datetime

from reporting.sql import Params


def known_at(params: Params, table: str, columns: tuple[str, ...], at: datetime, condition: str) -> str:
    """A derived table with the rows of `table` and its history that were current at `at`; `condition` narrows both."""
    instant, names = params.add(at), ", ".join(columns)
    return (
        f"(SELECT {names} FROM {table} WHERE {condition} AND observed_at <= {instant} "  # noqa: S608  names are constants
        f"UNION ALL SELECT {names} FROM {table}history "
        f"WHERE {condition} AND observed_at <= {instant} AND {instant} < replaced_at)"
    )
