"""The matrix itself: what each role may do, written out once more by hand so that a change is a decision."""

import pytest

from workspaces.models import Role
from workspaces.permissions import MATRIX, Permission, allows, grantable_by

EVERYTHING = set(Permission)
EXPECTED = {
    Role.OWNER: EVERYTHING,
    Role.ADMIN: EVERYTHING - {Permission.TRANSFER_OWNERSHIP},
    Role.MARKETER: {
        Permission.VIEW_REPORTS,
        Permission.EXPORT_REPORTS,
        Permission.SHARE_VIEWS,
        Permission.MANAGE_CAMPAIGNS,
        Permission.MANAGE_BUDGETS,
        Permission.MANAGE_GOALS,
        Permission.VIEW_CONNECTIONS,
        Permission.RUN_SYNC,
        Permission.VIEW_ORDERS,
        Permission.IMPORT_FILES,
        Permission.VIEW_PROFILES,
        Permission.MANAGE_PLAN,
        Permission.VIEW_SEGMENTS,
        Permission.MANAGE_SEGMENTS,
    },
    Role.MANAGER: {Permission.VIEW_REPORTS, Permission.EXPORT_REPORTS, Permission.VIEW_SEGMENTS},
    Role.PRIVACY: {
        Permission.VIEW_REPORTS,
        Permission.VIEW_CONNECTIONS,
        Permission.VIEW_ORDERS,
        Permission.VIEW_AUDIT,
        Permission.VIEW_CONSENT,
        Permission.MANAGE_CONSENT,
        Permission.HANDLE_RIGHTS,
        Permission.VIEW_PROFILES,
        Permission.MANAGE_PROFILES,
        Permission.VIEW_SEGMENTS,
    },
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_it_allows_exactly_what_is_written(role: Role, permission: Permission) -> None:
    assert allows(role, permission) is (permission in EXPECTED[role])


def test_it_knows_every_role() -> None:
    assert set(MATRIX) == set(Role)


def test_it_never_lets_anybody_grant_above_themselves() -> None:
    assert grantable_by(Role.OWNER) == list(Role)
    assert grantable_by(Role.ADMIN) == [Role.ADMIN, Role.MARKETER, Role.MANAGER, Role.PRIVACY]
    assert [grantable_by(role) for role in (Role.MARKETER, Role.MANAGER, Role.PRIVACY)] == [[], [], []]
