"""What a crash report would show of an error: texts, causes and the locals of every frame of the product."""

from collections.abc import Iterator
from types import TracebackType


def shown(error: BaseException) -> str:
    """All of it as one text, to look for secrets in."""
    return "\n".join(_parts(error, set()))


def _parts(error: BaseException | None, seen: set[int]) -> Iterator[str]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
    yield from _locals(error.__traceback__)
    yield from _parts(error.__cause__, seen)
    yield from _parts(error.__context__, seen)


def _locals(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        if "/tests/" not in trace.tb_frame.f_code.co_filename:
            yield from map(repr, trace.tb_frame.f_locals.values())
        trace = trace.tb_next
