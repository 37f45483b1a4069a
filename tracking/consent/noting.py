"""From what banners told to the ledger: after the events are stored, in transactions of its own, once for each choice.

A worker that dies in between leaves the choices waiting; the next batch or the next tick takes them up.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from mops.lib import clock
from tracking.blind_index import Subject
from tracking.consent import intake, locking, purposes
from tracking.consent.answering import BANNER, Choice
from tracking.consent_models import BannerChoice, ConsentEvent, ConsentState, ConsentText, Decision, SubjectKind
from tracking.event_models import Source
from workspaces.models import Workspace

BROWSERS = 100  # in one transaction, as the whole workspace waits for the chain
MOST_ROUNDS = 500
TEXT_VERSION = re.compile(r"([a-z]{2}) (\d{1,9})")  # "de 3": a text published here


def note_waiting() -> int:
    """Note whatever waits. How many words of browsers were dealt with."""
    waiting = BannerChoice.objects.filter(noted_at=None).order_by().values("workspace")
    return sum(_note_all(workspace) for workspace in Workspace.objects.filter(pk__in=waiting))


def _note_all(workspace: Workspace) -> int:
    purposes.ensure(workspace)  # committed before any lock is held: others make them too
    count = 0
    for _round in range(MOST_ROUNDS):
        done = _note_some(workspace)
        if not done:
            break
        count += done
    return count


@transaction.atomic
def _note_some(workspace: Workspace) -> int:
    """The oldest waiting browsers. 0 also where somebody else is at it."""
    if not locking.banner(workspace.pk):
        return 0
    waiting = BannerChoice.objects.filter(workspace=workspace, noted_at=None).order_by("pk")
    indexes = set(waiting.values_list("subject", flat=True)[:BROWSERS])
    browsers: dict[str, list[BannerChoice]] = defaultdict(list)
    for row in BannerChoice.objects.filter(workspace=workspace, subject__in=indexes).order_by("told_at", "pk"):
        browsers[row.subject].append(row)
    _end_unnamed(workspace, browsers)
    intake.note_many(workspace, list(_choices(workspace, browsers)))
    return _tidy(browsers.values())


def _end_unnamed(workspace: Workspace, browsers: Mapping[str, Sequence[BannerChoice]]) -> None:
    """With its last message a browser withdraws whatever its banner had granted and the message does not keep."""
    over = {index: row for index, rows in browsers.items() for row in reversed(rows) if row.is_last and row.noted_at is None}
    if not over:
        return
    states = ConsentState.objects.filter(workspace=workspace, subject__in=over, decision=Decision.GRANTED)
    by_seq = {state.event_seq: state for state in states.select_related("purpose")}
    own = ConsentEvent.objects.filter(workspace=workspace, seq__in=by_seq, source=BANNER).values_list("seq", flat=True)
    for state in (by_seq[seq] for seq in own):
        over[state.subject].said.setdefault(state.purpose.key, False)


def words(rows: Sequence[BannerChoice]) -> Iterator[tuple[str, bool, BannerChoice]]:
    """What is to be noted of one browser's rows, in the order of its clock: purpose, granted, by which row.

    Of each purpose the newest word; a grant before a refusal too, because events were stored on its strength. A late word only
    restricts, and after the last message comes none.
    """
    over = next((row for row in rows if row.is_last), None)
    if over and over.noted_at:
        return
    noted = max((row.told_at for row in rows if row.noted_at), default=None)
    said: dict[str, list[tuple[bool, BannerChoice]]] = defaultdict(list)
    for row in rows:
        if row.noted_at is None and not row.is_last:
            is_late = noted is not None and row.told_at < noted
            for purpose, granted in row.said.items():
                said[purpose] += [] if granted and is_late else [(granted, row)]
    if over:
        for purpose in {*said, *over.said}:
            said[purpose] += [] if over.said.get(purpose) else [(False, over)]
    for purpose, told in sorted(said.items()):
        yield from ((purpose, *word) for word in _first_yes(told) + told[-1:])


def _first_yes(told: Sequence[tuple[bool, BannerChoice]]) -> list[tuple[bool, BannerChoice]]:
    """Of what ended with a no."""
    return [word for word in told if word[0]][:1] if told and not told[-1][0] else []


def _choices(workspace: Workspace, browsers: Mapping[str, Sequence[BannerChoice]]) -> Iterator[Choice]:
    waiting = [row for rows in browsers.values() for row in rows if row.noted_at is None]
    names, texts = _names(workspace, waiting), _texts(workspace, waiting)
    for index, rows in browsers.items():
        subject = Subject(SubjectKind.DEVICE.value, index)
        for purpose, granted, row in words(rows):
            proof = {**row.proof, "data_source": names.get(row.proof.get("data_source"), "")}
            text = texts.get((purpose, row.proof.get("text_version", "")))
            yield Choice(subject, purpose, granted, row.given_at, row.is_dated, row.is_last, proof, text)


def _names(workspace: Workspace, rows: Iterable[BannerChoice]) -> dict[Any, str]:
    sources = Source.objects.filter(workspace=workspace, pk__in={row.proof.get("data_source") for row in rows})
    return dict(sources.values_list("pk", "name"))


def _texts(workspace: Workspace, rows: Iterable[BannerChoice]) -> dict[tuple[str, str], ConsentText]:
    """Texts published here that a banner says it showed, by purpose and "language version"."""
    named = {found.groups() for row in rows if (found := TEXT_VERSION.fullmatch(row.proof.get("text_version", "")))}
    wanted = Q(pk__in=[])
    for language, version in named:
        wanted |= Q(language=language, version=int(version))
    texts = ConsentText.objects.filter(wanted, workspace=workspace).select_related("purpose") if named else ()
    return {(text.purpose.key, str(text)): text for text in texts}


def _tidy(browsers: Iterable[Sequence[BannerChoice]]) -> int:
    """Of every browser the newest word stays, to be compared with: its proof is in the ledger now."""
    waiting, past = [], []
    for rows in browsers:
        newest = max(rows, key=lambda row: (row.is_last, row.told_at, row.pk))
        waiting += [row.pk for row in rows if row.noted_at is None]
        past += [row.pk for row in rows if row is not newest]
    BannerChoice.objects.filter(pk__in=waiting).update(noted_at=clock.now(), proof={})
    BannerChoice.objects.filter(pk__in=past).delete()
    return len(waiting)
