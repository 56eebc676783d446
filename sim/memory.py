"""Whether a scenario fits into the memory that is to be had, before any is taken."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from sim.scenario import Scenario

PERSON = 250
"""Bytes that a person takes in a run: columns, calendar, up to 8 strong ties."""

REFERRED = 36
"""Bytes more for each where referral ties people to whoever brought them."""

_MEMINFO = Path("/proc/meminfo")
_OWN_GROUPS = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")


def available_memory() -> int | None:
    """Return the bytes that can be allocated, or None where the system does not say.

    The least of what the machine has to spare and what a container's limit (cgroup, version 1 or
    2) leaves, where files kept in memory for speed count as free.
    """
    free = [amount for amount in (_machine(), *_containers()) if amount is not None]
    return max(0, min(free)) if free else None


def _machine() -> int | None:
    try:
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _containers() -> list[int | None]:
    """Return what each group that this process is in leaves."""
    try:
        lines = _OWN_GROUPS.read_text().splitlines()
    except OSError:
        return []
    left: list[int | None] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            names = ("memory.max", "memory.current", "inactive_file")
            bases = (_GROUPS, _GROUPS / path.lstrip("/"))
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            bases = (_GROUPS / "memory", _GROUPS / "memory" / path.lstrip("/"))
        else:
            continue
        left += [_left(base, *names) for base in bases]
    return left


def _left(group: Path, limit: str, usage: str, cache: str) -> int | None:
    """Return what a group's limit leaves, or None if it has no limit or cannot be read."""
    try:
        most = int((group / limit).read_text())
        used = int((group / usage).read_text())
        kept = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return most - used + int(kept.get(cache, 0))
    except (OSError, ValueError):
        return None


def needed(people: int) -> str:
    """Return in words what memory a run with so many people needs, and what there is."""
    have = available_memory()
    there = "" if have is None else f", and {have / 1e9:,.1f} GB are available"
    return f"{people:,} people need about {people * PERSON / 1e9:,.1f} GB of memory{there}"


def _rounded(count: int) -> int:
    """Return a count rounded down to two digits."""
    unit: int = 10 ** max(0, len(str(count)) - 2)
    return count // unit * unit


def check_memory(scenario: "Scenario", place: Place | None = None) -> None:
    """Refuse a scenario that this machine has not the memory for.

    Parameters
    ----------
    scenario
        The scenario, whose `memory_estimate` is compared with `available_memory`.
    place
        Where the number of people, or the network's file, was given.

    Raises
    ------
    InputError
        With the estimate, what is available, and about how many people would fit.
    """
    need, have = scenario.memory_estimate(), available_memory()
    if have is None or need <= have:
        return
    people, network = scenario.market.people, scenario.network
    what = f"market.people = {people}"
    remedy = f"at most about {_rounded(people * have // need):,} people fit"
    if network.file is not None:
        what, remedy = f"network.file = {network.file}", "take a smaller network"
    elif network.kind == "complete":
        most = int((have / 4) ** 0.5)
        remedy = (
            f"a complete network ties everybody to everybody; about {_rounded(most):,} people fit"
        )
    sizes = f"about {need / 1e9:,.1f} GB of memory, and {have / 1e9:,.1f} GB are available"
    raise InputError(Problem(place or Place(""), f"{what} needs {sizes} ({remedy})"))
