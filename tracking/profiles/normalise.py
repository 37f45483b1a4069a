"""One way to write a thing: e-mail addresses, telephone numbers, names, German addresses. Pure.

Nothing is guessed: two mailboxes that a provider may treat as one (dots, plus tags) stay two identifiers.
"""

import re
import unicodedata

import phonenumbers

LONGEST = 500
SHORTEST_PHONE = 8  # with plus and country: less is an extension, which many people share
PLACEHOLDERS = frozenset({
    "", "0", "-", "null", "none", "nil", "undefined", "nan", "n/a", "na", "false", "true", "unknown", "anonymous", "guest", "user",
    "userid", "anonymousid", "id", "test", "[object object]", "00000000-0000-0000-0000-000000000000", "not set", "(not set)",
})  # fmt: skip  # what senders write when they know nothing: it would join strangers
FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
TITLES = frozenset({"dr", "prof", "herr", "frau", "mr", "mrs", "ms", "dipl", "ing", "med", "rer", "nat", "phil"})
STREET = re.compile(r"(?<=[a-zß-ÿ])(\s*)str(?:\.|asse|aße|\b)(?=[\s\d]|$)|\bstr(?:\.|asse|aße)(?=[\s\d]|$)", re.IGNORECASE)
HOUSE = re.compile(r"(?<!\d)(\d+)\s*([a-z])?\s*(?:([-/+])\s*(\d+)\s*([a-z])?)?\s*$", re.IGNORECASE)
POSTAL_CODE = re.compile(r"^(?:D\s*-?\s*|DE\s*-?\s*)?(\d{5})$", re.IGNORECASE)


def text(value: str) -> str:
    """Compatible characters made one (NFKC), no control or invisible characters, single spaces."""
    if value.isascii() and value.isprintable():
        return " ".join(value.split())
    whole = unicodedata.normalize("NFKC", value)
    return " ".join("".join(" " if char.isspace() else char for char in whole if unicodedata.category(char) not in ("Cc", "Cf")
                            or char.isspace()).split())  # fmt: skip


def identifier(value: str) -> str:
    """An opaque id as it is, but "" for what senders write when they have none."""
    found = text(value)
    return "" if found.casefold() in PLACEHOLDERS or len(found) > LONGEST or not found.strip("0-") else found


def email(value: str) -> str:
    """Small letters, the domain in its readable form; "" if it is no address."""
    name, at, domain = text(value).lower().rpartition("@")
    whole = f"{name}@{_domain(domain)}"
    if not (name and at and "." in domain.strip(".")) or " " in whole or "@" in name or len(whole) > 254:
        return ""
    return whole


def _domain(domain: str) -> str:
    """xn--… and its spelling with umlauts are one mailbox: both become the spelling with umlauts."""
    if "xn--" not in domain:
        return domain
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def phone(value: str, country: str) -> str:
    """E.164 of a number as people of `country` (ISO 3166) write it; "" if there is no such number."""
    try:
        number = phonenumbers.parse(text(value), country)
    except phonenumbers.NumberParseException:
        return ""
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written if phonenumbers.is_possible_number(number) and len(written) >= SHORTEST_PHONE else ""


def name_key(value: str) -> str:
    """What two ways of writing a person's name have in common: no titles, no case, umlauts spelt out, any sequence of parts."""
    plain = folded(value)
    parts = [part for part in re.split(r"[^\w]+", plain) if part and part not in TITLES]
    return " ".join(sorted(parts))


def street(value: str) -> str:
    """ "Musterstr. 5 A" → "Musterstraße 5a": the word for street in full, the house number without gaps."""
    found = STREET.sub(_street_word, text(value)).strip(" ,.")
    number = HOUSE.search(found)
    if number is None or number.start() == 0:
        return found
    first, letter, sign, last, last_letter = number.groups()
    house = first + (letter or "").lower() + (f"{sign}{last}{(last_letter or '').lower()}" if sign else "")
    return f"{found[: number.start()].rstrip(' ,.')} {house}"


def _street_word(found: re.Match[str]) -> str:
    word = found.group(0).lstrip()
    gap = " " if found.group(1) else ""
    return gap + ("Straße" if word[:1].isupper() else "straße")


def postal_code(value: str) -> str:
    """Five digits of a German postal code ("D-01067" too); what is no such code as it stands, in capitals."""
    found = text(value)
    german = POSTAL_CODE.match(found)
    return german.group(1) if german else found.upper()


def address_key(street_and_number: str, code: str, city: str) -> str:
    """What two ways of writing an address have in common; "" without street or postal code. The code says the city."""
    place = postal_code(code)
    way = re.sub(r"[\s\-]+", "", folded(street(street_and_number)))
    if not way or not place:
        return ""
    return f"{way}|{place}" if POSTAL_CODE.match(place) else f"{way}|{place}|{folded(city)}"


def folded(value: str) -> str:
    """What two ways of writing a word have in common: no case, no accents, umlauts spelt out."""
    plain = unicodedata.normalize("NFKC", text(value)).casefold().translate(FOLDED)
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(char for char in decomposed if not unicodedata.combining(char))
