"""Which network was used, in words and on record, so that no result passes for another's."""

import hashlib
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from sim.scenario import Scenario


def named(scenario: Scenario) -> str:
    """Return what the network is called: the name of its file, or its kind."""
    file = scenario.network.file
    return scenario.network.kind if file is None else os.path.basename(file)


def upon(scenario: Scenario) -> str:
    """Return what a title says of a network from a file; nothing where it was made."""
    return "" if scenario.network.file is None else f", on {named(scenario)}"


def sentence(scenario: Scenario, people: int, ties: Collection[int]) -> str:
    """Say which network was used, and how large it was in each world.

    >>> sentence(Scenario(), 3000, [12000, 12000])
    'Network: small_world, 3,000 people, 12,000 ties'
    >>> sentence(Scenario(), 3000, [11950, 12041])
    'Network: small_world, 3,000 people, 11,950 to 12,041 ties'
    """
    low, high = min(ties), max(ties)
    count = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return (
        f"Network: {named(scenario)}, {people:,} {'person' if people == 1 else 'people'}, "
        f"{count} {'tie' if high == 1 else 'ties'}"
    )


def record(scenario: Scenario, people: int, ties: Collection[int]) -> dict[str, Any]:
    """Return what `provenance.json` keeps of the network.

    `kind`, or for a file its `file` as the scenario names it and its `sha256`; `people`; and
    `ties`, a number, or the least and the most where they differ between worlds.
    """
    file = scenario.network.file
    low, high = min(ties), max(ties)
    size = {"people": people, "ties": low if low == high else [low, high]}
    if file is None:
        return {"kind": scenario.network.kind, **size}
    with open(file, "rb") as opened:
        checksum = hashlib.file_digest(opened, "sha256").hexdigest()
    return {"file": os.path.basename(file), "sha256": checksum, **size}


def portable(scenario: Scenario, folder: Path) -> Scenario:
    """Return the scenario as written into `folder`, in which relative paths begin there.

    A network's file at or below the working directory is named from `folder` where that too lies
    below it, so that the whole can be moved; any other keeps its absolute path.
    """
    file = scenario.network.file
    here = Path.cwd()
    if file is None or not (Path(file).is_relative_to(here) and folder.is_relative_to(here)):
        return scenario
    path = Path(os.path.relpath(file, folder)).as_posix()
    return scenario.model_copy(
        update={"network": scenario.network.model_copy(update={"file": path})}
    )


def ignored(scenario: Scenario, keys: Iterable[tuple[str | int, ...]]) -> list[str]:
    """Return the keys that were set and have no effect, since a file decides."""
    if scenario.network.file is None:
        return []
    inside = [key[1:] if key[:1] == ("set",) else key for key in keys]
    return [
        ".".join(map(str, key))
        for key in inside
        if key == ("market", "people")
        or (key[:1] == ("network",) and key[1:2] not in ((), ("file",)))
    ]
