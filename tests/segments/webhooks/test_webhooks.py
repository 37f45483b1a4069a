"""Entries and exits reach a real receiver, signed, once each, and only of people who consented."""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings

from mops.lib import clock
from mops.lib.crypto import seal
from segments import shares
from segments.engine.writing import MembershipChange, announce
from segments.models import Delivery, Endpoint, EndpointSegment, Segment
from segments.webhooks import sending, signing, target
from tests.tracking.sending import a_source, send
from tests.tracking.test_ingest import drain
from tracking.blind_index import subject_of
from tracking.consent.ledger import Statement, record
from tracking.consent.purposes import purposes_of
from tracking.models import Identity, Profile, Release
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)


class Receiver(HTTPServer):
    """Keeps what it is sent; answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 204
        self.messages: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def segment(db: None, receiver: Receiver) -> Iterator[Segment]:
    workspace = Workspace.objects.create(name="Nordlicht Outdoor (sample)", slug="nordlicht")
    purpose = purposes_of(workspace, ["email"])["email"]
    segment = Segment.objects.create(workspace=workspace, name="Win back", purpose=purpose)
    endpoint = Endpoint(workspace=workspace, name="CRM", url=receiver.url)
    endpoint.sealed_secret = seal({"secret": signing.new_secret()}, sending.owner(endpoint))
    endpoint.save()
    EndpointSegment.objects.create(workspace=workspace, endpoint=endpoint, segment=segment)
    with override_settings(WEBHOOKS_TO_PRIVATE=True):
        yield segment


def person(workspace: Workspace, name: str, decision: str = "granted") -> int:
    source = workspace.event_sources.first() or a_source(workspace)
    send(
        source,
        "batch",
        {"batch": [{"type": "identify", "userId": name, "messageId": name, "traits": {"email": f"{name}@example.org"}}]},
    )
    drain()
    if decision:
        subject = subject_of(workspace.pk, "email", f"{name}@example.org")
        record(workspace, Statement(subject, "email", decision, "form", text=None))  # type: ignore[arg-type]
    return Profile.objects.filter(workspace=workspace).latest("pk").pk


def change(segment: Segment, *profiles: int, entered: bool = True) -> None:
    at = clock.now()
    with transaction.atomic():
        announce(segment.workspace_id, [MembershipChange(segment.pk, profile, entered, at, "change") for profile in profiles])


def people(receiver: Receiver) -> list[list[str]]:
    return [[one["email"][0] for one in json.loads(body)["data"]["people"]] for _, body in receiver.messages]


def test_an_entry_is_posted_with_a_signature_any_standard_library_accepts(segment: Segment, receiver: Receiver) -> None:
    mia = person(segment.workspace, "mia")
    change(segment, mia)
    assert sending.run() == 1
    headers, body = receiver.messages[0]
    from mops.lib.crypto import unseal

    endpoint = Endpoint.objects.get()
    secret = unseal(bytes(endpoint.sealed_secret), sending.owner(endpoint))["secret"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = b64encode(hmac.new(b64decode(secret.removeprefix("whsec_")), signed, sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    said = json.loads(body)
    assert (said["type"], said["data"]["segment"]["name"]) == ("segment.entered", "Win back")
    assert said["data"]["people"] == [{"profile": str(Profile.objects.get(pk=mia).uuid), "email": ["mia@example.org"]}]
    assert Delivery.objects.get().state == "delivered"


def test_only_people_who_consented_are_told_of(segment: Segment, receiver: Receiver) -> None:
    everybody = [person(segment.workspace, name, decision) for name, decision in (("a", "granted"), ("b", "withdrawn"), ("c", ""))]
    change(segment, *everybody)
    sending.run()
    assert people(receiver) == [["a@example.org"]]
    assert Release.objects.get().destination == sending.destination(Endpoint.objects.get())


def test_nobody_is_sent_when_nobody_consented(segment: Segment, receiver: Receiver) -> None:
    change(segment, person(segment.workspace, "b", "denied"))
    sending.run()
    assert receiver.messages == []
    assert Delivery.objects.get().state == "nobody"


def test_an_exit_is_told_to_those_who_were_told_of_the_entry_even_after_a_withdrawal(segment: Segment, receiver: Receiver) -> None:
    mia, max_ = person(segment.workspace, "mia"), person(segment.workspace, "max")
    change(segment, mia)
    sending.run()
    subject = subject_of(segment.workspace_id, "email", "mia@example.org")
    record(segment.workspace, Statement(subject, "email", "withdrawn", "form"))  # type: ignore[arg-type]
    change(segment, mia, max_, entered=False)
    sending.run()
    assert people(receiver) == [["mia@example.org"], ["mia@example.org"]]
    assert json.loads(receiver.messages[1][1])["type"] == "segment.left"


def test_the_control_group_never_leaves(segment: Segment, receiver: Receiver) -> None:
    segment.holdout_percent = 50
    segment.save()
    everybody = [person(segment.workspace, f"p{n}") for n in range(12)]
    change(segment, *everybody)
    sending.run()
    treated = {
        f"p{n}@example.org" for n, pk in enumerate(everybody)
        if shares.bucket(segment.salt, Profile.objects.get(pk=pk).uuid) >= 5000
    }  # fmt: skip
    assert 0 < len(treated) < 12
    assert set(people(receiver)[0]) == treated


def test_a_receiver_that_fails_is_tried_again_with_growing_pauses_until_given_up(segment: Segment, receiver: Receiver) -> None:
    receiver.status = 500
    change(segment, person(segment.workspace, "mia"))
    pauses = []
    for _ in range(len(sending.PAUSES) + 1):
        Delivery.objects.update(next_at=clock.now())
        sending.run()
        pauses.append(round((Delivery.objects.get().next_at - clock.now()).total_seconds()))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempt, delivery.error) == ("dead", 8, "HTTP 500")
    assert pauses[:-1] == [pause.total_seconds() for pause in sending.PAUSES]
    assert len({dict(headers)["webhook-id"] for headers, _ in receiver.messages}) == 1
    assert Endpoint.objects.get().state == "failing"
    receiver.status = 200
    sending.send_again(Delivery.objects.all())
    sending.run()
    assert Delivery.objects.get().state == "delivered"
    assert Endpoint.objects.get().state == "active"


def test_a_redirect_is_no_success_and_is_not_followed(segment: Segment, receiver: Receiver) -> None:
    receiver.status = 302
    change(segment, person(segment.workspace, "mia"))
    sending.run()
    assert Delivery.objects.get().error == "HTTP 302"


def test_an_attempt_whose_worker_died_is_made_again(segment: Segment, receiver: Receiver) -> None:
    change(segment, person(segment.workspace, "mia"))
    assert sending._claim()
    assert sending.run() == 0
    Delivery.objects.update(next_at=clock.now() - timedelta(seconds=1))
    assert sending.run() == 1
    assert Delivery.objects.get().state == "delivered"


def test_a_change_that_is_rolled_back_is_never_told(segment: Segment, receiver: Receiver) -> None:
    mia = person(segment.workspace, "mia")
    with transaction.atomic():
        announce(segment.workspace_id, [MembershipChange(segment.pk, mia, True, clock.now(), "change")])
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()


def test_a_paused_endpoint_hears_nothing(segment: Segment, receiver: Receiver) -> None:
    Endpoint.objects.update(state="paused")
    change(segment, person(segment.workspace, "mia"))
    assert not Delivery.objects.exists()


def test_hundreds_of_entries_are_told_in_hundreds(segment: Segment) -> None:
    change(segment, *range(1, 251))
    assert sorted(len(delivery.profiles) for delivery in Delivery.objects.all()) == [50, 100, 100]


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/latest", "https://10.0.0.1/",
     "https://0.0.0.0/", "https://[::ffff:127.0.0.1]/", "ftp://example.org/", "https:///x"],
)  # fmt: skip
def test_no_address_inside_the_network_is_spoken_to(url: str) -> None:
    with override_settings(WEBHOOKS_TO_PRIVATE=False), pytest.raises(target.Unreachable):
        target.resolve(url)


def test_an_address_lies_sealed_until_it_leaves(segment: Segment, receiver: Receiver) -> None:
    person(segment.workspace, "mia")
    assert b"mia" not in bytes(Identity.objects.get(kind="email").sealed)


def test_a_member_makes_an_endpoint_and_sees_its_secret_once(segment: Segment, receiver: Receiver, client: Client) -> None:
    from workspaces.models import Member, Role, User

    user = User.objects.create_user("mia@example.org", name="Mia Muster", language="en")
    Member.objects.create(workspace=segment.workspace, user=user, role=Role.MARKETER)
    client.force_login(user)
    form = {"name": "Mailing", "url": receiver.url, "segments": [segment.pk]}
    page = client.post("/nordlicht/segments/webhooks/new", form).content.decode()
    assert "whsec_" in page
    made = Endpoint.objects.get(name="Mailing")
    assert "whsec_" not in client.get(f"/nordlicht/segments/webhooks/{made.pk}/").content.decode()
    assert "already" in client.post("/nordlicht/segments/webhooks/new", form).content.decode()
