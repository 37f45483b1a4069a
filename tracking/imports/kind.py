"""What a kind of file is: its columns, how a line becomes a row, how rows are stored and taken back. `kinds` has one of each."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from tracking.imports.values import DateOrder, DecimalSign
from tracking.models import ImportFile
from tracking.outcome import Outcome
from workspaces.models import Workspace

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Field(NamedTuple):
    """A value a column can give. `words` are headers seen in exports, letters and digits only."""

    name: str
    label: "StrOrPromise"
    kind: str  # text, time, amount, flag
    required: bool
    words: str
    about_consent: bool = False  # says what somebody agreed to: only for those who manage consents


@dataclass(frozen=True)
class Reading:
    """How the cells of a file are read; chosen once per file."""

    decimal_sign: DecimalSign = "."
    date_order: DateOrder = "ymd"
    time_zone: str = "Europe/Berlin"  # of times without an offset
    currency: str = "EUR"  # where no column gives it
    vat_percent: str = "19"  # net = gross / (1 + VAT) where no column gives it
    event_name: str = ""  # where no column gives it
    purpose: str = ""  # of consents, where no column gives it
    extra: Mapping[str, str] = field(default_factory=dict)  # header → text, number, flag or time: columns kept under their header

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Given(NamedTuple):
    """A line as its cells read: by field, and by header what is kept beyond the fields. Empty cells are missing."""

    values: Mapping[str, Any]
    extra: Mapping[str, Any]
    mapped: Collection[str]  # fields that have a column, filled in this line or not


class Cell(NamedTuple):
    """A value of the preview as a template shows it: by its type, amounts with their currency."""

    value: Any
    currency: str = ""

    @property
    def is_time(self) -> bool:
        return isinstance(self.value, datetime)


class Row(NamedTuple):
    line: int  # as an editor counts
    content: Any  # of the kind's own type


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    reader: for a workspace and a reading, the function that makes a row's content of a line. It raises values.Unreadable.
    store: writes rows of a file in the caller's transaction, the same rows again without doubling anything.
    undo: takes some of what the file wrote back, in the caller's transaction; False when nothing is left to take back.
    """

    key: str
    label: "StrOrPromise"
    text: "StrOrPromise"
    icon: str
    fields: tuple[Field, ...]
    asks: tuple[str, ...]  # fields of Reading that a person answers
    shows: tuple["StrOrPromise", ...]  # columns of the preview
    cells: Callable[[Any], Sequence[Cell]]
    reader: Callable[[Workspace, Reading], Callable[[Given], Any]]
    store: Callable[[ImportFile, Sequence[Row]], Outcome]
    undo: Callable[[ImportFile], bool]
    extra: "StrOrPromise" = ""  # what further columns become; "" = they are left out
    needs_source: bool = False  # its rows are events, and events come from a source

    def fields_for(self, *, consents: bool) -> tuple[Field, ...]:
        return tuple(one for one in self.fields if consents or not one.about_consent)
