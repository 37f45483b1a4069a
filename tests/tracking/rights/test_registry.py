"""A new field is declared as personal or as harmless before anything else happens to it."""

from tests.tracking.rights.planting import Planted
from tracking.rights import erasure, finding, registry
from tracking.rights.declaring import Erasure


def test_every_field_of_every_model_is_declared_once() -> None:
    assert registry.problems() == []


def test_every_personal_table_can_be_searched_and_erased() -> None:
    tables = {line.table for line in registry.personal()}
    assert set(finding.lookups()) == tables
    by_rule = {line.table for line in registry.personal()} - set(erasure.steps())
    left = {line.table: line.erasure for line in registry.personal() if line.table in by_rule}
    assert set(left.values()) <= {Erasure.DELETE, Erasure.KEEP}


def test_the_generator_plants_a_canary_in_every_personal_field(planted: Planted) -> None:
    declared = {(line.table, field) for line in registry.personal() for field in line.fields}
    assert set(planted.canaries) == declared
