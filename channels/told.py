"""What a platform's trouble is, in the language of whoever reads it.

Stored as the connector's sentences with their values; rows from before that hold plain English and are shown as they are.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import models
from django.utils.formats import number_format
from django.utils.translation import gettext

from channels.connectors.base import Sentence

START = '[["'  # no text a person or a platform wrote begins like this


class Told:
    """Sentences of a ConnectorError; str() shows them in the active language, "" when there are none."""

    def __init__(self, said: Sequence[Sentence] = ()) -> None:
        self.said = tuple(said)

    @classmethod
    def read(cls, stored: str) -> "Told":
        """From the database."""
        if stored.startswith(START):
            return cls([Sentence(text, values) for text, values in json.loads(stored)])
        return cls([Sentence(stored)] if stored else ())

    def stored(self) -> str:
        return json.dumps(self.said, default=dict, ensure_ascii=False) if self.said else ""

    def __str__(self) -> str:
        return " ".join(map(_shown, self.said))

    def __bool__(self) -> bool:
        return bool(self.said)

    def __eq__(self, other: object) -> bool:
        return self.said == other.said if isinstance(other, Told) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.stored())


def _shown(one: Sentence) -> str:
    values = {name: number_format(value, force_grouping=True) if isinstance(value, int) else value
              for name, value in one.values.items()}  # fmt: skip
    text = gettext(one.text)
    return text % values if values else text


class ToldField(models.TextField[Any, Any]):
    """A text column with a `Told` in it. Plain text may be assigned too: it is one sentence without translation."""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Told:
        return Told.read(value or "")

    def to_python(self, value: Any) -> Told:
        return value if isinstance(value, Told) else Told.read(str(value or ""))

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(START):
            value = Told([Sentence(value)])
        return value.stored() if isinstance(value, Told) else value  # TextField's own would turn it into a Told again
