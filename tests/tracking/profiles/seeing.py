"""Short ways to say who was seen, and who the product takes for one person then."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from tracking.models import Identity
from tracking.profiles.batch import Observation
from tracking.profiles.extract import Said
from tracking.profiles.resolution import resolve
from tracking.profiles.vault import Vault, identity_owner
from workspaces.models import Workspace

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
KINDS = {"u": "user_id", "c": "crm_id", "e": "email", "p": "phone", "d": "device", "a": "anonymous_id"}


def seen(number: int, *names: str, minutes: int | None = None) -> Observation:
    """Event `number` with identifiers named by their kind's letter: "u1", "a7"."""
    said = [Said(KINDS[name[0]], name) for name in names]
    return Observation(number, NOON + timedelta(minutes=number if minutes is None else minutes), said)


def resolve_all(workspace: Workspace, observations: Sequence[Observation], size: int = 500) -> dict[int, int]:
    found: dict[int, int] = {}
    for start in range(0, len(observations), size):
        found |= resolve(workspace, observations[start : start + size])
    return found


def people(workspace: Workspace) -> set[frozenset[str]]:
    """The names of the identifiers of each profile."""
    vault, found = Vault(workspace.pk), defaultdict(set)
    for one in Identity.objects.filter(workspace=workspace):
        found[one.profile_id].add(vault.open(one.sealed, identity_owner(one.kind, one.index)))
    return {frozenset(names) for names in found.values()}


def groups(*names: str) -> set[frozenset[str]]:
    """{"u1 a1", "a2"} written short."""
    return {frozenset(group.split()) for group in names}


def letters(observations: Iterable[Observation]) -> list[str]:
    return [" ".join(said.value for said in observation.said) for observation in observations]
