"""What members decide about who is who, and what it means for events, traits and consents."""

from datetime import timedelta
from typing import Any

import pytest

from mops.lib import clock
from tests.tracking.profiles.seeing import KINDS, groups, people, resolve_all, seen
from tests.tracking.sending import a_source, send
from tracking import partitions
from tracking.blind_index import Indexer, Subject, subject_of
from tracking.consent import linking, purposes, suppression
from tracking.consent.ledger import Statement, record
from tracking.consent_models import Decision
from tracking.ingest import run
from tracking.models import ConsentState, DuplicateSuggestion, Event, Identity, Merge, Source, SubjectLink
from tracking.profiles import consents, deciding, traits
from tracking.profiles.batch import SUBJECT_KINDS, Observation
from tracking.profiles.extract import Said
from tracking.profiles.resolution import resolve
from workspaces.models import AuditEvent, User, Workspace


@pytest.fixture
def shop(workspace: Workspace) -> Source:
    partitions.ensure_ahead()
    return a_source(workspace)


def said(source: Source, *events: dict[str, Any]) -> None:
    """Events through the real collector and ingest, each in a batch of its own."""
    for number, event in enumerate(events):
        content = {"type": "track", "event": "Product Viewed", "messageId": f"{Event.objects.count()}-{number}", **event}
        assert send(source, "batch", {"batch": [content]}).status_code == 200
        assert run.run_batch()


def owners() -> list[int | None]:
    return list(Event.objects.order_by("id").values_list("profile_id", flat=True))


def test_it_undoes_a_merge_with_its_events_and_keeps_the_two_apart(workspace: Workspace, shop: Source, marketer: User) -> None:
    said(shop, {"anonymousId": "a-1"}, {"userId": "u-1"}, {"anonymousId": "a-1", "userId": "u-1"})
    merge = Merge.objects.get()
    assert set(owners()) == {merge.into_id}
    brought_back = deciding.undo(workspace, merge.pk, marketer)
    first, second, _ = owners()
    assert {first, second} == {merge.into_id, merge.source_id}
    assert brought_back.pk == merge.source_id
    assert brought_back.merged_into_id is None
    assert owners() == [first, second, second]  # the user id says whose the third is
    said(shop, {"anonymousId": "a-1", "userId": "u-1"}, {"anonymousId": "a-1", "context": {"traits": {"email": "m@example.org"}}})
    assert len(people(workspace)) == 2
    with pytest.raises(deciding.UnableToDecide):
        deciding.undo(workspace, merge.pk, marketer)
    assert AuditEvent.objects.filter(action="profile.merge_undone").count() == 1


def test_it_moves_events_when_a_device_proves_to_be_shared(workspace: Workspace, shop: Source) -> None:
    said(shop, {"anonymousId": "kiosk", "userId": "u-1"}, {"anonymousId": "kiosk"})
    assert owners()[0] == owners()[1]
    said(shop, *({"anonymousId": "kiosk", "userId": f"u-{n}"} for n in range(2, 5)))
    assert owners()[0] != owners()[1]
    assert len(set(owners())) == 5


def test_it_joins_what_a_member_confirms_and_can_part_it_again(workspace: Workspace, marketer: User) -> None:
    resolve_all(workspace, [seen(1, "u1", "e1"), seen(2, "u2", "a2"), seen(3, "u2", "e1")])
    suggestion = DuplicateSuggestion.objects.get()
    profile = deciding.confirm(workspace, suggestion.pk, marketer)
    assert people(workspace) == groups("u1 u2 e1 a2")
    merge = Merge.objects.get()
    assert (merge.into_id, merge.reason) == (profile.pk, "confirmed")
    resolve(workspace, [seen(4, "u2", "a3")])
    assert people(workspace) == groups("u1 u2 e1 a2 a3")
    deciding.undo(workspace, merge.pk, marketer)
    assert people(workspace) == groups("u1 e1", "u2 a2 a3")
    with pytest.raises(deciding.UnableToDecide):
        deciding.dismiss(workspace, suggestion.pk, marketer)


def test_it_asks_no_more_about_what_a_member_dismissed(workspace: Workspace, marketer: User) -> None:
    resolve_all(workspace, [seen(1, "u1", "e1"), seen(2, "u2", "e1")])
    deciding.dismiss(workspace, DuplicateSuggestion.objects.get().pk, marketer)
    resolve_all(workspace, [seen(3, "u2", "e1"), seen(0, "u2", "e1")])
    assert DuplicateSuggestion.objects.get().state == "dismissed"


def test_it_makes_the_stricter_consent_hold_for_the_merged_person(workspace: Workspace) -> None:
    purposes.ensure(workspace)
    mail, user = subject_of(workspace.pk, "email", "mia@example.org"), subject_of(workspace.pk, "user", "u-1")
    record(workspace, Statement(mail, "email", Decision.WITHDRAWN, "preferences"))
    record(workspace, Statement(user, "email", Decision.GRANTED, "api"))
    resolve(workspace, [Observation(1, clock.now(), [Said("user_id", "u-1"), Said("email", "mia@example.org")])])
    assert set(ConsentState.objects.values_list("decision", flat=True)) <= {"withdrawn", "denied"}
    assert SubjectLink.objects.filter(ended_at=None).count() == 1


def test_it_ends_the_links_of_consent_when_people_are_parted(workspace: Workspace, marketer: User) -> None:
    resolve_all(workspace, [seen(1, "a1"), seen(2, "u1"), seen(3, "u1", "a1")], 1)
    assert SubjectLink.objects.filter(ended_at=None).count() == 1
    deciding.undo(workspace, Merge.objects.get().pk, marketer)
    assert SubjectLink.objects.filter(ended_at=None).count() == 0


def test_it_takes_whom_a_wrong_merge_brought_on_the_list_off_it(workspace: Workspace, marketer: User) -> None:
    resolve_all(workspace, [seen(1, "e1"), seen(2, "u1"), seen(3, "u1", "e1")], 1)
    mail, user = (_subject(workspace, name) for name in ("e1", "u1"))
    suppression.suppress(workspace, user, suppression.Reason.COMPLAINT)
    assert suppression.entry(workspace, mail)
    deciding.undo(workspace, Merge.objects.get().pk, marketer)
    assert suppression.entry(workspace, user)
    assert suppression.entry(workspace, mail) is None


def test_a_split_ends_no_newer_grant_of_those_who_stay_together(workspace: Workspace) -> None:
    """Their links may hang on the device that goes: they are strangers for a moment, and must not count as such."""
    resolve_all(workspace, [seen(1, "u1", "a1"), seen(2, "u1", "e1")], 1)
    mail, user = (_subject(workspace, name) for name in ("e1", "u1"))
    suppression.suppress(workspace, user, suppression.Reason.OBJECTION)
    suppression.record_own(workspace, [Statement(mail, "email", Decision.GRANTED, "double_opt_in")])
    resolve_all(workspace, [seen(10, "u2", "a1"), seen(11, "u3", "a1"), seen(12, "u4", "a1")], 1)
    assert people(workspace) == groups("u1 e1", "a1", "u2", "u3", "u4")
    assert ConsentState.objects.get(subject=mail.index, purpose__key="email").decision == "granted"
    record(workspace, Statement(user, "email", Decision.WITHDRAWN, "form"))
    assert ConsentState.objects.get(subject=mail.index, purpose__key="email").decision == "withdrawn", "still one person"


def test_those_who_stay_together_in_a_split_stay_on_the_list(workspace: Workspace) -> None:
    resolve_all(workspace, [seen(1, "u1", "a1"), seen(2, "u1", "e1")], 1)
    suppression.suppress(workspace, _subject(workspace, "u1"), suppression.Reason.OBJECTION)
    resolve_all(workspace, [seen(10, "u2", "a1"), seen(11, "u3", "a1"), seen(12, "u4", "a1")], 1)
    assert {name for name in ("u1", "e1", "a1") if suppression.entry(workspace, _subject(workspace, name))} == {"u1", "e1"}


def test_an_identifier_that_is_forgotten_parts_nobody_and_takes_its_objection_along(workspace: Workspace) -> None:
    resolve_all(workspace, [seen(1, "u1", "e1"), seen(2, "u1", "p1")], 1)
    mail, user, phone = (_subject(workspace, name) for name in ("e1", "u1", "p1"))
    suppression.suppress(workspace, mail, suppression.Reason.OBJECTION)
    assert suppression.entry(workspace, phone)
    consents.part(workspace, [mail.index])
    assert linking.groups(workspace.pk, [user])[user] == {user, phone}
    assert [bool(suppression.entry(workspace, one)) for one in (mail, user, phone)] == [True, False, False]


def _subject(workspace: Workspace, name: str) -> Subject:
    kind = KINDS[name[0]]
    return Subject(SUBJECT_KINDS[kind], Indexer(workspace.pk).index(SUBJECT_KINDS[kind], name))


def test_it_shows_the_newest_trait_in_any_order_and_seals_personal_ones(workspace: Workspace, shop: Source) -> None:
    now = clock.now()
    events = [
        {"type": "identify", "userId": "u-1", "traits": {"plan": plan, "name": name}, "timestamp": str(now - timedelta(hours=age))}
        for plan, name, age in [("gold", "Mia Muster", 1), ("silver", "Mia Alt", 5), ("tin", "Mia Uralt", 9)]
    ]
    said(shop, *events)
    shown = traits.of_profile(workspace, list(Identity.objects.all()), clear=True)
    assert {trait.name: trait.value for trait in shown} == {"plan": "gold", "name": "Mia Muster"}
    hidden = traits.of_profile(workspace, list(Identity.objects.all()), clear=False)
    assert {trait.name: trait.value for trait in hidden} == {"plan": "gold", "name": None}


@pytest.mark.parametrize("before", [{"type": "identify", "userId": "old-1"}, {"anonymousId": "a-1", "userId": "old-1"}])
def test_it_asks_whether_an_alias_of_a_known_user_id_is_one_person(
    workspace: Workspace, shop: Source, marketer: User, before: dict[str, Any]
) -> None:
    said(shop, before, *[{"type": "alias", "userId": "new-1", "previousId": "old-1"}] * 2)
    suggestion = DuplicateSuggestion.objects.get()
    assert suggestion.reason == "two_users"
    owners = set(Identity.objects.filter(kind="user_id").values_list("profile", flat=True))
    assert len(owners) == 2
    deciding.confirm(workspace, suggestion.pk, marketer)
    assert Identity.objects.values("profile").distinct().count() == 1
    said(shop, {"type": "alias", "userId": "new-1", "previousId": "old-1"})
    assert DuplicateSuggestion.objects.get().state == "confirmed"


def test_it_joins_the_device_of_an_alias_without_asking(workspace: Workspace, shop: Source) -> None:
    said(shop, {"anonymousId": "a-1"}, *({"type": "alias", "userId": "u-1", "previousId": id_} for id_ in ("a-1", "u-1")))
    assert not DuplicateSuggestion.objects.exists()
    assert people(workspace) == groups("a-1 u-1")


def test_it_suggests_people_of_one_name_and_address(workspace: Workspace, shop: Source) -> None:
    one = {"name": "Dr. Jörg Weiß", "address": {"street": "Beispielstr. 5 a", "postalCode": "01067", "city": "Dresden"}}
    other = {"firstName": "Joerg", "lastName": "Weiss", "address": {"street": "Beispielstraße 5A", "zip": "01067"}}
    said(shop, *({"type": "identify", "userId": f"u-{n}", "traits": said} for n, said in enumerate((one, other))))
    assert DuplicateSuggestion.objects.get().reason == "same_person"
