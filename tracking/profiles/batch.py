"""A micro-batch in memory: which identifiers it names, when, and which of them together."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from tracking.blind_index import Indexer
from tracking.consent_models import SubjectKind
from tracking.profiles.extract import STRENGTH, Kind, Said

Key = tuple[str, str]  # kind, blind index
# The ledger of consent knows these people under the same index.
SUBJECT_KINDS: dict[str, str] = {
    Kind.USER_ID: SubjectKind.USER,
    Kind.ANONYMOUS_ID: SubjectKind.DEVICE,
    Kind.EMAIL: SubjectKind.EMAIL,
    Kind.PHONE: SubjectKind.PHONE,
}


class Observation(NamedTuple):
    """The identifiers one event names, normalised (tracking.profiles.extract)."""

    event_id: int
    at: datetime
    said: Sequence[Said]


class Seen(NamedTuple):
    value: str
    first_at: datetime
    last_at: datetime


class Together(NamedTuple):
    at: datetime
    event_id: int


class Batch:
    """Everything of a batch by key; `hubs` says which identifier stands for which event."""

    def __init__(self, indexer: Indexer, observations: Iterable[Observation]) -> None:
        self.seen: dict[Key, Seen] = {}
        self.links: dict[tuple[Key, Key], Together] = {}
        self.hubs: dict[int, Key] = {}
        keys: dict[Said, Key] = {}
        for observation in observations:
            named = []
            for said in observation.said:
                key = keys.get(said) or keys.setdefault(said, key_of(indexer, said))
                named.append(key)
                self._see(key, said.value, observation.at)
            if named:
                self._link(observation, sorted(named, key=strength))

    def _see(self, key: Key, value: str, at: datetime) -> None:
        before = self.seen.get(key)
        if before is None:
            self.seen[key] = Seen(value, at, at)
        elif at < before.first_at or at > before.last_at:
            self.seen[key] = Seen(value, min(at, before.first_at), max(at, before.last_at))

    def _link(self, observation: Observation, named: Sequence[Key]) -> None:
        """The strongest identifier with each of the others: that is enough to connect them all."""
        hub = self.hubs[observation.event_id] = named[0]
        together = Together(observation.at, observation.event_id)
        for leaf in named[1:]:
            before = self.links.get((hub, leaf))
            if before is None or together < before:
                self.links[hub, leaf] = together


def strength(key: Key) -> tuple[int, str]:
    return STRENGTH[key[0]], key[1]


def key_of(indexer: Indexer, said: Said) -> Key:
    return str(said.kind), indexer.index(SUBJECT_KINDS.get(said.kind, f"profile_{said.kind}"), said.value)
