"""Ten thousand random histories of consent: does anybody pass the gate who should not, or not pass who should?

    python -m tests.chaos.consent_histories [--histories 10000] [--processes 2] [--seed 1]

Every process has histories and a database of its own. Prints how far it is, how many ran and the shortest history that broke a
promise.
"""

import argparse
import sys
from contextlib import ExitStack
from multiprocessing import get_context
from time import monotonic

EVERY = 250  # histories between two lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun, each = monotonic(), -(-given.histories // given.processes)
    with get_context("spawn").Pool(given.processes) as processes:
        outcomes = processes.starmap(run, [(each, given.seed + number) for number in range(given.processes)])
    done, broken = sum(count for count, _ in outcomes), [text for _, text in outcomes if text]
    print(f"{done} histories in {monotonic() - begun:.0f} s, {len(broken)} violations", *broken, sep="\n")
    return bool(broken)


def run(histories: int, number: int) -> tuple[int, str]:
    """How many ran, and what broke."""
    from tests.chaos.consent_race import empty_database

    begun = monotonic()
    with ExitStack() as stack:
        empty_database(stack)
        from hypothesis import seed

        from tests.tracking.consent import test_histories

        class Machine(test_histories.Histories):
            count = 0

            def teardown(self) -> None:
                super().teardown()
                if type(self).count % EVERY == 0:
                    print(
                        f"process {number}: {type(self).count} of {histories} histories in {monotonic() - begun:.0f} s", flush=True
                    )

        machine = seed(number)(Machine)
        try:
            test_histories.run(histories, machine)
        except AssertionError as error:
            return machine.count, "\n".join([f"seed {number}: {error}", *getattr(error, "__notes__", [])])
        return machine.count, ""


if __name__ == "__main__":
    sys.exit(main())
