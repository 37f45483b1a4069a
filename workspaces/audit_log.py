"""Reading the audit log: what happened, in words, filtered, and as CSV."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mops.lib.tables import csv_lines
from workspaces.forms import AuditFilter
from workspaces.models import AuditEvent, Workspace

ACTIONS = {  # in words; an action without words shows its name
    "api_key.created": _("API key created"),
    "api_key.revoked": _("API key revoked"),
    "audit.exported": _("Audit log exported"),
    "budget.planned": _("Budget planned"),
    "campaign.archived": _("Campaign archived"),
    "campaign.changed": _("Campaign changed"),
    "campaign.created": _("Campaign created"),
    "campaign.linked": _("Platform campaigns linked"),
    "campaign.restored": _("Campaign brought back"),
    "campaign.unlinked": _("Platform campaign unlinked"),
    "connection.accounts_chosen": _("Accounts chosen"),
    "connection.accounts_looked_for": _("New accounts looked for"),
    "connection.backfill_cancelled": _("Backfill cancelled"),
    "connection.backfill_continued": _("Backfill continued"),
    "connection.created": _("Connection made"),
    "connection.deleted": _("Connection deleted"),
    "connection.disconnected": _("Connection disconnected"),
    "connection.fill_asked": _("Gaps asked to be filled"),
    "connection.login_failed": _("Login at a platform failed"),
    "connection.paused": _("Connection paused"),
    "connection.pull_asked": _("Pull asked for"),
    "connection.reauth_required": _("Login refused by the platform"),
    "connection.reconnected": _("Connection reconnected"),
    "connection.renamed": _("Connection renamed"),
    "connection.resumed": _("Connection resumed"),
    "connection.retried": _("Account tried again"),
    "connection.tested": _("Connection tested"),
    "consent.imported": _("Consents imported"),
    "consent.ledger_broken": _("Consent ledger checked: not as it was written"),
    "consent.ledger_checked": _("Consent ledger checked: as it was written"),
    "consent.person_viewed": _("Consents of a person viewed"),
    "consent.proof_printed": _("Proof of consent printed"),
    "consent.purpose_added": _("Purpose added"),
    "consent.purpose_changed": _("Purpose changed"),
    "consent.purposes_made": _("Purposes made"),
    "consent.removals_viewed": _("List of people to remove by hand viewed"),
    "consent.removed_by_hand": _("People removed from a list by hand"),
    "consent.suppressed": _("Person put on the suppression list"),
    "consent.text_published": _("Consent text published"),
    "consent.withdrawn": _("Consent withdrawn for a person"),
    "segment.archived": _("Segment archived"),
    "segment.build_cancelled": _("Build of a segment cancelled"),
    "segment.changed": _("Segment changed"),
    "segment.created": _("Segment created"),
    "segment.holdout_set": _("Control group of a segment set"),
    "segment.exported": _("Members of a segment exported"),
    "segment.members_viewed": _("Members of a segment viewed"),
    "segment.paused": _("Segment paused"),
    "segment.people_added": _("People put on a list"),
    "segment.people_previewed": _("Sample people of a rule viewed"),
    "segment.people_removed": _("People taken off a list"),
    "segment.person_viewed": _("Segments of a person viewed"),
    "segment.rebuilt": _("Segment built anew"),
    "segment.resumed": _("Segment goes on"),
    "webhook.created": _("Webhook made"),
    "webhook.changed": _("Webhook changed"),
    "webhook.paused": _("Webhook paused"),
    "webhook.resumed": _("Webhook resumed"),
    "webhook.deleted": _("Webhook deleted"),
    "webhook.sent_again": _("Webhook messages sent again"),
    "goal.archived": _("Goal archived"),
    "goal.changed": _("Goal changed"),
    "goal.created": _("Goal created"),
    "goal.restored": _("Goal brought back"),
    "import.done": _("Import of a file finished"),
    "import.failed": _("Import of a file failed"),
    "import.file_discarded": _("Uploaded file discarded"),
    "import.file_uploaded": _("File uploaded"),
    "import.refused_exported": _("Refused lines of a file exported"),
    "import.started": _("Import of a file started"),
    "import.undo_failed": _("Undoing an import failed"),
    "import.undo_started": _("Undoing an import started"),
    "import.undone": _("Import undone"),
    "member.invitation_revoked": _("Invitation withdrawn"),
    "member.invited": _("Invitation sent"),
    "member.joined": _("Member joined"),
    "member.removed": _("Member removed"),
    "member.role_changed": _("Role changed"),
    "plan.changed": _("Tracking plan changed"),
    "plan.exported": _("Tracking plan exported"),
    "plan.ticket_closed": _("Ticket closed"),
    "plan.ticket_opened": _("Ticket opened"),
    "plan.ticket_reopened": _("Ticket opened again"),
    "plan.ticket_sent": _("Ticket sent"),
    "platform_campaign.classified": _("Channel of a campaign chosen"),
    "report.exported": _("Figures exported"),
    "rights.access_downloaded": _("Access file downloaded"),
    "rights.access_prepared": _("Access file prepared"),
    "rights.erased": _("Person erased"),
    "rights.erasure_started": _("Erasure of a person started"),
    "rights.objection_done": _("Objection carried out"),
    "rights.received": _("Request of a person received"),
    "rights.refused": _("Request of a person refused"),
    "rights.register_exported": _("Record of processing activities exported"),
    "rights.retention_changed": _("Time data is kept changed"),
    "workspace.changed": _("Settings changed"),
    "workspace.created": _("Workspace created"),
}


def label(action: str) -> str:
    return str(ACTIONS.get(action, action))


def actions(workspace: Workspace) -> list[tuple[str, str]]:
    """What has happened here so far, as choices of the filter."""
    events = AuditEvent.objects.filter(workspace=workspace)
    names = events.order_by("action").values_list("action", flat=True).distinct()
    return [(name, label(name)) for name in names]


def filtered(workspace: Workspace, form: AuditFilter) -> QuerySet[AuditEvent]:
    """Newest first. A filter that makes no sense filters nothing."""
    events = AuditEvent.objects.filter(workspace=workspace).order_by("-at", "-pk")
    if not form.is_valid():
        return events
    chosen = form.cleaned_data
    if chosen["who"]:
        events = events.filter(actor_name__icontains=chosen["who"])
    if chosen["action"]:
        events = events.filter(action=chosen["action"])
    if chosen["since"]:
        events = events.filter(at__gte=_start(chosen["since"]))
    if chosen["until"]:
        events = events.filter(at__lt=_start(chosen["until"] + timedelta(days=1)))
    return events


def _start(day: date) -> datetime:
    """The day's first instant in the workspace's zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def as_csv(events: QuerySet[AuditEvent]) -> Iterator[bytes]:
    """All columns; instants in UTC."""
    rows = (
        (event.at.astimezone(UTC).isoformat(), event.actor_name, event.action, event.target, json.dumps(event.details))
        for event in events.iterator()
    )
    return csv_lines(("at", "who", "action", "target", "details"), rows)
