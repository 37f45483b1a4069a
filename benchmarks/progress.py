"""A line for every tenth of a long run: how fast it is just then, so that a curve that falls is seen."""

import time
from collections.abc import Callable


class Progress:
    """Ten lines on the way to `whole`, none where that takes less than SHORT. `seconds` is the time spent in `timed`."""

    SHORT = 60  # seconds

    def __init__(self, what: str, whole: int) -> None:
        self.what, self.whole, self.so_far, self.seconds = what, whole, 0, 0.0
        self._said = (0, 0.0)  # number and seconds of the last line

    def timed(self, work: Callable[[], object]) -> None:
        start = time.perf_counter()
        work()
        self.seconds += time.perf_counter() - start

    def done(self, number: int) -> None:
        before, self.so_far = self.so_far, self.so_far + number
        if before * 10 // self.whole == self.so_far * 10 // self.whole:
            return
        rate = (self.so_far - self._said[0]) / (self.seconds - self._said[1])
        left = self.seconds / self.so_far * (self.whole - self.so_far)
        if self.seconds + left < self.SHORT:
            return
        print(f"    {self.so_far:>9,} of {self.whole:,} {self.what}: {rate:,.0f}/s now, {left:,.0f} s left", flush=True)
        self._said = (self.so_far, self.seconds)
