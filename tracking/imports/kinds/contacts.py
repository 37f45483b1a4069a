"""Files of contacts, one per line: who they are, and what they agreed to if that is written down with its proof."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking.blind_index import Unidentifiable
from tracking.consent.imports import Reader as ConsentReader
from tracking.consent.ledger import Statement
from tracking.consent.purposes import UnknownPurpose
from tracking.consent_models import Decision, SubjectKind
from tracking.imports import agreeing, sending, taking_back, values
from tracking.imports.kind import Cell, Field, Given, Kind, Reading, Row
from tracking.imports.kinds import people
from tracking.models import ImportFile
from tracking.outcome import Outcome
from tracking.profiles.country import country_of, named
from tracking.row_rules import time_problem
from workspaces.models import Workspace

FIELDS: tuple[Field, ...] = (
    people.EMAIL,
    Field("phone", _("Telephone"), "text", False, "phone phonenumber telephone telefon telefonnummer mobile mobil handy tel"),
    people.USER_ID,
    Field("crm_id", _("CRM id"), "text", False, "crmid contactid kontaktid recordid personid leadid id"),
    Field("first_name", _("First name"), "text", False, "firstname vorname givenname"),
    Field("last_name", _("Last name"), "text", False, "lastname nachname surname familyname familienname"),
    Field("street", _("Street and number"), "text", False,
          "street strasse address adresse anschrift addressline1 strassehausnummer"),
    Field("postal_code", _("Postal code"), "text", False, "postalcode zip zipcode plz postleitzahl"),
    Field("city", _("City"), "text", False, "city ort stadt wohnort town"),
    Field("country", _("Country"), "text", False, "country land countrycode"),
    Field("changed_at", _("Changed at"), "time", False, "changedat updatedat modifiedat lastmodified geaendertam aenderungsdatum"),
    people.MESSAGE_ID,
    people.ANALYTICS,
    Field("purpose", _("Purpose"), "text", False, "purpose zweck", about_consent=True),
    Field("decision", _("Decision"), "text", False, "decision entscheidung consentstatus", about_consent=True),
    Field("given_at", _("Agreed at"), "time", False,
          "givenat agreedat consentat optintime optinat optindate optindatum optinzeit optinam optin einwilligungam"
          " einwilligungsdatum eingewilligtam erteiltam confirmtime bestaetigtam", about_consent=True),
    Field("text_version", _("Version of the text"), "text", False, "textversion textfassung fassung", about_consent=True),
    Field("language", _("Language of the text"), "text", False, "textlanguage textsprache", about_consent=True),
    Field("wording", _("Wording they were shown"), "text", False, "wording consenttext einwilligungstext textlaut wortlaut",
          about_consent=True),
    Field("url", _("Page where they agreed"), "text", False, "consenturl formurl optinurl einwilligungsseite", about_consent=True),
    Field("mechanism", _("How they agreed"), "text", False, "mechanism consentmechanism optinsource nachweis proof",
          about_consent=True),
)  # fmt: skip
CONSENT = tuple(field.name for field in FIELDS if field.about_consent)
ADDRESS = ("street", "postal_code", "city", "country")
NAMES = ("first_name", "last_name")


class ContactRow(NamedTuple):
    event: dict[str, Any]  # an identify event, without a time where the file has none
    statement: Statement | None  # for the ledger


class _Reader:
    def __init__(self, workspace: Workspace, reading: Reading) -> None:
        self.reading, self.country = reading, country_of(workspace.time_zone)
        self.consents = ConsentReader(workspace, "", "")

    def __call__(self, given: Given) -> ContactRow:
        event = self._event(given)
        return ContactRow(event, self._statement(given, event))

    def _event(self, given: Given) -> dict[str, Any]:
        said = given.values
        traits = {
            **people.plain(given.extra),
            "email": people.email_of(said),
            "phone": people.phone_of(said, named(said.get("country", "")) or self.country),
            "crm_id": people.id_of(said, "crm_id"),
            **{name: said.get(name, "") for name in NAMES},
            "address": {name: said[name] for name in ADDRESS if name in said},
        }
        user_id = people.id_of(said, "user_id")
        if not (user_id or traits["email"] or traits["phone"] or traits["crm_id"]):
            raise values.Unreadable(gettext("Nobody is named: e-mail, telephone, user id and CRM id are all empty."))
        content: dict[str, Any] = {
            "type": "identify",
            "traits": {name: value for name, value in traits.items() if value != "" and value != {}},
        }
        content |= {"userId": user_id} if user_id else {}
        content |= {"context": context} if (context := people.consent_context(said)) else {}
        if at := said.get("changed_at"):
            if problem := time_problem(at):
                raise values.Unreadable(problem)
            content["timestamp"] = at.isoformat()
        return {**content, "messageId": said.get("message_id") or sending.own_id(content)}

    def _statement(self, given: Given, event: Mapping[str, Any]) -> Statement | None:
        """What the line says of consent: with a purpose of its own, or with anything beside the purpose chosen for all lines.

        Where the file has decisions, an empty one says nothing.
        """
        told = {name: given.values[name] for name in CONSENT if name in given.values}
        purpose = told.get("purpose") or (self.reading.purpose if told else "")
        if not purpose or ("decision" in given.mapped and "decision" not in told):
            return None
        traits = event["traits"]
        by_phone = purpose == "phone" or not traits.get("email")
        kind = SubjectKind.PHONE if by_phone else SubjectKind.EMAIL
        identifier = traits.get("phone" if by_phone else "email", "")
        try:
            return self.consents.statement(0, {**told, "purpose": purpose, "kind": kind, "identifier": identifier})
        except (Unidentifiable, UnknownPurpose) as error:
            raise values.Unreadable(str(error)) from error


def cells(row: ContactRow) -> Sequence[Cell]:
    traits, own = row.event["traits"], ("email", "phone", "crm_id", *NAMES, "address")
    who = [traits.get("email"), traits.get("phone"), row.event.get("userId"), traits.get("crm_id")]
    name = " ".join(filter(None, (traits.get(part) for part in NAMES)))
    further = people.shown({header: value for header, value in traits.items() if header not in own})
    consent = f"{row.statement.purpose}: {Decision(row.statement.decision).label}" if row.statement else ""
    address = ", ".join(map(str, traits.get("address", {}).values()))
    return [Cell(" · ".join(filter(None, who))), Cell(name), Cell(address), Cell(consent), Cell(further)]


def store(file: ImportFile, rows: Sequence[Row]) -> Outcome:
    """Identify events through the door, then the statements of the lines that passed it. A line without a time was said now."""
    said = file.created_at.isoformat()
    outcome = sending.send(file, [{"timestamp": said, **row.content.event} for row in rows])
    refused = {place for place, _reason in outcome.refused}
    taken = [row for place, row in enumerate(rows) if place not in refused and row.content.statement]
    agreeing.write(file, [(row.line, row.content.statement) for row in taken])
    return outcome


def undo(file: ImportFile) -> bool:
    if taking_back.take_back(file):
        return True
    if file.ends_consents:
        return agreeing.end(file)
    return False


KIND = Kind(
    "contacts", _("Contacts"), _("People with their addresses and ids, as a CRM or a newsletter tool exports them."), "users",
    FIELDS,
    ("decimal_sign", "date_order", "time_zone", "purpose"),
    (_("Identifiers"), _("Name"), _("Address"), _("Consent"), _("Further traits")),
    cells, _Reader, store, undo, _("Trait of the contact"), needs_source=True,
)  # fmt: skip
