"""The order pages as a marketer uses them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.tracking.rows import NOON, order, refund
from tests.tracking.test_import_running import CSV
from tracking import orders, refunds
from tracking.imports import running
from tracking.models import ColumnMapping, ImportFile, Order
from workspaces.models import AuditEvent, Workspace

CHOICES = {
    "column_order_id": "Bestellnummer", "column_ordered_at": "Bestelldatum", "column_gross": "Gesamtbetrag",
    "column_customer_key": "Kundennummer", "column_utm_source": "utm_source", "column_utm_medium": "utm_medium",
    "decimal_sign": ",", "date_order": "dmy", "time_zone": "Europe/Berlin", "currency": "EUR", "vat_percent": "19",
}  # fmt: skip


def url(name: str, *args: object) -> str:
    return reverse(f"tracking:{name}", args=["nordlicht", *args])


def import_url(name: str, *args: object) -> str:
    return reverse(f"imports:{name}", args=["nordlicht", *args])


def test_it_says_what_to_do_when_there_are_no_orders(mia: Client) -> None:
    assert b"No orders yet" in mia.get(url("orders")).content


def test_it_lists_fifty_orders_a_page_in_a_handful_of_queries(mia: Client, workspace: Workspace) -> None:
    orders.store(workspace, [order(f"A-{n}", ordered_at=NOON - timedelta(hours=n)) for n in range(60)], "api")
    with CaptureQueriesContext(connection) as queries:
        page = mia.get(url("orders")).content.decode()
    assert "1–50 of 60" in page
    assert page.count("/nordlicht/orders/") > 50
    assert len(queries) <= 9


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"search": "a-1"}, {"A-1"}), ({"search": "c-9"}, {"A-2"}), ({"channel": "email"}, {"A-2"}), ({"refunded": "on"}, {"A-1"}),
        ({"since": "2026-09-30", "until": "2026-09-30"}, {"A-2"}), ({"since": "no day"}, {"A-1", "A-2"}), ({"search": "x"}, set()),
    ],
)  # fmt: skip
def test_it_filters(mia: Client, workspace: Workspace, filters: dict[str, str], found: set[str]) -> None:
    earlier = order("A-2", ordered_at=NOON - timedelta(days=1), customer_key="c-9", utm_medium="email")
    orders.store(workspace, [order("A-1"), earlier], "api")
    refunds.store(workspace, [refund("R-1", "A-1"), refund("R-2", "A-1")])
    page = mia.get(url("orders"), filters).context["page"]
    assert {one.order_id for one in page} == found
    assert all(one.refunded in (None, Decimal("23.80")) for one in page)


def test_it_shows_where_the_channel_comes_from(mia: Client, workspace: Workspace) -> None:
    orders.store(workspace, [order(utm_source="newsletter", utm_medium="email")], "api")
    refunds.store(workspace, [refund()])
    page = mia.get(url("order", Order.objects.get().pk)).content.decode()
    assert "source or medium is e-mail" in page
    assert "R-1" in page


def test_it_leads_from_the_file_over_the_preview_to_the_result(mia: Client) -> None:
    uploaded = mia.post(import_url("upload"), {"file": SimpleUploadedFile("orders.csv", CSV.encode("cp1252"))})
    file = ImportFile.objects.defer("content").get()
    assert uploaded.headers["Location"] == import_url("file", file.pk)
    assert "€1,234.56" in mia.get(import_url("file", file.pk)).content.decode()  # what it proposes, before anything is stored
    preview = mia.post(import_url("file", file.pk), CHOICES | {"step": "preview"}, HTTP_HX_REQUEST="true").content.decode()
    assert "“neun” is no number." in preview
    assert not Order.objects.exists()
    mia.post(import_url("file", file.pk), CHOICES | {"step": "import"})
    result = mia.get(import_url("file", file.pk)).content.decode()
    assert "except for the lines below" in result
    assert Order.objects.count() == 2
    assert ColumnMapping.objects.get().columns["gross"] == "Gesamtbetrag"
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {
        "import.file_uploaded", "import.started", "import.done",
    }  # fmt: skip


def test_it_takes_the_mended_lines_of_its_own_download(mia: Client) -> None:
    mia.post(import_url("upload"), {"file": SimpleUploadedFile("orders.csv", CSV.encode())})
    mia.post(import_url("file", ImportFile.objects.get().pk), CHOICES | {"step": "import"})
    refused = b"".join(mia.get(import_url("refused", ImportFile.objects.get().pk)).streaming_content)  # type: ignore[attr-defined]
    assert refused.startswith(b"\xef\xbb\xbfBestellnummer;")
    assert refused.count(b"\r\n") == 4
    mended = refused.replace(b"neun", b"9,00")
    mia.post(import_url("upload"), {"file": SimpleUploadedFile("mended.csv", mended)})
    again = ImportFile.objects.latest("pk")
    assert mia.get(import_url("file", again.pk)).context["proposal"].is_saved
    mia.post(import_url("file", again.pk), CHOICES | {"step": "import"})
    again.refresh_from_db()
    assert (again.stored, again.refused) == (1, 2)


def test_it_does_not_import_before_the_decimal_sign_is_chosen(mia: Client) -> None:
    text = b"order id,date,total\n1,2026-10-01,1.234\n"
    mia.post(import_url("upload"), {"file": SimpleUploadedFile("orders.csv", text)})
    file = ImportFile.objects.get()
    assert "“1.234” can be read in two ways" in mia.get(import_url("file", file.pk)).content.decode()
    chosen = {"column_order_id": "order id", "column_ordered_at": "date", "column_gross": "total", "step": "import"}
    mia.post(import_url("file", file.pk), CHOICES | {f"column_{n}": "" for n in ("customer_key", "utm_source", "utm_medium")}
             | chosen | {"decimal_sign": "", "date_order": "ymd"})  # fmt: skip
    assert not Order.objects.exists()


def test_it_refuses_files_that_are_no_tables(mia: Client) -> None:
    page = mia.post(import_url("upload"), {"file": SimpleUploadedFile("orders.xlsx", b"PK\x03\x04 no workbook")})
    assert "damaged" in page.content.decode()
    assert not ImportFile.objects.exists()


def test_it_leaves_long_files_to_a_worker_and_shows_their_progress(mia: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "INLINE_LINES", 2)
    mia.post(import_url("upload"), {"file": SimpleUploadedFile("orders.csv", CSV.encode())})
    file = ImportFile.objects.get()
    mia.post(import_url("file", file.pk), CHOICES | {"step": "import"})
    assert "0 of 5 lines read" in mia.get(import_url("file", file.pk)).content.decode()
    assert running.run(file.pk)
    assert "5 of 5" not in mia.get(import_url("file", file.pk), HTTP_HX_REQUEST="true").content.decode()


def test_it_throws_a_file_away_only_before_it_is_imported(mia: Client) -> None:
    for _ in range(2):
        mia.post(import_url("upload"), {"file": SimpleUploadedFile("orders.csv", CSV.encode())})
    kept, thrown = ImportFile.objects.order_by("pk")
    mia.post(import_url("file", kept.pk), CHOICES | {"step": "import"})
    assert mia.post(import_url("discard", kept.pk)).status_code == 404
    mia.post(import_url("discard", thrown.pk))
    assert list(ImportFile.objects.values_list("pk", flat=True)) == [kept.pk]


def test_it_shows_nothing_of_another_workspace(mia: Client, other: Workspace) -> None:
    orders.store(other, [order()], "api")
    file = ImportFile.objects.create(workspace=other, name="theirs.csv", content=b"")
    assert mia.get(url("order", Order.objects.get().pk)).status_code == 404
    assert mia.get(import_url("file", file.pk)).status_code == 404
    assert mia.get(import_url("refused", file.pk)).status_code == 404
    assert mia.get(reverse("tracking:orders", args=["suedwind"])).status_code == 404
