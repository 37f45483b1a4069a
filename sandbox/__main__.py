"""`python -m sandbox --home DIR`: the ad platforms on localhost until a signal ends them.

Prints one line, `READY {"http": …, "grpc": …, "ca_bundle": …}`, when everything answers.
"""

import argparse
import json
import os
import signal
from datetime import date, timedelta
from pathlib import Path
from threading import Event

from sandbox.clock import Clock
from sandbox.market import Market
from sandbox.server import Sandbox

DAYS = 396  # 13 months: a full year to compare with
SHOPPERS = 20_000


def main() -> None:
    arguments = _arguments()
    folder = arguments.home / "sandbox"
    clock = Clock(folder / "clock.json")
    market = _market(folder / "world.json", arguments.seed, arguments.shoppers, clock.now().date() - timedelta(days=arguments.days))
    market.ensure(clock.now().date())
    sandbox = Sandbox(market, clock, arguments.home)
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    addresses = sandbox.start(arguments.http_port, arguments.grpc_port)
    print("READY " + json.dumps(addresses._asdict()), flush=True)
    ended.wait()
    sandbox.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="The ad platforms on localhost.")
    parser.add_argument("--home", type=Path, required=True, help="folder that keeps certificates, clock and world")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another market (first start only)")
    shoppers, days = os.environ.get("SANDBOX_SHOPPERS", str(SHOPPERS)), os.environ.get("SANDBOX_DAYS", str(DAYS))
    parser.add_argument("--shoppers", type=int, default=shoppers, help="size of the market (first start only)")
    parser.add_argument("--days", type=int, default=days, help="length of its past (first start only)")
    parser.add_argument("--http-port", type=int, default=0, help="OAuth, Graph and controls; 0 takes a free port")
    parser.add_argument("--grpc-port", type=int, default=0, help="Google Ads and Analytics; 0 takes a free port")
    return parser.parse_args()


def _market(path: Path, seed: int, shoppers: int, start: date) -> Market:
    """The market that lives here; what makes a new one is written down."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"seed": seed, "start": start.isoformat(), "shoppers": shoppers}))
    world = json.loads(path.read_text())
    return Market(int(world["seed"]), date.fromisoformat(world["start"]), shoppers=int(world.get("shoppers", SHOPPERS)))


if __name__ == "__main__":
    main()
