"""Rules as SQL: one compiled query for everybody, for some, for a sample and for one person with the reasons."""

from segments.compiling.compiler import members, verdicts
from segments.compiling.explaining import explain
from segments.compiling.facets import facets, is_timed, moves
from segments.compiling.people import People, everybody, sample, these
from segments.compiling.statements import Statement

__all__ = [
    "People", "Statement", "everybody", "explain", "facets", "is_timed", "members", "moves", "sample", "these", "verdicts",
]  # fmt: skip
