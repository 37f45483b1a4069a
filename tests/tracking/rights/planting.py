"""A person who left a trace in every place there is, and what to look for: a text of its own in every personal field."""

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from channels.models import Connection
from mops.lib import clock
from segments.models import (
    Build,
    Delivery,
    Due,
    Endpoint,
    ListEntry,
    Membership,
    Missed,
    PastMembership,
    RfmScore,
    Segment,
    Touched,
)
from tracking import partitions
from tracking.blind_index import Indexer, Subject
from tracking.consent import merging, purposes
from tracking.consent.ledger import Statement, record
from tracking.consent_models import Decision
from tracking.models import (
    BannerChoice,
    Conversion,
    Customer,
    DoubleOptIn,
    DuplicateSuggestion,
    Event,
    EventKey,
    Goal,
    Identity,
    IdentityLink,
    ImportedRow,
    ImportFile,
    Merge,
    Order,
    Profile,
    RawBody,
    Refund,
    RefusedRow,
    Rejection,
    Release,
    Session,
    Source,
    Suppression,
    Ticket,
    Touchpoint,
    Trait,
)
from tracking.profiles.vault import Vault, identity_owner, trait_owner
from tracking.rights import requests
from tracking.rights.person import subject_of
from workspaces import audit
from workspaces.models import Invitation, Member, User, Workspace

EMAIL = "erika.canary@example.org"
IDS = {
    "email": EMAIL,
    "phone": "+4915155501234",
    "user_id": "canary-user-7781",
    "crm_id": "canary-crm-5520",
    "anonymous_id": "canary-anon-9917",
    "device": "canary-device-3318",
}


PACKED = "canary-body-packed"  # stands in a body long enough to be packed


class Planted:
    """`canaries[table, field]` is a text that stands in that field; `member` works here under the same address."""

    def __init__(self, workspace: Workspace, source: Source, month: datetime | None = None) -> None:
        self.workspace, self.source, self.at = workspace, source, month or clock.now() - timedelta(days=2)
        self.canaries: dict[tuple[str, str], str] = {}
        self.indexer, self.vault = Indexer(workspace.pk), Vault(workspace.pk)
        self.member = User.objects.create_user(EMAIL, name="Erika Canary")
        self.profile = self._profile()
        for plant in (self._identities, self._events, self._bodies, self._orders, self._imports, self._consent, self._account,
                      self._requests, self._segments, self._disk):  # fmt: skip
            plant()

    def say(self, table: str, **fields: Any) -> dict[str, Any]:
        """Note the canaries of these fields and give the values on."""
        for name, value in fields.items():
            self.canaries[table, name] = self._text(value)
        return fields

    def _text(self, value: Any) -> str:
        if isinstance(value, dict | list):
            return str((list(value.values()) if isinstance(value, dict) else value)[0])
        return str(value.pk if hasattr(value, "pk") else value)

    def _profile(self) -> Profile:
        times = {"first_seen": self.at, "last_seen": self.at}
        profile = Profile.objects.create(workspace=self.workspace, **times)
        merged = Profile.objects.create(workspace=self.workspace, merged_into=profile, **times)
        self.say("tracking.Profile", uuid=profile.uuid, merged_into=profile)
        self.say("tracking.Merge", into=profile, source=merged)
        said = self.say("tracking.Merge", evidence={"why": "canary-merge-evidence"}, identities=["canary-merge-identities"])
        Merge.objects.create(
            workspace=self.workspace, into=profile, source=merged, reason="seen_together", merged_at=self.at, **said
        )
        return profile

    def _identities(self) -> None:
        rows = [self._identity(kind, value) for kind, value in IDS.items()]
        one, other = rows[2], rows[0]
        IdentityLink.objects.create(
            workspace=self.workspace, first_at=self.at, **self.say("tracking.IdentityLink", hub=one, leaf=other)
        )
        DuplicateSuggestion.objects.create(
            workspace=self.workspace, reason="same_person", found_at=self.at,
            **self.say("tracking.DuplicateSuggestion", first=one, second=other),
        )  # fmt: skip
        trait = Trait(workspace=self.workspace, identity=one, rank=1, at=self.at, source=self.source)
        said = self.say("tracking.Trait", name="canary-trait-name", value="canary-trait-value", digest="c" * 60 + "anar")
        trait.name, trait.value, trait.digest = said["name"], said["value"], said["digest"]
        trait.index = self.say("tracking.Trait", index=self.indexer.index("name", "canary"))["index"]
        trait.save()
        sealed = Trait(workspace=self.workspace, identity=one, rank=1, at=self.at, name="lastName", digest="d" * 64)
        sealed.sealed = self.vault.seal("canary-sealed-trait", trait_owner(one.pk, "lastName"))
        self.canaries["tracking.Trait", "sealed"] = "canary-sealed-trait"
        sealed.save()

    def _identity(self, kind: str, value: str) -> Identity:
        index = subject_of(self.indexer, kind, value).index
        said = self.say("tracking.Identity", index=index, profile=self.profile, home=self.profile, marks={"1": "canary-mark"})
        self.canaries["tracking.Identity", "sealed"] = value
        return Identity.objects.create(
            workspace=self.workspace, kind=kind, sealed=self.vault.seal(value, identity_owner(kind, index)), first_at=self.at,
            last_at=self.at, cluster=1, **said,
        )  # fmt: skip

    def _events(self) -> None:
        partitions.ensure(self.at.date().replace(day=1))
        visit = Session.objects.create(
            workspace=self.workspace, source=self.source, day=self.at.date(), started_at=self.at, ended_at=self.at, events=1,
            pages=1, channel="direct",
            **self.say("tracking.Session", visitor=IDS["anonymous_id"], entry_page=f"/?mail={EMAIL}",
                       acquisition={"gclid": "canary-gclid-s"}),
        )  # fmt: skip
        said = self.say(
            "tracking.Event", message_id="canary-message", name="canary-event-name", anonymous_id=IDS["anonymous_id"],
            user_id=IDS["user_id"], previous_id="canary-previous", group_id="canary-group", visitor=IDS["anonymous_id"],
            properties={"order_id": "canary-order-1"}, context={"ip": "canary-ip"}, traits={"email": EMAIL},
            acquisition={"gclid": "canary-gclid-e"}, device={"browser": "canary-browser"}, profile_id=self.profile.pk,
            session=visit, notes=["canary-note"],
        )  # fmt: skip
        self.event(**said, kind="order")
        goal = Goal.objects.create(workspace=self.workspace, name="Orders", event="Order Completed")
        said = self.say("tracking.Conversion", message_id="canary-message", visitor=IDS["anonymous_id"], profile_id=self.profile.pk,
                        session_id=visit.pk)  # fmt: skip
        Conversion.objects.create(workspace=self.workspace, goal=goal, occurred_at=self.at, day=self.at.date(), channel="direct",
                                  currency="EUR", **said)  # fmt: skip
        said = self.say("tracking.Touchpoint", session=visit, visitor=IDS["anonymous_id"], profile_id=self.profile.pk,
                        utm_campaign="canary-utm", click_id="canary-click")  # fmt: skip
        Touchpoint.objects.create(workspace=self.workspace, at=self.at, day=self.at.date(), channel="direct", **said)
        self.canaries["tracking.EventKey", "message_id"] = "canary-message"
        self.event(message_id="of-somebody-else", user_id="bob-1", visitor="bob-1", properties={"friend": EMAIL, "price": 12})

    def event(self, message_id: str, **fields: Any) -> Event:
        empty: dict[str, Any] = dict.fromkeys(("name", "anonymous_id", "user_id", "previous_id", "group_id", "visitor"), "")
        empty |= {"properties": {}, "context": {}, "traits": {}}
        EventKey.objects.create(workspace=self.workspace, message_id=message_id, received_at=self.at)
        return Event.objects.create(
            workspace=self.workspace, source=self.source, raw_id=1, message_id=message_id, type="track", received_at=self.at,
            occurred_at=self.at, state="stored", **{**empty, **fields},
        )  # fmt: skip

    def _bodies(self) -> None:
        own = {"type": "track", "messageId": "canary-message", "userId": IDS["user_id"], "event": "canary-body"}
        bob = {"type": "track", "messageId": "of-somebody-else", "userId": "bob-1", "event": "bobs-own"}
        long = {"batch": [*[bob] * 50, {**own, "event": PACKED}, *[bob] * 50]}
        for raw_id, content in ((1, {"batch": [own, bob]}), (3, long), (2, own)):
            body = json.dumps(content).encode()
            RawBody.objects.create(
                pk=raw_id, workspace=self.workspace, source=self.source, received_at=self.at, endpoint="batch", body=body,
                sha256=hashlib.sha256(body).digest(), state="whole", received=1, accepted=1, duplicate=0, rejected=0,
            )  # fmt: skip
            self.canaries["tracking.RawBody", "sha256"] = hashlib.sha256(body).hexdigest()
        self.canaries["tracking.RawBody", "body"] = "canary-body"
        payload = json.dumps({"userId": IDS["user_id"], "x": "canary-payload"}).encode()
        self.canaries["tracking.Rejection", "payload"] = "canary-payload"
        Rejection.objects.create(
            workspace=self.workspace, source=self.source, raw_id=1, index=1, endpoint="track", reason="bad_field",
            received_at=self.at,
            payload=payload, **self.say("tracking.Rejection", message_id="canary-refused-id", detail=f"traits of {EMAIL}"),
        )  # fmt: skip

    def _orders(self) -> None:
        customer = Customer.objects.create(workspace=self.workspace, **self.say(
            "tracking.Customer", key=IDS["user_id"], profile=self.profile, user_index=self.indexer.index("user_id", IDS["user_id"]),
            crm_index=self.indexer.index("crm_id", IDS["crm_id"])))  # fmt: skip
        Customer.objects.create(workspace=self.workspace, key=EMAIL.upper())
        order = Order.objects.create(
            workspace=self.workspace, customer=customer, ordered_at=self.at, day=self.at.date(), gross=119, net=100, currency="EUR",
            channel="direct",
            **self.say("tracking.Order", order_id="canary-order-1", gclid="canary-gclid", fbclid="canary-fbclid",
                       referrer="canary-http-ref"),
        )  # fmt: skip
        Refund.objects.create(
            workspace=self.workspace, order=order, refunded_at=self.at, day=self.at.date(), gross=1, net=1, currency="EUR",
            **self.say("tracking.Refund", refund_id="canary-refund", order_id_text="canary-order-1"),
        )  # fmt: skip

    def _imports(self) -> None:
        content = f"order_id;customer;gross\n1;bob-1;10,00\ncanary-import-line;{EMAIL};10,00\n".encode()
        file = ImportFile.objects.create(
            workspace=self.workspace, content=content, name=f"orders of {EMAIL}.csv", created_at=self.at
        )
        self.canaries["tracking.ImportFile", "name"] = f"orders of {EMAIL}.csv"
        self.canaries["tracking.ImportFile", "content"] = "canary-import-line"
        done = ImportFile.objects.create(workspace=self.workspace, content=b"", name="done.csv", state="done", created_at=self.at)
        said = self.say("tracking.RefusedRow", cells=["canary-cell", EMAIL], reason="“canary-reason” is no amount.")
        RefusedRow.objects.create(workspace=self.workspace, file=done, line=2, **said)
        RefusedRow.objects.create(workspace=self.workspace, file=file, line=2, reason="none", cells=["bob-1"])
        wrote = self.say("tracking.ImportedRow", key="canary-order-1", before={"gclid": "canary-before"}, digest="canary-digest")
        ImportedRow.objects.create(workspace=self.workspace, file=done, **wrote)

    def _consent(self) -> None:
        purposes.ensure(self.workspace)
        text = self._published("email")
        mail = Subject("email", self.indexer.index("email", EMAIL))
        device = Subject("device", self.indexer.index("device", IDS["anonymous_id"]))
        event = record(self.workspace, Statement(mail, "email", Decision.GRANTED, "form", text=text, actor=str(self.member),
                                                 proof={"url": "https://shop.example/canary-form"}))  # fmt: skip
        merging.merge_subjects(self.workspace, mail, device)
        first, second = sorted([mail.index, device.index])
        self.say("tracking.SubjectLink", first=first, second=second)
        self.say("tracking.ConsentEvent", subject=mail.index, proof=dict(event.proof), actor=str(self.member))
        self.say("tracking.ConsentState", subject=mail.index)
        BannerChoice.objects.create(
            workspace=self.workspace, said={"analytics": True}, told_at=self.at, given_at=self.at, is_dated=False, is_last=False,
            **self.say("tracking.BannerChoice", subject=device.index, proof={"url": "https://shop.example/canary-banner"}),
        )  # fmt: skip
        self.say("tracking.ConsentText", published_by=str(self.member))
        Release.objects.create(
            workspace=self.workspace, purpose=event.purpose, job="j", subject_kind="email", event_seq=event.seq, at=self.at,
            state="sent", **self.say("tracking.Release", destination="canary-newsletter", subject=mail.index),
        )  # fmt: skip
        DoubleOptIn.objects.create(
            workspace=self.workspace, purpose=event.purpose, text=text, language="en", requested_at=self.at, expires_at=self.at,
            **self.say("tracking.DoubleOptIn", subject=mail.index, requested={"url": "canary-doi"}, mail_sha256="e" * 64,
                       message_id="<canary-mail@example.org>", token_hash="f" * 64),
        )  # fmt: skip
        phone = self.indexer.index("phone", IDS["phone"])
        Suppression.objects.create(workspace=self.workspace, subject_kind="phone", reason="complaint", at=self.at,
                                   **self.say("tracking.Suppression", subject=phone))  # fmt: skip

    def _published(self, key: str) -> Any:
        from tracking.models import Purpose

        purpose = Purpose.objects.get(workspace=self.workspace, key=key)
        return purposes.publish(purpose, "en", "canary-consent-text: may we write to you?", by=self.member)

    def _account(self) -> None:
        member = Member.objects.create(workspace=self.workspace, user=self.member, role="privacy")
        self.say("workspaces.User", email=EMAIL, name="Erika Canary")
        self.say("workspaces.Member", user=self.member, role=member.role)
        Invitation.objects.create(workspace=self.workspace, role="manager", token_hash="1" * 64, expires_at=self.at,
                                  **self.say("workspaces.Invitation", email=EMAIL))  # fmt: skip
        audit.record(self.workspace, self.member, "canary.action", "canary-audit-target", note="canary-audit-detail")
        self.say("workspaces.AuditEvent", actor=self.member, actor_name="Erika Canary", target="canary-audit-target",
                 details={"note": "canary-audit-detail"})  # fmt: skip
        Connection.objects.create(workspace=self.workspace, platform="meta", name="m", created_by=self.member,
                                  sealed_credentials=b"x", **self.say("channels.Connection", identity="canary-login"))  # fmt: skip
        Ticket.objects.create(workspace=self.workspace, number=1, source=self.source, event="Lead", kind="event", made_at=self.at,
                              **self.say("tracking.Ticket", sent_to=EMAIL, note=f"canary-note of {EMAIL}"))  # fmt: skip
        EmailAddress.objects.create(user=self.member, **self.say("account.EmailAddress", email=EMAIL))
        said = self.say("socialaccount.SocialAccount", uid="canary-uid", extra_data={"name": "canary-extra"})
        SocialAccount.objects.create(user=self.member, provider="oidc", **said)

    def _requests(self) -> None:
        said = self.say("tracking.DataSubjectRequest", proof="canary-passport", note="canary-request-note")
        request = requests.receive(self.workspace, self.member, kind="access", identifier_kind="email", identifier=EMAIL, **said)
        self.say("tracking.DataSubjectRequest", subject=request.subject, sealed_identifier=EMAIL)
        self.file = requests.prepare_access(request, self.member)
        self.canaries["tracking.AccessFile", "sealed"] = str(self.file.uuid)

    def _segments(self) -> None:
        """A member of a segment and of a list, once a member of another, scored, due, noted and told of."""
        plain: dict[str, Any] = {"workspace": self.workspace}
        segment = Segment.objects.create(**plain, name="Buyers (sample)", state="live", kind="list", size=1)
        of_segment = {**plain, "segment": segment}
        build = Build.objects.create(**of_segment)
        endpoint = Endpoint.objects.create(**plain, name="Shop", url="https://shop.example/hook", sealed_secret=b"x")
        who, by_id = {"profile": self.profile}, {"profile_id": self.profile.pk}
        stay: dict[str, Any] = {"since": self.at, "cause": "list"}
        ListEntry.objects.create(**of_segment, **self.say("segments.ListEntry", **who))
        Membership.objects.create(**of_segment, **stay, **self.say("segments.Membership", **who))
        PastMembership.objects.create(
            **of_segment, **stay, until=self.at, end_cause="list", **self.say("segments.PastMembership", **who)
        )
        Due.objects.create(**plain, at=self.at + timedelta(days=900), **self.say("segments.Due", **who))
        Missed.objects.create(**plain, build=build, **self.say("segments.Missed", **by_id))
        Touched.objects.create(**plain, facet="order", **self.say("segments.Touched", **by_id))
        RfmScore.objects.create(
            **plain, month=self.at.date().replace(day=1), recency=5, frequency=5, monetary=5, group="best",
            **self.say("segments.RfmScore", **who),
        )  # fmt: skip
        Delivery.objects.create(
            **of_segment, endpoint=endpoint, event="entered", at=self.at, next_at=self.at,
            **self.say("segments.Delivery", profiles=[self.profile.pk, self.profile.pk + 1_000_000]),
        )  # fmt: skip

    def _disk(self) -> None:
        folder = Path(settings.MOPS_HOME) / "mail"
        folder.mkdir(parents=True, exist_ok=True)
        self.mail = folder / f"canary-{uuid4().hex}.log"
        self.mail.write_text(f"To: {EMAIL}\nSubject: canary-mail\n")
