"""How files of other tools write consents: the names of their columns, and their words for yes, no and no longer."""

from base64 import b64encode
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mops.lib.tables import csv_lines
from tracking.consent_models import Decision
from tracking.imports import values
from tracking.imports.kind import Field

FIELDS: tuple[Field, ...] = (
    Field("identifier", _("Identifier"), "text", True, "identifier kennung email emailadresse emailaddress mail phone telefon"
          " telefonnummer"),
    Field("purpose", _("Purpose"), "text", True, "purpose zweck"),
    Field("kind", _("Known by"), "text", False, "kind art kennungsart bekanntdurch knownby"),
    Field("decision", _("Decision"), "text", False, "decision entscheidung consentstatus einwilligung"),
    Field("given_at", _("Agreed at"), "time", False, "givenat agreedat consentat optindate optindatum erteiltam eingewilligtam"
          " einwilligungam einwilligungsdatum zeitpunkt datum"),
    Field("url", _("Page where they agreed"), "text", False, "url consenturl einwilligungsseite seite pagewheretheyagreed"
          " seitedereinwilligung"),
    Field("mechanism", _("How they agreed"), "text", False, "mechanism mechanismus nachweis artdereinwilligung howtheyagreed"
          " verfahrendereinwilligung"),
    Field("text_version", _("Version of the text"), "text", False, "textversion fassung textfassung versionofthetext"
          " fassungdestextes versiondestextes"),
    Field("language", _("Language of the text"), "text", False, "language sprache textsprache languageofthetext sprachedestextes"),
    Field("wording", _("Wording they were shown"), "text", False, "wording wortlaut einwilligungstext wordingtheywereshown"
          " wortlautdensiegelesenhaben"),
    Field("ip", _("IP address"), "text", False, "ip ipaddress ipadresse"),
    Field("user_agent", _("Browser"), "text", False, "useragent browser"),
    Field("doi_sent_at", _("Confirmation mail sent at"), "time", False, "doisentat doigesendetam confirmationmailsentat"
          " bestaetigungsmailgesendetam"),
    Field("doi_confirmed_at", _("Confirmed at"), "time", False, "doiconfirmedat doibestaetigtam confirmedat bestaetigtam"),
)  # fmt: skip
WORDS: dict[Decision, tuple[str, ...]] = {  # in small letters
    Decision.GRANTED: ("granted", "yes", "y", "true", "1", "opt-in", "optin", "opt in", "subscribed",
                       "erteilt", "ja", "j", "wahr", "zugestimmt", "eingewilligt", "angemeldet"),
    Decision.DENIED: ("denied", "no", "n", "false", "0", "verweigert", "abgelehnt", "nein", "falsch"),
    Decision.WITHDRAWN: ("withdrawn", "opt-out", "optout", "opt out", "unsubscribed", "widerrufen", "abgemeldet"),
    Decision.UNPROVEN: ("unproven", "not proven", "nicht nachgewiesen"),
}  # fmt: skip
DECISIONS = {word: decision for decision, words in WORDS.items() for word in words}
EXAMPLE = {  # fictional
    "identifier": "erika@example.org", "purpose": "email", "kind": "email", "decision": Decision.GRANTED.label,
    "given_at": "2026-03-01 10:15", "url": "https://shop.example/newsletter", "mechanism": _("Checkbox, ticked by the person"),
    "text_version": "1", "language": "de", "wording": _("Yes, I would like to receive the newsletter."), "ip": "203.0.113.7",
    "user_agent": "Mozilla/5.0", "doi_sent_at": "2026-03-01 10:15", "doi_confirmed_at": "2026-03-01 10:20",
}  # fmt: skip
ENDED = EXAMPLE | {"identifier": "max@example.org", "decision": Decision.WITHDRAWN.label}


def decision(cell: Any) -> Decision:
    """What the cell says, in either language; a file of those who agreed needs no word for it. Raises values.Unreadable."""
    word = " ".join(values.text(cell).lower().split())
    if word and word not in DECISIONS:
        known = "; ".join(", ".join(words) for words in WORDS.values())
        raise values.Unreadable(
            gettext("“%(cell)s” is no decision. Understood are: %(words)s.") % {"cell": word[:40], "words": known}
        )
    return DECISIONS[word] if word else Decision.GRANTED


def sample() -> bytes:
    """A file to begin with, its columns named in the language of the moment."""
    rows = [[str(row[field.name]) for field in FIELDS] for row in (EXAMPLE, ENDED)]
    return b"".join(csv_lines([str(field.label) for field in FIELDS], rows))


def sample_address() -> str:
    """The sample as an address of its own: it holds nobody's data, so nobody need note who took it."""
    return f"data:text/csv;charset=utf-8;base64,{b64encode(sample()).decode()}"
