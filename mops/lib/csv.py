"""CSV that German Excel opens by double click: UTF-8 with BOM, semicolons; and that cannot carry a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    def write(self, line: str) -> str:
        return line


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file line by line, for a streaming response. A formula in a text gets an apostrophe."""
    writer = csv.writer(_Echo(), delimiter=";")
    yield b"\xef\xbb\xbf" + str(writer.writerow(header)).encode()
    for row in rows:
        yield str(writer.writerow([harmless(value) for value in row])).encode()


def harmless(value: Any) -> Any:
    """Numbers and days stay as they are; text cannot start a formula."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value
