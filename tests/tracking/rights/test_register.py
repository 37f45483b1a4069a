"""The record of processing activities says what is set up here, and what only people can know."""

from io import BytesIO

import openpyxl
import pytest
from django.test import Client

from channels.models import Connection
from tests.people import member, person
from tests.tracking.rights.planting import Planted
from tracking.consent import purposes
from tracking.models import Purpose, Release, RetentionRule, Source
from tracking.rights import activities, labels, register, registry
from tracking.rights.declaring import Kept
from workspaces.models import AuditEvent, Workspace

IRELAND = "Ireland; also outside the EEA: USA"


@pytest.fixture
def page(client: Client, workspace: Workspace) -> Client:
    officer = person("Petra")
    member(workspace, officer, "privacy")
    client.force_login(officer)
    return client


def test_every_personal_field_stands_in_the_record_under_a_period(workspace: Workspace) -> None:
    entries = register.entries(workspace)
    listed = {(table, field) for entry in entries for table, fields in entry.data for field in fields}
    declared = {(labels.table(line.table), labels.field(field)) for line in registry.personal() for field in line.fields}
    assert listed == declared
    assert {field for line in registry.personal() for field in line.fields} <= set(labels.FIELDS)
    assert all(entry.periods for entry in entries)


def test_sources_bases_and_periods_are_those_of_the_workspace(workspace: Workspace, other: Workspace) -> None:
    Source.objects.create(workspace=workspace, name="Shop page", kind="browser", consent_mode="required")
    Source.objects.create(workspace=workspace, name="Till", kind="server", consent_mode="declared", legal_basis="Contract")
    Source.objects.create(workspace=other, name="Elsewhere", kind="server", consent_mode="declared", legal_basis="None of ours")
    RetentionRule.objects.create(workspace=workspace, kind=Kept.EVENTS, days=90)
    measuring = register.entries(workspace)[0]
    assert measuring.bases == ["Consent (Art. 6(1)(a) GDPR)", "Contract"]
    assert measuring.sources == ["Shop page (Website)", "Till (Server or app)"]
    assert measuring.periods[0] == ("Events, visits and click ids", "90 days")


def test_recipients_are_who_stands_behind_purposes_connections_and_what_left(planted: Planted) -> None:
    workspace = planted.workspace
    Purpose.objects.filter(workspace=workspace).exclude(key="ads_audience:google").update(destination="")
    Connection.objects.create(workspace=workspace, platform="ga4", name="Shop", sealed_credentials=b"x")
    Release.objects.update(destination="webhook:4711")
    assert [(party.name, party.where, party.reasons) for party in register.parties(workspace)] == [
        ("Another system, by webhook", "", ["Data was handed on"]),
        ("Google Ireland Limited", IRELAND, ["Purpose: Audiences with Google", "Connected: Google Analytics 4"]),
        ("Meta Platforms Ireland Limited", IRELAND, ["Connected: Meta Ads"]),
    ]  # fmt: skip
    handed_on = [entry.recipients for entry in register.entries(workspace) if entry.recipients]
    assert handed_on == [["Another system, by webhook", "Google Ireland Limited", "Meta Platforms Ireland Limited"]]


def test_every_country_outside_the_eea_comes_with_its_safeguard() -> None:
    beyond = {known.beyond for known in activities.RECIPIENTS.values()}
    assert beyond == set(activities.SAFEGUARDS)
    assert beyond | {known.country for known in activities.RECIPIENTS.values()} == set(activities.COUNTRIES)


def test_the_page_says_what_only_people_can_know(page: Client, workspace: Workspace) -> None:
    purposes.ensure(workspace)
    content = page.get("/nordlicht/rights/register/").content.decode()
    assert "Record of processing activities" in content
    for point in register.open_points():
        assert point in content


def test_the_record_is_taken_along_as_a_workbook(page: Client, workspace: Workspace) -> None:
    response = page.get("/nordlicht/rights/register.xlsx")
    book = openpyxl.load_workbook(BytesIO(response.content))
    assert book.sheetnames == ["Activities", "Recipients", "Purposes", "Measures", "To be added by you"]
    assert [row[0].value for row in book["Activities"].iter_rows(min_row=2)] == [
        entry.name for entry in register.entries(workspace)
    ]
    assert AuditEvent.objects.get(action="rights.register_exported").details == {
        "file": "processing-activities-nordlicht.xlsx", "rows": len(activities.ACTIVITIES),
    }  # fmt: skip
