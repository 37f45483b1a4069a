"""Processor time of the programs under test: on a busy machine it tells more than the rate."""

import os
from pathlib import Path

import psutil


def seconds(pid: int) -> float:
    """What a process and its children used so far; children that ended are forgotten."""
    if not pid:
        return 0.0
    used = 0.0
    parent = psutil.Process(pid)
    for process in [parent, *parent.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system
    return used


def postgres() -> int:
    """The database server of this run; 0 when it runs elsewhere."""
    try:
        return int((Path(os.environ["MOPS_HOME"]) / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
    except OSError:
        return 0
