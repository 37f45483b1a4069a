"""A growing table of integer columns: appended day by day, read as whole numpy arrays."""

import numpy as np

from sandbox.market.season import Flags, Ints


class Columns:
    """Columns of int64 of equal length. Chunks are joined when first read after an append."""

    def __init__(self, *names: str) -> None:
        self._chunks: dict[str, list[Ints]] = {name: [np.empty(0, dtype=np.int64)] for name in names}
        self._starts: list[int] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> Ints:
        chunks = self._chunks[name]
        if len(chunks) > 1:
            chunks[:] = [np.concatenate(chunks)]
        return chunks[0]

    def append(self, **columns: Ints | Flags) -> None:
        """Adds rows; every column must be given."""
        if columns.keys() != self._chunks.keys():
            raise ValueError(f"columns differ: {sorted(columns.keys() ^ self._chunks.keys())}")
        (length,) = {len(values) for values in columns.values()}
        for name, values in columns.items():
            self._chunks[name].append(np.asarray(values, dtype=np.int64))
        self._starts.append(self._length)
        self._length += length

    def since(self, name: str, appends: int) -> Ints:
        """The rows of the last `appends` appends, without joining the whole column."""
        wanted = self._length - self._starts[-min(appends, len(self._starts))]
        have, recent = 0, []
        for chunk in reversed(self._chunks[name]):
            recent.append(chunk)
            have += len(chunk)
            if have >= wanted:
                break
        # Columns are joined one by one, so the oldest chunk may reach further back in one than in another.
        return np.concatenate(recent[::-1])[have - wanted :]
