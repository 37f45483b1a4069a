"""Random histories: whatever people and their banners say, in whatever order, nobody without consent passes the gate.

A browser passes only by a yes that was chosen after every no; where its words came in order, the last one counts.

`python -m tests.chaos.consent_histories` runs ten thousand of them.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.tracking.consent.people import say, someone
from tests.tracking.consent.visiting import NAME, Browser
from tracking.blind_index import Subject, subject_of
from tracking.consent import banner, chain, checking, double_opt_in, noting, purposes, suppression
from tracking.consent.appending import LOST
from tracking.consent.deriving import RESTRICTIONS, derive
from tracking.consent.gate import release
from tracking.consent.ledger import Statement, expire_due, withdraw
from tracking.consent.merging import merge_subjects, unlink
from tracking.consent.suppression import Suppression
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, ConsentState, DoubleOptIn, Release
from workspaces.models import Workspace

HISTORIES = 500
PURPOSES = ["analytics", "phone"]
NAMES = ["one", "two", "three"]
START = datetime(2026, 1, 1, tzinfo=UTC)
people = st.integers(0, len(NAMES))  # the last is a browser
uses = st.sampled_from(PURPOSES)
BANNER = [{"analytics": True, "phone": True}, {"analytics": True, "phone": False}, {"analytics": False, "phone": False}]
SKEWS = [timedelta(0), timedelta(minutes=1), timedelta(minutes=-1), timedelta(hours=3), timedelta(days=-300)]
VALID = timedelta(days=700)  # at least, of every grant
Reason = Suppression.Reason
SAID = {Reason.OBJECTION, Reason.COMPLAINT}


class Told:
    """What one person said about one purpose, remembered the simplest way."""

    def __init__(self) -> None:
        self.no_at: datetime | None = None
        self.lost_at: datetime | None = None  # the address came to its end
        self.yes: list[datetime] = []

    def is_yes(self, now: datetime) -> bool:
        counting = [at for at in self.yes if self.no_at is None or at > self.no_at]
        return bool(counting) and now < max(counting).replace(year=max(counting).year + 2)

    def was_no(self) -> bool:
        return self.no_at is not None and not any(at > self.no_at for at in self.yes)


class Histories(RuleBasedStateMachine):
    count = 0
    workspace: Workspace  # made once, by `run`; what a history writes is rolled back
    subjects: list[Subject]

    @initialize(skew=st.sampled_from(SKEWS))
    def begin(self, skew: timedelta) -> None:
        type(self).count += 1
        self.rolled_back: Any = transaction.atomic()
        self.rolled_back._from_testcase = True  # releases refuse to run inside any other transaction
        self.rolled_back.__enter__()
        self.travel = time_machine.travel(START, tick=False)
        self.clock, self.now = self.travel.start(), START
        self.told: dict[tuple[Subject, str], Told] = defaultdict(Told)
        self.links: set[frozenset[Subject]] = set()
        self.own: dict[Subject, str] = {}  # on the list for something of their own
        self.brought: set[Subject] = set()  # by a link
        self.asked: list[tuple[Subject, str, datetime]] = []
        self.jobs = 0
        self.device, self.browser = self.subjects[-1], Browser(self.workspace.pk, skew)

    def teardown(self) -> None:
        if not hasattr(self, "travel"):
            return
        try:
            self._verify()
        finally:
            transaction.set_rollback(True)
            self.rolled_back.__exit__(None, None, None)
            self.travel.stop()

    def _verify(self) -> None:
        """Events never change and states follow from them: what went wrong on the way can still be seen at the end."""
        for purpose in PURPOSES:
            self._release(purpose)
        assert chain.verify(self.workspace.pk) is None
        said = defaultdict(list)
        for event in ConsentEvent.objects.filter(workspace=self.workspace):
            said[event.subject, event.purpose_id].append(event)
        for state in ConsentState.objects.filter(workspace=self.workspace).select_related("purpose"):
            derived = derive(said[state.subject, state.purpose_id], state.purpose.expiry_months)
            assert (state.decision, state.since, state.expires_at, state.event_seq) == derived
        assert checking.differing(self.workspace) == 0

    def _pass(self, **time: int) -> None:
        self.now += timedelta(**time)
        self.clock.move_to(self.now)

    def _group(self, person: Subject) -> set[Subject]:
        group: set[Subject] = set()
        while person not in group or any(link & group and not link <= group for link in self.links):
            group |= {person}.union(*(link for link in self.links if link & group))
        return group

    @property
    def suppressed(self) -> set[Subject]:
        return self.brought | self.own.keys()

    def _objects(self, group: set[Subject]) -> bool:
        return any(self.own.get(person) in SAID or person in self.brought for person in group)

    @rule(who=people, purpose=uses, hours=st.sampled_from([0, 0, 1, 48, 17_000]))
    def grant(self, who: int, purpose: str, hours: int) -> None:
        self._pass(seconds=1)
        given = self.now - timedelta(hours=hours)
        say(self.workspace, self.subjects[who], Decision.GRANTED, purpose, given_at=given)
        self.told[self.subjects[who], purpose].yes.append(given)

    @rule(who=people, purpose=uses, decision=st.sampled_from([Decision.DENIED, Decision.WITHDRAWN]))
    def refuse(self, who: int, purpose: str, decision: Decision) -> None:
        self._pass(seconds=1)
        say(self.workspace, self.subjects[who], decision, purpose, given_at=self.now - timedelta(days=3))
        for person in self._group(self.subjects[who]):
            self.told[person, purpose].no_at = self.now

    @rule(who=people)
    def withdraw_all(self, who: int) -> None:
        self._pass(seconds=1)
        withdraw(self.workspace, self.subjects[who], PURPOSES, source="one_click", proof={})
        for person in self._group(self.subjects[who]):
            for purpose in PURPOSES:
                self.told[person, purpose].no_at = self.now

    @rule(who=people, purpose=uses)
    def import_without_proof(self, who: int, purpose: str) -> None:
        self._pass(seconds=1)
        say(self.workspace, self.subjects[who], Decision.UNPROVEN, purpose, source="import")

    @rule(who=people, other=people)
    def merge(self, who: int, other: int) -> None:
        self._pass(seconds=1)
        one, two = self._group(self.subjects[who]), self._group(self.subjects[other])
        if one != two:
            self._keep_stricter(one, two)  # before the ledger does: what the browser says is read there
        if who != other:
            self.links.add(frozenset([self.subjects[who], self.subjects[other]]))
        merge_subjects(self.workspace, self.subjects[who], self.subjects[other])

    def _keep_stricter(self, *parts: set[Subject]) -> None:
        """What one refuses the other refuses too; what either decided within itself stands. An objection is one to everything."""
        group = set.union(*parts)
        listed = self.suppressed
        fresh = {person for part in parts if self._objects(group - part) for person in part - listed}
        self.brought |= fresh
        for purpose in PURPOSES:
            refusing = {person for person in group if self._is_no(person, purpose) and not self._is_lost(person, purpose)}
            self._no(fresh, purpose)
            for part in parts:
                if refusing - part:
                    self._no(part - refusing, purpose)

    @rule(which=st.integers(0, 5))
    def unlink(self, which: int) -> None:
        """What was refused stays refused; on the list stays who said so, and who still is one person with them."""
        self._pass(seconds=1)
        links = sorted(self.links, key=lambda link: sorted(one.index for one in link))
        if which >= len(links):
            return
        one, other = links[which]
        before = self._group(one)
        self.links.remove(links[which])
        said = {person for person in before if self.own.get(person) in SAID}
        if said:
            self.brought -= {person for person in before if not self._group(person) & said}
        unlink(self.workspace, one, other)

    def _no(self, group: set[Subject], purpose: str) -> None:
        for person in group:
            self.told[person, purpose].no_at = self.now

    def _is_no(self, person: Subject, purpose: str) -> bool:
        if person == self.device:
            return self._of_browser(purpose) in RESTRICTIONS
        return self.told[person, purpose].was_no()

    def _is_lost(self, person: Subject, purpose: str) -> bool:
        """Not refused by anybody: so it holds for nobody else."""
        if person == self.device:
            of_device = ConsentState.objects.filter(workspace=self.workspace, subject=person.index, purpose__key=purpose)
            seqs = of_device.values_list("event_seq", flat=True)
            return ConsentEvent.objects.filter(workspace=self.workspace, seq__in=seqs, source__in=LOST).exists()
        told = self.told[person, purpose]
        return told.lost_at is not None and told.lost_at == told.no_at

    def _is_granted(self, person: Subject, purpose: str) -> bool:
        if person == self.device:
            return self._of_browser(purpose) == Decision.GRANTED
        return bool(self.told[person, purpose].yes) and not self.told[person, purpose].was_no()

    def _of_browser(self, purpose: str) -> str:
        """What holds for the browser; its laws are checked elsewhere, here it matters for those linked to it."""
        rows = ConsentState.objects.filter(workspace=self.workspace, subject=self.device.index, purpose__key=purpose)
        return rows.values_list("decision", flat=True).first() or ""

    @rule(who=people)
    def object(self, who: int) -> None:
        self._pass(seconds=1)
        self._listed(self.subjects[who], Reason.OBJECTION)

    @rule(who=people)
    def complain(self, who: int) -> None:
        self._pass(seconds=1)
        self._listed(self.subjects[who], Reason.COMPLAINT)

    def _listed(self, person: Subject, reason: Suppression.Reason) -> None:
        suppression.suppress(self.workspace, person, reason)
        group = self._group(person)
        self.own.setdefault(person, reason)
        self.brought = (self.brought | group) - self.own.keys()
        for purpose in PURPOSES:
            self._no(group, purpose)

    @rule(who=people, reason=st.sampled_from([Reason.BOUNCE, Reason.ERASURE]))
    def lose_an_address(self, who: int, reason: Suppression.Reason) -> None:
        """It is on the list alone; a bounce ends its grants, an erasure those of the person."""
        self._pass(seconds=1)
        person = self.subjects[who]
        for purpose in PURPOSES:
            ended = {person} if reason == Reason.BOUNCE else self._group(person)
            for one in ended:
                if self._is_granted(one, purpose):
                    self.told[one, purpose].no_at = self.told[one, purpose].lost_at = self.now
        self.own.setdefault(person, reason)
        self.brought.discard(person)
        suppression.suppress(self.workspace, person, reason)

    @rule(who=people, purpose=uses)
    def agree_anew(self, who: int, purpose: str) -> None:
        """In the preference centre."""
        self._pass(seconds=1)
        statement = Statement(self.subjects[who], purpose, Decision.GRANTED, "preferences")
        suppression.record_own(self.workspace, [statement])
        self._agreed(self.subjects[who], purpose)

    def _agreed(self, person: Subject, purpose: str) -> None:
        self.told[person, purpose].yes.append(self.now)
        if self.own.get(person, Reason.OBJECTION) == Reason.OBJECTION:  # the rest no consent lifts
            group = self._group(person)
            self.brought -= group
            self.own = {one: why for one, why in self.own.items() if one not in group or why != Reason.OBJECTION}

    def _is_over(self, person: Subject) -> bool:
        return self.own.get(person, Reason.OBJECTION) != Reason.OBJECTION

    @rule(who=st.integers(0, len(NAMES) - 1), purpose=uses)
    def ask_by_mail(self, who: int, purpose: str) -> None:
        self._pass(hours=9)  # as often as an address may be asked
        asked = double_opt_in.request(self.workspace, f"{NAMES[who]}@example.org", purpose, language="en", proof={})
        assert bool(asked) != self._is_over(self.subjects[who])
        if asked is None:
            return
        DoubleOptIn.objects.filter(pk=asked.pk).update(token_hash=double_opt_in.hashed(str(len(self.asked))))
        self.asked.append((self.subjects[who], purpose, self.now))

    @rule(number=st.integers(0, 3))
    def confirm(self, number: int) -> None:
        """A link of whenever: it counts if nothing was refused since, once, for a week."""
        self._pass(seconds=1)
        if number >= len(self.asked):
            return
        person, purpose, at = self.asked[number]
        told = self.told[person, purpose]
        counts = self.now < at + double_opt_in.VALID and (told.no_at is None or told.no_at < at) and not self._is_over(person)
        try:
            double_opt_in.confirm(str(number), {})
        except double_opt_in.UnableToConfirm:
            assert not counts
        else:
            assert counts
            self._agreed(person, purpose)
            self.asked[number] = (person, purpose, START - double_opt_in.VALID)

    @rule(months=st.sampled_from([1, 12, 23]))
    def wait(self, months: int) -> None:
        self._pass(days=31 * months)

    @rule()
    def note_expired(self) -> None:
        self._pass(seconds=1)
        before = {purpose: self._of_browser(purpose) for purpose in PURPOSES}
        expire_due(self.workspace)
        for (person, purpose), told in self.told.items():
            is_over = told.yes and not told.was_no() and not told.is_yes(self.now)
            if person == self.device:
                is_over = before[purpose] != self._of_browser(purpose)
            if is_over:
                told.no_at = self.now

    @rule(said=st.sampled_from(BANNER), is_dated=st.booleans())
    def choose_in_the_banner(self, said: dict[str, bool], is_dated: bool) -> None:
        self._pass(seconds=1)
        self.browser.choose(said, self.now, is_dated=is_dated)

    @rule()
    def browse(self) -> None:
        self._pass(seconds=1)
        self.browser.browse(self.now)

    @rule(place=st.integers(0, 3), hung=st.booleans(), wait=st.sampled_from([0, 7, 30]))
    def receive(self, place: int, hung: bool, wait: int) -> None:
        """One of the browser's messages arrives, maybe late and out of order."""
        self._pass(seconds=1, minutes=wait)
        if self.browser.flying:
            banner.keep([self.browser.deliver(min(place, len(self.browser.flying) - 1), self.now, hung=hung)])

    @rule()
    def note_what_banners_told(self) -> None:
        self._pass(seconds=1)
        before = ConsentEvent.objects.filter(workspace=self.workspace).count()
        noting.note_waiting()
        self.browser.note()
        for event in ConsentEvent.objects.filter(workspace=self.workspace, seq__gt=before, subject=self.device.index):
            if event.decision in RESTRICTIONS:
                self._no(self._group(self.device) - {self.device}, event.purpose.key)

    @invariant()
    def nobody_without_consent_passes_and_everybody_with_it_does(self) -> None:
        self._release(PURPOSES[self.jobs % 2])

    def _release(self, purpose: str) -> None:
        self.jobs += 1
        outcome = release(self.workspace, purpose, self.subjects, destination="list", job=f"job-{self.jobs}", send=len)
        others = self.subjects[:-1]
        expected = [p for p in others if self.told[p, purpose].is_yes(self.now) and p not in self.suppressed]
        assert set(outcome.allowed) - {self.device} == set(expected)
        self._check_browser(purpose, passes=self.device in outcome.allowed)

    def _check_browser(self, purpose: str, *, passes: bool) -> None:
        told, heard = self.told[self.device, purpose], self.browser.heard
        noes = [told.no_at] if told.no_at else []
        noes += [word.chosen_at for word in heard if not word.said[purpose]]
        yes = [*told.yes, *(word.chosen_at for word in heard if word.said[purpose])]
        if passes:
            assert self.device not in self.suppressed
            assert any(all(at > no for no in noes) for at in yes), "a yes that came before a no lets nobody pass"
        elif heard and self.browser.in_order and not told.yes and not told.no_at and self.device not in self.suppressed:
            is_valid = all(self.now - word.chosen_at < VALID for word in heard)
            assert not (heard[-1].said[purpose] and is_valid), "the last word of a browser counts"

    @invariant()
    def whatever_left_is_allowed_still_or_being_taken_back(self) -> None:
        for row in Release.objects.filter(workspace=self.workspace, removal="").select_related("purpose"):
            assert not self._is_no(Subject(row.subject_kind, row.subject), row.purpose.key)


def run(histories: int, machine: type[Histories] = Histories) -> None:
    """Raises the shortest history found that breaks a promise."""
    machine.workspace = Workspace.objects.create(name="Histories (sample)", slug="histories")
    machine.subjects = [someone(machine.workspace, name) for name in NAMES]
    machine.subjects.append(subject_of(machine.workspace.pk, "device", NAME))
    purposes.ensure(machine.workspace)
    for key, purpose in purposes.purposes_of(machine.workspace, PURPOSES).items():
        purposes.publish(purpose, "en", f"May we use it for {key}?", by=None)
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"):
        run_state_machine_as_test(machine, settings=settings(
            max_examples=histories, stateful_step_count=12, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        ))  # fmt: skip


@pytest.mark.long
def test_nobody_without_consent_passes_whatever_happened_before(db: None) -> None:
    run(HISTORIES)
