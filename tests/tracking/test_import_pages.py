"""The pages of imports beyond orders: choosing the kind, mapping people, taking an import back."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.people import member, person
from tests.tracking.importing import drain, import_source, run, upload
from tracking.imports import running
from tracking.models import Event, ImportFile, Order, Profile
from workspaces.models import AuditEvent, User, Workspace

CONTACTS = "E-Mail;Zweck;Tarif;Umsatz\nerika@example.org;email;Gold;1,5\nkein-at;;;\n"
ORDERS = "order id,date,gross\nA-1,2026-10-01,5.00\n"


def url(name: str, *args: object) -> str:
    return reverse(f"imports:{name}", args=["nordlicht", *args])


@pytest.fixture
def olga(workspace: Workspace) -> Client:
    """A browser in which the owner is logged in."""
    user = person("Olga")
    member(workspace, user, "owner")
    client = Client()
    client.force_login(user)
    return client


def posted(client: Client, file: ImportFile, step: str, **changes: str) -> str:
    """Send the form of the columns as the page shows it."""
    form = client.get(url("file", file.pk)).context["form"]
    values: dict[str, Any] = {field.html_name: field.value() or "" for field in form}
    return client.post(url("file", file.pk), {**values, "step": step, **changes}, follow=True).content.decode()


def test_it_asks_for_a_source_before_people_are_imported(mia: Client, olga: Client, workspace: Workspace) -> None:
    assert "Ask an admin" in mia.get(url("upload"), {"kind": "contacts"}).content.decode()
    assert reverse("sources:new", args=["nordlicht"]) in olga.get(url("upload"), {"kind": "contacts"}).content.decode()
    import_source(workspace)
    assert "source" in mia.get(url("upload"), {"kind": "events"}).context["form"].fields
    assert "source" not in mia.get(url("upload"), {"kind": "orders"}).context["form"].fields


def test_it_leads_contacts_from_the_file_to_the_profile(olga: Client, workspace: Workspace) -> None:
    source = import_source(workspace)
    content = SimpleUploadedFile("crm.csv", CONTACTS.encode("cp1252"))
    olga.post(url("upload") + "?kind=contacts", {"file": content, "source": source.pk})
    file = ImportFile.objects.get()
    preview = olga.get(url("file", file.pk)).content.decode()
    assert "email: Not proven" in preview
    assert "Tarif: Gold" not in preview  # kept only where somebody says so
    assert not Event.objects.exists()
    result = posted(olga, file, "import", extra_3="number")
    assert "“kein-at” is no e-mail address." in result
    assert Event.objects.get().traits == {"email": "erika@example.org", "Umsatz": 1.5}
    assert drain() == 1


def test_consents_are_for_those_who_manage_them(mia: Client, olga: Client, workspace: Workspace) -> None:
    file = upload(workspace, "contacts", CONTACTS, import_source(workspace))
    assert olga.get(url("file", file.pk)).context["form"].consent_fields()
    page = mia.get(url("file", file.pk))
    assert not page.context["form"].consent_fields()
    assert "Not proven" not in page.content.decode()
    posted(mia, file, "import", column_purpose="Zweck")
    file.refresh_from_db()
    assert (file.stored, file.unproven) == (1, 0)


def test_it_undoes_after_a_question_only(mia: Client, marketer: User, workspace: Workspace) -> None:
    file = run(upload(workspace, "orders", ORDERS))
    assert url("undo", file.pk) in mia.get(url("file", file.pk)).content.decode()
    assert "1 line that was new is removed." in mia.get(url("undo", file.pk)).content.decode()
    assert Order.objects.exists()
    done = mia.post(url("undo", file.pk), follow=True).content.decode()
    assert "The import is undone, all of it." in done
    assert not Order.objects.exists()
    assert AuditEvent.objects.get(action="import.undo_started").actor == marketer
    again = mia.post(url("undo", file.pk), follow=True).content.decode()
    assert "cannot be undone any more" in again


def test_it_leaves_long_undos_to_a_worker(mia: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    file = run(upload(workspace, "orders", ORDERS))
    monkeypatch.setattr(running, "INLINE_LINES", 0)
    mia.post(url("undo", file.pk))
    assert "is being undone" in mia.get(url("file", file.pk), HTTP_HX_REQUEST="true").content.decode()
    assert running.run(file.pk)
    assert "undone, all of it" in mia.get(url("file", file.pk)).content.decode()


def test_a_paused_source_takes_no_file(mia: Client, workspace: Workspace) -> None:
    source = import_source(workspace)
    file = upload(workspace, "contacts", CONTACTS, source)
    source.state = "paused"
    source.save()
    assert "The source is paused" in posted(mia, file, "import")
    assert not Profile.objects.exists()


def test_a_file_of_which_nothing_can_be_read_is_not_offered_and_not_imported(mia: Client, workspace: Workspace) -> None:
    file = upload(workspace, "orders", "order id,date,gross\nA-1,2026-10-01,much\nA-2,2026-10-01,more\n")
    page = posted(mia, file, "import", decimal_sign=".")
    assert 'value="import"' not in page
    assert "every line is refused" in page
    file.refresh_from_db()
    assert file.state == "uploaded"


def test_the_button_counts_the_lines_that_will_be_taken(mia: Client, workspace: Workspace) -> None:
    file = upload(workspace, "orders", ORDERS + "A-2,2026-10-01,much\nA-3,2026-10-01,7.00\n")
    form = mia.get(url("file", file.pk)).context["form"]
    chosen = {field.html_name: field.value() or "" for field in form} | {"decimal_sign": "."}
    part = mia.post(url("file", file.pk), {**chosen, "step": "preview"}, HTTP_HX_REQUEST="true").content.decode()
    assert "Import 2 lines" in part
    assert "Of 3 lines checked 2 can be taken" in part


def test_where_every_line_was_refused_the_columns_can_be_chosen_anew(mia: Client, workspace: Workspace) -> None:
    file = upload(workspace, "orders", "order id,date,gross,total\nA-1,2026-10-01,much,5.00\n")
    run(file)
    page = mia.get(url("file", file.pk)).content.decode()
    assert "No line was imported" in page
    assert url("reopen", file.pk) in page
    mia.post(url("reopen", file.pk))
    done = posted(mia, file, "import", column_gross="total", decimal_sign=".")
    assert "The file is imported, all lines." in done
    file.refresh_from_db()
    assert (file.stored, file.refused, bytes(file.content)) == (1, 0, b"")
    assert "Lines of this file were taken" in mia.post(url("reopen", file.pk), follow=True).content.decode()
