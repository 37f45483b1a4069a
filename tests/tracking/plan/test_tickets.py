"""What broke the plan is handed over, and the ticket knows whether it still happens."""

from datetime import timedelta

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.test import Client, override_settings
from django.urls import reverse

from mops.lib import clock
from tests.tracking.plan.plans import ORDER, arrive, order, plan
from tests.tracking.sending import a_source
from tracking.models import PlanViolation, Source, Ticket
from tracking.plan import tickets
from tracking.plan.tickets import State
from tracking.plan.violations import Rule
from workspaces.models import AuditEvent, Member, Role, User, Workspace

DESK = "service-desk@example.org"


def url(name: str, *args: object) -> str:
    return reverse(f"plan:{name}", args=["nordlicht", *args])


def later(**time: float) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(**time), tick=True)


@pytest.fixture
def source(workspace: Workspace) -> Source:
    plan(workspace)
    source = a_source(workspace, name="Web shop")
    context = {"context": {"app": {"version": "2.4"}}}
    arrive(
        source, order(1, {"total": "a secret"}, **context), order(2, {"total": "13"}, **context), order(3, event="order_complete")
    )
    return source


@pytest.fixture
def total(source: Source) -> Rule:
    """The rule that orders broke."""
    return Rule(source.pk, "Order Completed", "type", "total")


@pytest.fixture
def ticket(total: Rule, workspace: Workspace, marketer: User) -> Ticket:
    return tickets.hand_over(workspace, total, marketer)


def shown(mia: Client, ticket: Ticket) -> State:
    state: State = mia.get(url("ticket", ticket.pk)).context["state"]
    assert [one[1] for one in mia.get(url("tickets")).context["rows"] if one[0].pk == ticket.pk] == [state]
    return state


def test_it_begins_at_the_violation_and_goes_out_by_mail(mia: Client, total: Rule, mailoutbox: list[EmailMessage]) -> None:
    form = f"{url('hand_over')}?{total.query()}"
    assert form.replace("&", "&amp;") in mia.get(url("violations")).text
    assert "sent with another type than planned" in mia.get(form).text
    response = mia.post(form, {"sent_to": DESK, "note": "Revenue is missing."})
    ticket = Ticket.objects.get()
    assert response["Location"] == url("ticket", ticket.pk)
    (mail,) = mailoutbox
    assert (mail.to, mail.reply_to, mail.subject) == ([DESK], ["mia@example.org"], "[mops #1] Order Completed: Wrong type total")
    for said in ("Web shop", "Seen in 2 events", "- 2.4: 2", "total: number, required", "Web team", "Revenue is missing.",
                 url("ticket", ticket.pk)):  # fmt: skip
        assert said in mail.body
    assert "secret" not in mail.body
    assert form.replace("&", "&amp;") not in mia.get(url("violations")).text
    assert DESK in mia.get(f"{url('hand_over')}?{total._replace(event='order_complete', kind='event', property='').query()}").text
    assert sorted(AuditEvent.objects.filter(action__startswith="plan.ticket").values_list("action", flat=True)) == [
        "plan.ticket_opened", "plan.ticket_sent",
    ]  # fmt: skip


def test_an_unknown_name_says_what_may_be_meant(mia: Client, total: Rule) -> None:
    unknown = total._replace(event="order_complete", kind="event", property="")
    assert "The plan has “Order Completed”" in mia.get(f"{url('hand_over')}?{unknown.query()}").text


def test_a_ticket_is_closed_and_comes_back_by_itself(mia: Client, source: Source, ticket: Ticket) -> None:
    assert shown(mia, ticket) == State.HAPPENS
    with later(days=4):
        assert shown(mia, ticket) == State.QUIET
        mia.post(url("ticket_close", ticket.pk))
        assert shown(mia, ticket) == State.MENDED
    with later(days=5):
        arrive(source, order(4))
        page = mia.get(url("ticket", ticket.pk))
        assert (page.context["state"], page.context["came"]) == (State.MENDED, 1)
        arrive(source, order(5, {"total": "14"}))
        assert shown(mia, ticket) == State.BACK
        mia.post(url("ticket_reopen", ticket.pk))
        assert shown(mia, ticket) == State.HAPPENS


def test_mended_is_not_believed_before_an_event_came(mia: Client, ticket: Ticket) -> None:
    mia.post(url("ticket_close", ticket.pk))
    assert "nothing is proved yet" in mia.get(url("ticket", ticket.pk)).text


def test_one_rule_has_one_open_ticket(mia: Client, workspace: Workspace, total: Rule, ticket: Ticket, marketer: User) -> None:
    again = mia.post(f"{url('hand_over')}?{total.query()}", {"note": "again"})
    assert "open ticket about this already" in again.text
    assert "again" in again.text
    mia.post(url("ticket_close", ticket.pk))
    second = tickets.hand_over(workspace, total, marketer)
    assert second.number == 2
    mia.post(url("ticket_reopen", ticket.pk))
    assert list(Ticket.objects.filter(closed_at=None)) == [second]


@pytest.mark.parametrize(
    "wrong", [{"source_id": 0}, {"event": "never sent"}, {"event": ""}, {"kind": "nonsense"}, {"property": "a\0b"}], ids=str
)
def test_only_what_broke_the_plan_can_be_handed_over(mia: Client, total: Rule, wrong: dict[str, object]) -> None:
    address = f"{url('hand_over')}?{total._replace(**wrong).query()}"
    assert mia.get(address).status_code == mia.post(address, {}).status_code == 404
    assert not Ticket.objects.exists()


def test_a_rule_of_another_workspace_is_none_here(mia: Client, other: Workspace) -> None:
    plan(other)
    arrive(a_source(other), order(1, {"total": "1"}))
    broken = PlanViolation.objects.get()
    rule = Rule(broken.source_id, broken.event, broken.kind, broken.property)
    assert mia.post(f"{url('hand_over')}?{rule.query()}", {}).status_code == 404


def test_a_mail_server_that_is_down_loses_nothing(mia: Client, total: Rule, mailoutbox: list[EmailMessage]) -> None:
    down = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": 9}
    with override_settings(**down):
        page = mia.post(f"{url('hand_over')}?{total.query()}", {"sent_to": DESK}, follow=True)
    assert "could not be sent" in page.text
    ticket = Ticket.objects.get()
    assert ticket.sent_at is None
    mia.post(url("ticket_send", ticket.pk), {"sent_to": DESK})
    assert [mail.to for mail in mailoutbox] == [[DESK]]
    assert "no e-mail address" in mia.post(url("ticket_send", ticket.pk), {"sent_to": "nobody"}, follow=True).text


def test_a_manager_reads_tickets_and_changes_none(client: Client, workspace: Workspace, ticket: Ticket) -> None:
    boss = User.objects.create_user("max@example.org", name="Max Muster", language="en")
    Member.objects.create(workspace=workspace, user=boss, role=Role.MANAGER)
    client.force_login(boss)
    assert "It is mended" not in client.get(url("ticket", ticket.pk)).text
    assert "tickets/new" not in client.get(url("violations")).text
    assert client.post(url("ticket_close", ticket.pk)).status_code == 403


def test_a_rule_that_left_the_plan_is_still_told(mia: Client, workspace: Workspace, ticket: Ticket) -> None:
    plan(workspace, ORDER.__class__("track", "Lead"))
    assert mia.get(url("ticket", ticket.pk)).context["property"] is None
