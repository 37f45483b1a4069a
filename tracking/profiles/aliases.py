"""Aliases between two user ids. Segment's browser library names the user id before as the previous one, not a device.

Two user ids are never joined by themselves, so a member is asked. The previous id must be known as a user's by then: one that
nobody ever identified with stays what every previous id is, an anonymous id of the new user.
"""

from collections.abc import Sequence

from mops.lib import clock
from tracking.blind_index import Indexer
from tracking.models import DuplicateSuggestion
from tracking.profiles import normalise, store
from tracking.profiles.batch import key_of
from tracking.profiles.extract import Kind, Said, Told
from workspaces.models import Workspace


def suggest(workspace: Workspace, indexer: Indexer, events: Sequence[Told]) -> None:
    """Ask whether the two user ids of an alias are one person. Two statements, none where no event is an alias."""
    pairs = {_ids(event) for event in events if event.type == "alias"}
    keys = {tuple(key_of(indexer, Said(Kind.USER_ID, id_)) for id_ in pair) for pair in pairs if all(pair)}
    if not keys:
        return
    known = {(row.kind, row.blind): row for row in store.known(workspace.pk, {key for pair in keys for key in pair})}
    found = [tuple(known[key] for key in pair) for pair in keys if all(key in known for key in pair)]
    asked = {tuple(sorted(row.id for row in pair)) for pair in found if len({row.profile_id for row in pair}) == 2}
    store.write(store.SUGGEST, sorted(asked), workspace.pk, DuplicateSuggestion.Reason.TWO_USERS, clock.now())


def _ids(event: Told) -> tuple[str, str]:
    return normalise.identifier(event.previous_id), normalise.identifier(event.user_id)
