"""Read a TC string of the IAB Europe Transparency and Consent Framework 2.2/2.3, as far as consent needs it.

Own reader after the IAB's technical specification "Consent string and vendor list format v2"; tests compare it with strings of
the IAB's own encoder. A string without the segment of disclosed vendors is no consent (mandatory since 28 February 2026).
"""

import base64
import binascii
from dataclasses import dataclass

CORE_VERSION = 2
DISCLOSED_VENDORS = 1  # segment type
NOT_ALLOWED = 0  # publisher restriction type: no legal basis at all
LEGITIMATE_INTEREST = 2  # publisher restriction type: not on consent
LONGEST = 20_000  # characters; real strings have some hundred
MOST_VENDORS = 65_535  # ids are 16 bits


class UnableToRead(ValueError):
    """This is no TC string we may rely on."""


@dataclass(frozen=True)
class TcString:
    """What one person chose: purposes 1 to 24 and vendor ids of the global vendor list."""

    cmp_id: int
    cmp_version: int
    policy_version: int
    vendor_list_version: int
    purposes: frozenset[int]
    vendors: frozenset[int]
    disclosed: frozenset[int]
    restricted: frozenset[tuple[int, int]]  # (purpose, vendor) the publisher keeps from consent

    def allows(self, purposes: frozenset[int], vendor: int | None = None) -> bool:
        """Whether all purposes are consented, and for `vendor` if named: consented, disclosed, not restricted."""
        if not purposes <= self.purposes:
            return False
        if vendor is None:
            return True
        unrestricted = not any((purpose, vendor) in self.restricted for purpose in purposes)
        return vendor in self.vendors and vendor in self.disclosed and unrestricted


class _Bits:
    """A segment, read from the left."""

    def __init__(self, segment: str) -> None:
        try:
            content = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise UnableToRead("not base64url") from error
        self.bits, self.place = "".join(f"{byte:08b}" for byte in content), 0

    def take(self, count: int) -> str:
        found = self.bits[self.place : self.place + count]
        if len(found) < count:
            raise UnableToRead("ends too early")
        self.place += count
        return found

    def number(self, count: int) -> int:
        return int(self.take(count), 2)

    def flags(self, count: int) -> frozenset[int]:
        """Places, from 1, that are set."""
        return frozenset(place for place, bit in enumerate(self.take(count), 1) if bit == "1")

    def vendors(self) -> frozenset[int]:
        """A vendor section: a bit field up to the largest id, or ranges."""
        largest = self.number(16)
        if not self.number(1):
            return self.flags(largest)
        found = self.ranges()
        if found and max(found) > largest:
            raise UnableToRead("a vendor beyond the largest")
        return found

    def ranges(self) -> frozenset[int]:
        found: set[int] = set()
        for _ in range(self.number(12)):
            is_range, first = self.number(1), self.number(16)
            last = self.number(16) if is_range else first
            if not 1 <= first <= last:
                raise UnableToRead("a range that runs backwards")
            found.update(range(first, last + 1))
        return frozenset(found)

    def restrictions(self) -> frozenset[tuple[int, int]]:
        found: set[tuple[int, int]] = set()
        for _ in range(self.number(12)):
            purpose, kind = self.number(6), self.number(2)
            vendors = self.ranges()
            if kind in (NOT_ALLOWED, LEGITIMATE_INTEREST):
                found.update((purpose, vendor) for vendor in vendors)
        return frozenset(found)


def read(text: str) -> TcString:
    """Raises UnableToRead for everything that is no complete TC string with its disclosed vendors."""
    if not text or len(text) > LONGEST or not text.isascii():
        raise UnableToRead("no TC string")
    core, *others = text.split(".")
    disclosed = None
    for segment in map(_Bits, others):
        if segment.number(3) == DISCLOSED_VENDORS:
            disclosed = segment.vendors()
    if disclosed is None:
        raise UnableToRead("the segment of disclosed vendors is missing")
    return _core(_Bits(core), disclosed)


def _core(bits: _Bits, disclosed: frozenset[int]) -> TcString:
    if bits.number(6) != CORE_VERSION:
        raise UnableToRead("another version than 2")
    bits.take(72)  # created, last updated
    cmp_id, cmp_version = bits.number(12), bits.number(12)
    bits.take(18)  # screen, language
    vendor_list_version, policy_version = bits.number(12), bits.number(6)
    bits.take(14)  # service specific, non-standard texts, special features
    purposes = bits.flags(24)
    bits.take(24 + 1 + 12)  # legitimate interests, purpose one treatment, publisher's country
    vendors = bits.vendors()
    bits.vendors()  # legitimate interests: no consent
    return TcString(cmp_id, cmp_version, policy_version, vendor_list_version, purposes, vendors, disclosed, bits.restrictions())
