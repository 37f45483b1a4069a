"""Files that mean harm or are merely enormous: every line ends up stored or refused, and nothing runs in a spreadsheet."""

import csv
import io
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mops.lib.tables import Sheet, xlsx
from tests.tracking.importing import drain, import_source, numbers, run, take_back, upload
from tests.tracking.profiles.seeing import people
from tracking.models import Event, EventKey, ImportFile, Profile, RefusedRow
from workspaces.models import Workspace

NASTY = "=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "-2+3", "\tx", "<script>alert(1)</script>", "'; DROP TABLE users; --"


def test_formulas_come_out_harmless(mia: Client, workspace: Workspace) -> None:
    lines = "".join(f"{number};{cell};kein Datum\n" for number, cell in enumerate(NASTY))
    file = run(upload(workspace, "orders", "Bestellnummer;Betrag;Datum\n" + lines, decimal_sign=","))
    assert file.refused == len(NASTY)
    page = mia.get(reverse("imports:refused", args=["nordlicht", file.pk]))
    text = b"".join(page.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert "<script>" not in mia.get(reverse("imports:file", args=["nordlicht", file.pk])).content.decode()


def test_nul_huge_cells_and_halves_of_characters_cost_their_line_only(workspace: Workspace) -> None:
    source = import_source(workspace)
    huge = "x" * 400_000
    text = f"email,note\na@example.org,fine\nb@example.org,{huge}\nc\0@example.org,\0\nd@example.org,\ud800\n"
    content = text.encode("utf-8", "surrogatepass")
    file = run(upload(workspace, "contacts", content, source))
    assert (file.stored, file.refused) == (3, 1)  # bytes that are no UTF-8 are read as Windows-1252
    refused = RefusedRow.objects.get()
    assert (refused.line, len(refused.cells[1])) == (3, 32_767)
    assert drain() == 3


def test_a_workbook_is_read_like_text(workspace: Workspace) -> None:
    rows = [["erika@example.org", 1067, Decimal("19.9"), "=1+1"], ["", 7, 1, ""]]
    content = xlsx([Sheet("Contacts", ["E-Mail", "Kundennummer", "Umsatz", "Notiz"], rows)])
    file = run(upload(workspace, "contacts", content, import_source(workspace)))
    assert numbers(file) == (2, 0, 0, 0)
    drain()
    assert people(workspace) == {frozenset({"erika@example.org", "1067"}), frozenset({"7"})}
    assert Event.objects.get(user_id="1067").traits["Umsatz"] == 19.9


def test_an_empty_upload_and_a_foreign_source_are_refused(mia: Client, workspace: Workspace, other: Workspace) -> None:
    address = reverse("imports:upload", args=["nordlicht"]) + "?kind=contacts"
    foreign = import_source(other)
    for content, source in ((b"email\n", import_source(workspace)), (b"email\na@example.org\n", foreign)):
        page = mia.post(address, {"file": SimpleUploadedFile("c.csv", content), "source": source.pk})
        assert page.context["form"].errors
    assert not ImportFile.objects.exists()


def test_a_text_that_calls_itself_a_workbook_is_told_so(mia: Client, workspace: Workspace) -> None:
    address = reverse("imports:upload", args=["nordlicht"])
    page = mia.post(address, {"file": SimpleUploadedFile("orders.xlsx", b"This is not a spreadsheet at all")})
    assert "no Excel workbook" in str(page.context["form"].errors)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text(max_size=30), min_size=1, max_size=6), min_size=1, max_size=8))
def test_whatever_the_cells_hold_every_line_is_accounted_for(workspace: Workspace, rows: list[list[str]]) -> None:
    EventKey.objects.all().delete()
    out = io.StringIO()
    csv.writer(out).writerows([["email", "event", "time", "value", "user id", "x"], *rows])
    source = workspace.event_sources.first() or import_source(workspace)
    file = run(upload(workspace, "events", out.getvalue().encode("utf-8", "replace"), source, decimal_sign=".", date_order="ymd"))
    assert file.stored + file.unchanged + file.refused == file.rows


def test_many_lines_go_in_and_out_again(workspace: Workspace) -> None:
    """Through the door and back, over many chunks and receipts."""
    lines = 5_000
    text = "event,time,user id,value\n" + "".join(f"Opened,2026-10-01T09:00:00Z,u-{n},{n}\n" for n in range(lines))
    file = run(upload(workspace, "events", text, import_source(workspace)))
    assert (file.stored, file.refused, Event.objects.count()) == (lines, 0, lines)
    take_back(file)
    assert (file.removed, Event.objects.count(), EventKey.objects.count(), Profile.objects.count()) == (lines, 0, 0, 0)
