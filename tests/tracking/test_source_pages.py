"""The pages of sources: made, changed, paused; their books, their refusals, what arrives right now."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mops.lib.clock import now
from tests.people import ClientFor
from tests.tracking.sending import a_source, send, track
from tracking.ingest.run import run_batch
from tracking.models import Event, Profile, Rejection, Source
from tracking.script import build
from tracking.source_pages import live, snippet
from tracking.source_pages.forms import SourceForm
from workspaces.models import AuditEvent, User, Workspace

FIELDS = {
    "name": "Shop",
    "kind": "server",
    "consent_mode": "declared",
    "legal_basis": "Contract",
    "rate_per_minute": "600",
    "mapping": "{}",
}


@pytest.fixture
def owner(workspace: Workspace, client_for: ClientFor) -> Client:
    return client_for("owner")


def test_a_new_source_takes_events_at_once(owner: Client, workspace: Workspace) -> None:
    page = owner.post("/nordlicht/sources/new/", FIELDS, follow=True)
    source = Source.objects.get()
    assert source.write_key in page.content.decode()
    assert send(source, "track", track()).status_code == 200
    assert AuditEvent.objects.filter(action="source.created", target="Shop").exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [({"kind": "browser"}, "websites"),
     ({"legal_basis": ""}, "legal_basis"), ({"websites": "*"}, "websites"), ({"own_referrers": "*.bank.example"}, "own_referrers"),
     ({"kind": "shop"}, "dialect"), ({"kind": "shop", "dialect": "shopify"}, "secret"),
     ({"kind": "webhook", "secret": "s", "mapping": '{"evnt": "x"}'}, "mapping"), ({"kind": "webhook"}, "secret"),
     ({"kind": "shop", "dialect": "mapped"}, "dialect")],
)  # fmt: skip
def test_the_form_says_what_does_not_fit(workspace: Workspace, values: dict[str, str], field: str) -> None:
    said = {**FIELDS, **values}
    form = SourceForm(said, instance=Source(workspace=workspace, kind=said["kind"]))
    assert field in form.errors


def test_a_secret_is_kept_encrypted_and_never_shown(owner: Client, workspace: Workspace) -> None:
    owner.post("/nordlicht/sources/new/", {**FIELDS, "kind": "shop", "dialect": "shopify", "secret": "streng-geheim"})
    source = Source.objects.get()
    assert source.secret == "streng-geheim"
    assert b"streng-geheim" not in bytes(source.sealed_secret)
    owner.post(f"/nordlicht/sources/{source.pk}/change/", {**FIELDS, "name": "Laden", "dialect": "shopify"})
    source.refresh_from_db()
    assert (source.name, source.secret) == ("Laden", "streng-geheim")
    for path in ("", "change/", "live/"):
        assert b"streng-geheim" not in owner.get(f"/nordlicht/sources/{source.pk}/{path}").content


def test_it_takes_hosts_that_are_no_origin_as_people_write_them(owner: Client, workspace: Workspace) -> None:
    written = "https://www.Bank.example/3ds?x=1\n\n pay.example.com \nbezahlen-mit-müller.example\npay.example.com"
    page = owner.post("/nordlicht/sources/new/", {**FIELDS, "own_referrers": written}, follow=True).content.decode()
    source = Source.objects.get()
    assert source.own_referrers == ["bank.example", "pay.example.com", "xn--bezahlen-mit-mller-z6b.example"]
    assert "bank.example, pay.example.com" in page
    assert "bank.example\npay.example.com" in owner.get(f"/nordlicht/sources/{source.pk}/change/").content.decode()


def test_a_name_is_taken_once(owner: Client, workspace: Workspace) -> None:
    a_source(workspace, name="Shop")
    assert "already" in owner.post("/nordlicht/sources/new/", FIELDS).content.decode()


def test_a_paused_source_can_go_on(owner: Client, workspace: Workspace) -> None:
    source = a_source(workspace)
    owner.post(f"/nordlicht/sources/{source.pk}/state")
    assert send(source, "track", track()).status_code == 401
    owner.post(f"/nordlicht/sources/{source.pk}/state")
    assert send(source, "track", track()).status_code == 200


def test_the_page_shows_the_books_and_tries_refusals_again(owner: Client, workspace: Workspace, monkeypatch: Any) -> None:
    source = a_source(workspace)
    send(source, "batch", {"batch": [track(), track(), track("long", userId="u" * 300)]})
    page = owner.get(f"/nordlicht/sources/{source.pk}/").content.decode()
    assert "An id or a name is unusable" in page
    assert owner.get("/nordlicht/sources/").status_code == 200
    monkeypatch.setattr("tracking.collector.parse.ID_CHARACTERS", 1_000)
    owner.post(f"/nordlicht/sources/{source.pk}/replay", {"reason": "bad_id"})
    assert Event.objects.filter(message_id="long").exists()


def test_the_debugger_tells_the_steps_and_the_reason(owner: Client, workspace: Workspace, alice: User) -> None:
    source = a_source(workspace)
    send(source, "batch", {"batch": [track(), track("m-2", context={"userAgent": "AhrefsBot/7"}), {"type": "page"}]})
    run_batch()
    send(source, "track", track("m-4", properties={"<b>": "<script>"}))
    page = owner.get(f"/nordlicht/sources/{source.pk}/live/").content.decode()
    for text in ("Visits computed", "A bot", "Neither user nor anonymous id", "Waiting", "&lt;script&gt;"):
        assert text in page
    assert "<script>" not in page.split("<main", 1)[-1].replace("</script>", "").split('id="arrivals"')[1].split("</table>")[0]


@pytest.mark.parametrize(
    ("reason", "detail", "last"),
    [
        ("bad_id", "", "Read"),
        ("no_consent", "", "Consent checked"),
        ("bot", "AhrefsBot", "Bots filtered"),
        ("step_failed", "facts: KeyError: 'total'", "Orders and refunds stored"),
        ("step_failed", "?: KeyError: 'total'", "Consent checked"),  # between two steps
        ("refused", "value too long", "Consent checked"),
    ],
)
def test_the_debugger_ends_at_the_step_that_refused(workspace: Workspace, reason: str, detail: str, last: str) -> None:
    source = a_source(workspace)
    Rejection.objects.create(
        workspace=workspace, source=source, raw_id=1, index=0, endpoint="track", reason=reason, detail=detail, received_at=now()
    )
    (line,) = live.arrivals(source)
    assert line.steps[-1] == last


def test_a_website_shows_the_lines_for_its_consent_manager(owner: Client, workspace: Workspace) -> None:
    source = a_source(workspace, "browser", allowed_origins=["https://shop.example"])
    page = html.unescape(owner.get(f"/nordlicht/sources/{source.pk}/").content.decode())
    assert f'<script async src="http://127.0.0.1:8000/t.js?k={source.write_key}"></script>' in page
    assert "/banner.js" in page
    assert "data-mops-withdraw" in page
    page = html.unescape(html.unescape(owner.get(f"/nordlicht/sources/{source.pk}/?manager=cookiebot").content.decode()))
    assert f"/t.js?k={source.write_key}&cmp=cookiebot" in page
    assert "banner.js" not in page
    assert owner.get(f"/nordlicht/sources/{source.pk}/?manager=<b>").status_code == 200


def test_every_adapter_of_the_script_can_be_chosen() -> None:
    assert {*snippet.MANAGERS} - {snippet.BANNER} == {*build.MANAGERS}


def test_the_debugger_shows_one_event_or_state_and_whose_it_is(owner: Client, workspace: Workspace) -> None:
    source = a_source(workspace)
    send(source, "batch", {"batch": [track("m-1", event="Signed Up"), track("m-2", event="Order Completed"), {"type": "page"}]})
    run_batch()
    send(source, "track", track("m-3", event="Signed Up"))
    address = f"/nordlicht/sources/{source.pk}/live/"

    def shown(**asked: str) -> list[str]:
        return [line.message_id for line in owner.get(address, asked).context["arrivals"]]

    assert len(shown()) == 4
    assert shown(name="Signed Up") == ["m-3", "m-1"]
    assert shown(name="Signed Up", state="stored") == ["m-1"]
    assert shown(state="pending") == ["m-3"]
    assert len(shown(state="rejected")) == 1
    assert len(shown(state="<b>")) == 4
    page = owner.get(address, {"name": "Signed Up", "state": "stored"}).content.decode()
    assert f"/profiles/{Profile.objects.get().uuid}/" in page
    assert "name=Signed+Up&amp;state=stored" in page  # what it asks for again every few seconds
    assert f"{timezone.localtime(Event.objects.get(message_id='m-1').received_at):%H:%M:%S}" in page


def test_a_filter_of_the_debugger_looks_at_the_newest_only(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    source = a_source(workspace)
    for number in range(3):
        send(source, "track", track(f"m-{number}", event="Signed Up"))
    monkeypatch.setattr(live, "SEARCHED", 2)
    assert [line.message_id for line in live.arrivals(source, "Signed Up")] == ["m-2", "m-1"]


@pytest.mark.parametrize("kind", Source.Kind.values)
def test_a_new_source_asks_for_what_its_kind_needs(owner: Client, workspace: Workspace, kind: str) -> None:
    page = owner.get("/nordlicht/sources/new/", {"kind": kind}).content.decode()
    asked = set(re.findall(r'name="(\w+)"', page.split("<main", 1)[1]))
    assert ("mapping" in asked) == (kind == "webhook")
    assert ("dialect" in asked) == (kind == "shop")
    assert ("secret" in asked) == (kind in ("shop", "webhook"))
    assert ("websites" in asked) == (kind in ("browser", "server"))
    assert ("consent_mode" in asked) == (kind != "browser")
    assert "---------" not in page
    assert "rate_per_minute" not in page.split("<details", 1)[0]


def test_a_website_is_kept_on_consent_and_needs_an_address(owner: Client, workspace: Workspace) -> None:
    form = owner.get("/nordlicht/sources/new/", {"kind": "<b>"}).context["form"]
    assert (form.kind, form.fields["websites"].required) == ("browser", True)
    said = {"kind": "browser", "name": "Shop", "websites": "https://shop.example", "rate_per_minute": "600", "legal_basis": "Mine"}
    owner.post("/nordlicht/sources/new/", {**said, "consent_mode": "declared"})
    assert Source.objects.values_list("consent_mode", "legal_basis", "allowed_origins").get() == (
        "required", "", ["https://shop.example"],
    )  # fmt: skip


def test_a_change_leaves_what_its_kind_does_not_ask_for(owner: Client, workspace: Workspace) -> None:
    source = a_source(workspace, "import", consent_mode="declared", legal_basis="Contract", rate_per_minute=7)
    owner.post(f"/nordlicht/sources/{source.pk}/change/", {"name": "Files", "consent_mode": "declared", "legal_basis": "Contract"})
    source.refresh_from_db()
    assert (source.name, source.rate_per_minute, source.kind) == ("Files", 7, "import")


def test_a_source_of_files_leads_to_the_import_and_names_its_ground(owner: Client, workspace: Workspace) -> None:
    source = a_source(workspace, "import", consent_mode="declared", legal_basis="Contract with the buyer")
    page = owner.get(f"/nordlicht/sources/{source.pk}/").content.decode()
    assert "/nordlicht/imports/?kind=contacts" in page
    assert source.write_key not in page
    assert "/v1/batch" not in page
    listed = owner.get("/nordlicht/sources/").content.decode()
    assert "Contract with the buyer" in listed
    assert "declared below" not in listed + page
