"""Pages of tickets: hand over what broke the plan, see whether it still happens, close it."""

from smtplib import SMTPException

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mops.lib import clock
from tracking.models import PlanViolation, Ticket
from tracking.plan import tickets, violations
from tracking.plan.violations import Rule
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

LONGEST_NOTE = 2_000


class TicketForm(forms.Form):
    sent_to = forms.EmailField(
        label=gettext_lazy("Send to"),
        required=False,
        help_text=gettext_lazy("A person, or the mailbox of your ticket system (Jira, GitLab, Zendesk). Empty: only note it here."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("What it costs, or by when it should be mended. No data of customers: it goes by mail."),
    )


class AddressForm(forms.Form):
    sent_to = forms.EmailField()


@require_GET
def listing(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """All tickets with what became of them."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    return render(request, "tracking/plan/tickets.html", {"rows": tickets.listed(space)})


@require_http_methods(["GET", "POST"])
def hand_over(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The form of a new ticket about the rule that the address names; without one, where to find them."""
    space = get_workspace(request, workspace, Permission.MANAGE_PLAN)
    if not request.GET:
        return redirect("plan:violations", space.slug)
    rule = _rule(request, space)
    initial = {"sent_to": tickets.last_address(space)}
    form = TicketForm(request.POST) if request.method == "POST" else TicketForm(initial=initial)
    if form.is_bound and form.is_valid():
        try:
            ticket = tickets.hand_over(space, rule, request.user, note=form.cleaned_data["note"])
        except tickets.NotBroken as problem:
            form.add_error(None, str(problem))
        else:
            if form.cleaned_data["sent_to"]:
                _send(request, ticket, form.cleaned_data["sent_to"])
            return redirect("plan:ticket", space.slug, ticket.pk)
    draft = Ticket(workspace=space, **rule._asdict(), made_at=clock.now())
    return render(request, "tracking/plan/hand_over.html", {"form": form, "ticket": draft, **_told(draft)})


def _rule(request: WorkspaceRequest, space: Workspace) -> Rule:
    """Of a rule that was really broken; anything else is no page."""
    source = tickets.source_of(space, request.GET.get("source", ""))
    said = [request.GET.get(name, "") for name in ("event", "kind", "property")]
    if source and not any("\0" in text for text in said):
        rule = Rule(source.pk, *said)
        if rule.event and violations.of(rule).exists():
            return rule
    raise Http404


@require_GET
def ticket(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """One ticket: what it says, whether it still happens, by release."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    found = get_object_or_404(Ticket.objects.select_related("source", "made_by", "workspace"), workspace=space, pk=pk)
    return render(request, "tracking/plan/ticket.html", {"ticket": found, **_told(found)})


def _told(ticket: Ticket) -> dict[str, object]:
    """What page and mail say of a ticket."""
    releases = tickets.releases(tickets.rule_of(ticket))
    last_at = max((one.last_at for one in releases), default=None)
    event = tickets.planned_event(ticket)
    since = max(filter(None, (ticket.closed_at, last_at)), default=ticket.made_at)
    told = {
        "state": tickets.state_of(ticket, last_at),
        "kind": PlanViolation.Kind(ticket.kind).label,
        "releases": releases,
        "total": sum(one.number for one in releases),
        "first_day": min((one.first_day for one in releases), default=None),
        "last_at": last_at,
        "event": event,
        "property": tickets.planned_property(ticket, event),
        "alike": tickets.alike(ticket, event),
        "since": since,
        "came": tickets.came_since(ticket, since),
        "most": tickets.COUNTED,
        "link": settings.SITE_URL + reverse("plan:ticket", args=[ticket.workspace.slug, ticket.pk]) if ticket.pk else "",
    }
    return told | {"text": render_to_string("tracking/plan/ticket.txt", {"ticket": ticket, **told}).strip()}


@require_POST
def send(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Mail the ticket (again)."""
    space = get_workspace(request, workspace, Permission.MANAGE_PLAN)
    found = get_object_or_404(Ticket, workspace=space, pk=pk)
    form = AddressForm(request.POST)
    if form.is_valid():
        _send(request, found, form.cleaned_data["sent_to"])
    else:
        messages.error(request, _("That is no e-mail address."))
    return redirect("plan:ticket", space.slug, pk)


def _send(request: WorkspaceRequest, ticket: Ticket, address: str) -> None:
    """Answers go to whoever sends it. A mail server that is down loses nothing: the ticket is there to be sent again."""
    subject = f"[mops {ticket}] {ticket.event}: {PlanViolation.Kind(ticket.kind).label} {ticket.property}"
    mail = EmailMessage(" ".join(subject.split()), str(_told(ticket)["text"]), to=[address], reply_to=[request.user.email])
    try:
        mail.send()
    except (OSError, SMTPException):
        messages.error(request, _("The ticket is noted, but the mail could not be sent. Try again, or copy the text."))
        return
    Ticket.objects.filter(pk=ticket.pk).update(sent_to=address, sent_at=clock.now())
    audit.record(ticket.workspace, request.user, "plan.ticket_sent", str(ticket), to=address)
    messages.success(request, _("Sent to %(address)s.") % {"address": address})


@require_POST
def close(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """It is mended, people say."""
    space = get_workspace(request, workspace, Permission.MANAGE_PLAN)
    if tickets.close(get_object_or_404(Ticket, workspace=space, pk=pk), request.user):
        messages.success(request, _("Closed. Should the rule be broken again, the ticket says so."))
    return redirect("plan:ticket", space.slug, pk)


@require_POST
def reopen(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_PLAN)
    found = get_object_or_404(Ticket, workspace=space, pk=pk)
    if found.closed_at and not tickets.reopen(found, request.user):
        messages.error(request, _("There is an open ticket about this already."))
    return redirect("plan:ticket", space.slug, pk)
