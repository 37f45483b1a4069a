"""One object of every kind that an address can name, in a workspace of one's choice."""

from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils import timezone

from campaigns.models import Campaign, CampaignLink
from channels.connectors.base import EntityRow
from channels.models import AdAccount, Connection, PlatformCampaign
from mops.lib.crypto import seal
from reporting.models import SavedView
from segments.models import Delivery, Endpoint, EndpointSegment, Membership, PastMembership, Segment, SegmentVersion
from tests.channels.builders import a_row, store
from tracking.consent import purposes
from tracking.models import (
    AccessFile,
    Conversion,
    DataSubjectRequest,
    DuplicateSuggestion,
    Goal,
    ImportFile,
    Merge,
    Order,
    PlanVersion,
    PlanViolation,
    Profile,
    Purpose,
    Source,
    Ticket,
)
from tracking.plan import tickets, violations
from tracking.plan.schema import PlannedEvent
from tracking.profiles.batch import Observation
from tracking.profiles.extract import Kind, Said
from tracking.profiles.resolution import resolve
from tracking.rights import requests as rights
from workspaces.models import ApiKey, Invitation, Member, Role, User, Workspace

CHANNEL = "paid_social"
VALUES: dict[str, dict[str, str]] = {  # addresses that name no object
    "": {},
    "channel": {"code": CHANNEL},
    "chart": {"page": "overview", "chart": "over-time", "kind": "csv"},
    "export": {"page": "overview", "kind": "csv"},
    "page": {"page": "overview"},
    "platform": {"platform": "meta"},
}


class Estate:
    """Objects are made when first asked for; all are named after `name`, so that a leak can be searched for."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace, self.name = workspace, name
        self.day = timezone.now().date() - timedelta(days=3)

    def kwargs(self, target: str) -> dict[str, Any]:
        """The arguments of an address for `target`: a key of VALUES, a pulled thing, or one of the objects below."""
        if target in VALUES:
            return dict(VALUES[target])
        if target in ("pulled", "pulled day", "pulled row"):
            day = {"day": self.day} if target != "pulled" else {}
            window = {"window": "default"} if target == "pulled row" else {}
            return {"code": CHANNEL, "campaign": self.platform_campaign.pk, **day, **window}
        found = getattr(self, target)
        if isinstance(found, SavedView):
            return {"page": found.table, "pk": found.pk}
        return {"uuid": found.uuid} if isinstance(found, Connection | Profile) else {"pk": found.pk}

    @cached_property
    def member(self) -> Member:
        user = User.objects.create_user(f"{self.name}@example.org", name=f"{self.name} person")
        return Member.objects.create(workspace=self.workspace, user=user, role=Role.MANAGER)

    @cached_property
    def invitation(self) -> Invitation:
        return Invitation.objects.create(
            workspace=self.workspace,
            email=f"{self.name}.invited@example.org",
            role=Role.MANAGER,
            token_hash=ApiKey.hash(f"{self.name} invitation"),
            expires_at=timezone.now() + timedelta(days=1),
        )

    @cached_property
    def api_key(self) -> ApiKey:
        return ApiKey.objects.create(workspace=self.workspace, name=f"{self.name} key", scopes=[], key_hash=ApiKey.hash(self.name))

    @cached_property
    def connection(self) -> Connection:
        connection = Connection(workspace=self.workspace, platform="meta", name=f"{self.name} connection")
        connection.credentials = {"access_token": "sandbox-system-user-token"}
        connection.save()
        return connection

    @cached_property
    def account(self) -> AdAccount:
        return AdAccount.objects.create(
            workspace=self.workspace,
            connection=self.connection,
            platform="meta",
            external_id=f"act_{self.workspace.pk}",
            name=f"{self.name} account",
            currency="EUR",
            time_zone="Europe/Berlin",
            selected=True,
        )

    @cached_property
    def platform_campaign(self) -> PlatformCampaign:
        """Seen by a pull that stored one day of it."""
        seen = EntityRow("campaign", "1", "", f"{self.name} platform campaign", "enabled", CHANNEL)
        day = self.day
        store(self.account, day, day + timedelta(days=1), [a_row(day, "1", spend=Decimal(7), clicks=1)], entities=[seen])
        return PlatformCampaign.objects.get(workspace=self.workspace)

    @cached_property
    def campaign(self) -> Campaign:
        return Campaign.objects.create(workspace=self.workspace, name=f"{self.name} campaign")

    @cached_property
    def link(self) -> CampaignLink:
        return CampaignLink.objects.create(
            workspace=self.workspace, campaign=self.campaign, platform_campaign=self.platform_campaign
        )

    @cached_property
    def purpose(self) -> Purpose:
        purpose = Purpose.objects.create(workspace=self.workspace, key="email", name=f"{self.name} newsletter")
        purposes.publish(purpose, "en", f"{self.name} asks for your consent.", by=None)
        return purpose

    @cached_property
    def subject_request(self) -> DataSubjectRequest:
        address = f"{self.name}.asks@example.org"
        return rights.receive(
            self.workspace, self.member.user, kind="access", identifier_kind="email", identifier=address, proof=f"{self.name} card"
        )

    @cached_property
    def access_file(self) -> AccessFile:
        return rights.prepare_access(self.subject_request, self.member.user)

    @cached_property
    def event_source(self) -> Source:
        return Source.objects.create(workspace=self.workspace, name=f"{self.name} source", kind="server", consent_mode="declared")

    @cached_property
    def plan_version(self) -> PlanVersion:
        """With an event of yesterday's that broke it."""
        event = PlannedEvent("track", f"{self.name} event", owner=f"{self.name} team")
        version = PlanVersion.objects.create(workspace=self.workspace, number=1, events=[event.as_json()])
        PlanViolation.objects.create(
            workspace=self.workspace, source=self.event_source, version=version, day=self.day, event=event.name, kind="type",
            property=f"{self.name} price", release=f"{self.name} 1", number=1, last_at=timezone.now(),
        )  # fmt: skip
        return version

    @cached_property
    def ticket(self) -> Ticket:
        """About what the event of the plan's version broke."""
        rule = violations.lines(PlanViolation.objects.filter(version=self.plan_version))[0].rule
        return tickets.hand_over(self.workspace, rule, self.member.user, note=f"{self.name} note")

    @cached_property
    def profile(self) -> Profile:
        """Two profiles that became one, and a third that may be the same person."""
        user, device = Said(Kind.USER_ID, f"{self.name} user"), Said(Kind.ANONYMOUS_ID, f"{self.name} visitor")
        other = Said(Kind.USER_ID, f"{self.name} other user")
        for number, said in enumerate(([user], [device], [user, device], [other, device])):
            resolve(self.workspace, [Observation(number, timezone.now(), said)])
        return Profile.objects.get(workspace=self.workspace, merges__isnull=False)

    @cached_property
    def merge(self) -> Merge:
        return Merge.objects.get(into=self.profile)

    @cached_property
    def suggestion(self) -> DuplicateSuggestion:
        return DuplicateSuggestion.objects.get(first__profile=self.profile)

    @cached_property
    def endpoint(self) -> Endpoint:
        """With a segment it hears of and a message that was given up."""
        purpose = Purpose.objects.create(workspace=self.workspace, key="webhook_test", name=f"{self.name} purpose")
        segment = Segment.objects.create(workspace=self.workspace, name=f"{self.name} heard of", purpose=purpose)
        endpoint = Endpoint(workspace=self.workspace, name=f"{self.name} endpoint", url="http://127.0.0.1:9/hook")
        endpoint.sealed_secret = seal({"secret": "whsec_c2VjcmV0"}, f"endpoint:{self.workspace.pk}:{endpoint.uuid}")
        endpoint.save()
        EndpointSegment.objects.create(workspace=self.workspace, endpoint=endpoint, segment=segment)
        Delivery.objects.create(
            workspace=self.workspace, endpoint=endpoint, segment=segment, event="entered", profiles=[1], at=timezone.now(),
            next_at=timezone.now(), state="dead", attempt=8, error=f"{self.name} error",
        )  # fmt: skip
        return endpoint

    @cached_property
    def saved_view(self) -> SavedView:
        """Shared with the workspace."""
        return SavedView.objects.create(workspace=self.workspace, table="channels", name=f"{self.name} view", query="period=7d")

    @cached_property
    def segment(self) -> Segment:
        """With a rule, one member, and one who left."""
        segment = Segment.objects.create(workspace=self.workspace, name=f"{self.name} segment", state=Segment.State.LIVE, size=1)
        leaf = {"kind": "person", "fact": "first_seen", "operator": "newer_than", "value": 30}
        rule = {"version": 1, "where": {"all": [leaf]}}
        segment.version = SegmentVersion.objects.create(workspace=self.workspace, segment=segment, number=1, rule=rule)
        segment.save()
        at, common = timezone.now(), {"workspace": self.workspace, "segment": segment, "profile": self.profile, "cause": "build"}
        Membership.objects.create(since=at, **common)
        PastMembership.objects.create(since=at, until=at, end_cause="time", **common)
        return segment

    @cached_property
    def people_list(self) -> Segment:
        return Segment.objects.create(workspace=self.workspace, name=f"{self.name} list", kind="list", state="live", size=0)

    @cached_property
    def goal(self) -> Goal:
        """With one conversion of three days ago."""
        goal = Goal.objects.create(workspace=self.workspace, name=f"{self.name} goal", event="Order Completed")
        Conversion.objects.create(
            workspace=self.workspace, goal=goal, message_id=f"{self.name}-1", visitor=self.name, occurred_at=timezone.now(),
            day=self.day, channel=CHANNEL, value=7, currency="EUR",
        )  # fmt: skip
        return goal

    @cached_property
    def order(self) -> Order:
        at = timezone.now() - timedelta(days=3)
        return Order.objects.create(
            workspace=self.workspace,
            order_id=f"{self.name}-1",
            ordered_at=at,
            day=at.date(),
            gross=119,
            net=100,
            currency="EUR",
            channel="direct",
        )

    @cached_property
    def import_file(self) -> ImportFile:
        return ImportFile.objects.create(
            workspace=self.workspace,
            name=f"{self.name}.csv",
            content=b"order_id;ordered_at;gross\n1;2026-01-01;10,00\n",
            headers=["order_id", "ordered_at", "gross"],
        )

    @cached_property
    def imported_file(self) -> ImportFile:
        """Imported, and can be undone."""
        return ImportFile.objects.create(
            workspace=self.workspace, name=f"{self.name}-done.csv", content=b"", state="done", stored=1
        )

    def build(self) -> None:
        """Everything at once."""
        for target in (
            "member",
            "invitation",
            "api_key",
            "link",
            "goal",
            "endpoint",
            "segment",
            "people_list",
            "order",
            "import_file",
            "imported_file",
            "access_file",
            "purpose",
            "event_source",
            "plan_version",
            "ticket",
            "profile",
            "saved_view",
        ):
            getattr(self, target)
