"""Saved views: the address of a table under a name, private to a member or shared with the workspace.

A private view is its member's alone. A shared one is everybody's to open; who has the permission changes it.
"""

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.http import QueryDict
from django.shortcuts import get_object_or_404

from reporting.models import SavedView
from reporting.selection import Selection, read
from workspaces.models import Member
from workspaces.permissions import Permission, allows

MOST = 50  # private ones per table and person, and shared ones per table


def visible(member: Member, table: str) -> list[SavedView]:
    """One's own first, then what the workspace shares; by name."""
    return list(_visible(member).filter(table=table).order_by(F("member").asc(nulls_last=True), Lower("name"), "pk"))


def get(member: Member, table: str, pk: int) -> SavedView:
    """Raises Http404, also for a private view of somebody else."""
    return get_object_or_404(_visible(member), table=table, pk=pk)


def find(member: Member, table: str, pk: int) -> SavedView | None:
    return _visible(member).filter(table=table, pk=pk).first()


def may_change(view: SavedView, member: Member) -> bool:
    return not view.is_shared or allows(member.role, Permission.SHARE_VIEWS)


def is_taken(view: SavedView) -> bool:
    """Whether another view of the same owner has the name."""
    return _beside(view).filter(name__iexact=view.name).exists()


def is_full(view: SavedView) -> bool:
    return _beside(view).count() >= MOST


def query_of(selection: Selection) -> str:
    """What a view keeps of a selection: everything but which view is open."""
    return selection.having(view=0).removeprefix("?")


def address(view: SavedView) -> str:
    """The link that opens it on any page with its table."""
    return f"?{view.query}&view={view.pk}"


def params_of(view: SavedView) -> QueryDict:
    return QueryDict(address(view).removeprefix("?"))


def differs(view: SavedView, selection: Selection) -> bool:
    """Whether what is on the screen is no longer what the view keeps; moving presets are the same on every day."""
    kept = read(params_of(view), {}, selection.today, selection.time_zone, selection.table)
    return query_of(kept) != query_of(selection)


def _visible(member: Member) -> QuerySet[SavedView]:
    return SavedView.objects.filter(Q(member=member) | Q(member=None), workspace=member.workspace_id)


def _beside(view: SavedView) -> QuerySet[SavedView]:
    same = SavedView.objects.filter(workspace=view.workspace_id, table=view.table, member=view.member_id)
    return same.exclude(pk=view.pk)
