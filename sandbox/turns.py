"""One market for the threads of many wires: calls take turns, since reading joins what simulating appends."""

from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from sandbox.market import Market


class _Turns:
    def __init__(self, market: "Market") -> None:
        self._market = market
        self._lock = RLock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._market, name)
        return self._locked(found) if callable(found) else found

    def _locked(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def answer(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                return call(*args, **kwargs)

        return answer


def taking_turns(market: "Market") -> "Market":
    """The same market, one call at a time. `visits` is read after its turn: leave that to a single thread."""
    return cast("Market", _Turns(market))
