"""A scenario: a world, the firm's policy in it, the time it is watched, the seed of its luck."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, field_validator

from sim import strict_yaml
from sim.errors import InputError, Place, Problem, cut
from sim.memory import PERSON, REFERRED, check_memory, needed
from sim.parameters import Section, parameter
from sim.policy import Policy
from sim.possible_ties import impossible
from sim.reading import Document, Override, assigned, parse_override, read_document, unreadable
from sim.shipped import locate, shipped
from sim.strict_yaml import Key, dotted
from sim.validation import validate
from sim.world import World

__all__ = [
    "PolicyChange", "Scenario", "check_memory", "load_policy", "load_scenario", "shipped",
]  # fmt: skip

CHANGED = " (changed)"
"""Mark behind the name of a policy whose levers were set otherwise on top."""


def _title(text: str) -> str:
    if not text.isprintable() or not text.strip() or len(text) > 200:
        raise ValueError("must be 1 to 200 printable characters on one line")
    return text


Title = Annotated[str, AfterValidator(_title)]


class PolicyChange(Section):
    """A day from which on the firm follows another policy."""

    day: int = parameter(
        0, "the first day of the new policy", unit="day", low=0, high=100_000, sure="choice"
    )
    policy: Policy = Policy()


class Scenario(World):
    """Everything that a run depends on: two equal scenarios give the same bytes."""

    name: Title = parameter("scenario", "what it is called in reports", unit="text", sure="choice")
    days: int = parameter(365, "how long it runs", unit="days", low=1, high=100_000, sure="choice")
    seed: int = parameter(
        1, "the luck of the run: the same seed, the same world", unit="number",
        low=0, high=2**64 - 1, sure="choice",
    )  # fmt: skip
    measure_every: int = parameter(
        7, "days from one measurement to the next", unit="days", low=1, high=100_000,
        sure="choice",
    )  # fmt: skip
    policy: Policy = Policy()
    policy_name: Title = parameter(
        "default", "what the policy is called in reports", unit="text", sure="choice"
    )
    policy_changes: tuple[PolicyChange, ...] = ()

    @field_validator("policy_changes")
    @classmethod
    def _one_change_a_day(cls, changes: tuple[PolicyChange, ...]) -> tuple[PolicyChange, ...]:
        days = [change.day for change in changes]
        if len(set(days)) < len(days):
            raise ValueError("has two changes on the same day; keep the one that is meant")
        return changes

    def resolved(self) -> dict[str, Any]:
        """Return every parameter, as plain data: the keys of a scenario file."""
        return self.model_dump(mode="json")

    def to_yaml(self) -> str:
        """Return a scenario file that loads as an equal scenario."""
        return strict_yaml.write(self.resolved())

    def memory_estimate(self) -> int:
        """Return the bytes that a run of this scenario takes at its peak, roughly.

        250 a person (columns, calendar, up to 8 strong ties), 36 more with referral, and 8 for each
        tie beyond. For a network from a file, which sets the number of people itself: 20 for each byte of the file.
        """
        people = self.market.people
        if self.network.file is not None:
            size = os.path.getsize(self.network.file) if os.path.isfile(self.network.file) else 0
            return 20 * size
        degree = people - 1 if self.network.kind == "complete" else self.network.degree
        each = PERSON + (REFERRED if self.referral.enabled else 0)
        return each * people + 8 * (people * max(0, degree - 8) // 2)


class _PolicyFile(Section):
    """A file of its own for a policy: its name beside its levers."""

    name: Title = "policy"
    policy: Policy = Policy()


def _policy_document(name: str | os.PathLike[str], place: Place, key: str = "policy") -> Document:
    """Read a policy file as a document with `name` and, below `policy`, the levers."""
    path = locate("policies", name, place, key)
    asked = Problem(place, f"{key} = {cut(os.fspath(name))}") if place.source else None
    document = read_document(path, asked)
    levers = {key: value for key, value in document.data.items() if key != "name"}
    places = {
        key if key[:1] == ("name",) or not key else ("policy", *key): at
        for key, at in document.places.items()
    }
    title = document.data.get("name", Path(path).stem)
    return Document({"name": title, "policy": levers}, places, document.source)


def validated(document: Document, problems: list[Problem] | None = None) -> Scenario:
    """Return the scenario that a document describes; see `sim.validation.validate`."""

    def beyond(key: Key, unit: str, value: Any) -> str:
        return needed(value) if key == ("market", "people") else ""

    return validate(Scenario, document, problems, beyond)


def load_policy(name: str | os.PathLike[str]) -> tuple[str, Policy]:
    """Return a policy and its name, from a shipped name (`bakery`) or a path.

    Raises
    ------
    InputError
        If there is no such policy, or its file is not right.
    """
    file = validate(_PolicyFile, _policy_document(name, Place("")))
    return file.name, file.policy


def load_scenario(
    name: str | os.PathLike[str],
    overrides: Iterable[str | Override] | Mapping[str, Any] = (),
    policy: str | os.PathLike[str] | Policy | None = None,
    days: int | None = None,
    seed: int | None = None,
    network: str | os.PathLike[str] | None = None,
) -> Scenario:
    """Return a scenario, from a shipped name (`bakery`) or a path.

    Parameters
    ----------
    name
        What holds a slash or ends in `.yaml` is a path.
    overrides
        What is set on top of the file: `"market.people=3000"`, or a mapping from dotted keys to
        values. Whole sections are set before the keys within them, whatever their order.
    policy
        Another policy than the file's: a name, a path or a `Policy`.
    days, seed
        Instead of the file's.
    network
        A file of ties to read, relative to the working directory.

    Raises
    ------
    InputError
        With everything that is wrong, if anything is; also if the memory does not suffice.
    """
    changes = _arguments(policy, days, seed, network)
    if isinstance(overrides, Mapping):
        changes += [assigned(key, value, f"overrides: {key}") for key, value in overrides.items()]
    else:
        changes += [parse_override(o) if isinstance(o, str) else o for o in overrides]
    document = read_document(locate("scenarios", name, Place("")))
    if "name" not in document.data:
        document = document.overridden(assigned("name", Path(name).stem, document.source))
    return _Assembly(document, changes).scenario()


def _arguments(
    policy: str | os.PathLike[str] | Policy | None,
    days: int | None,
    seed: int | None,
    network: str | os.PathLike[str] | None,
) -> list[Override]:
    """Return what the options of a command set."""
    changes = []
    if isinstance(policy, Policy):
        changes.append(assigned("policy", policy.model_dump(), "--policy"))
    elif policy is not None:
        changes.append(assigned("policy", os.fspath(policy), f"--policy {os.fspath(policy)}"))
    if days is not None:
        changes.append(assigned("days", days, f"--days {days}"))
    if seed is not None:
        changes.append(assigned("seed", seed, f"--seed {seed}"))
    if network is not None:
        file = os.fspath(network)
        changes.append(assigned("network.file", file, f"--network {file}"))
    return changes


def _sets_lever(key: Key) -> bool:
    """Tell whether a key leads into a policy, which may have been given by name."""
    return len(key) > {"policy": 1, "policy_changes": 3}.get(str(key[0]), len(key))


class _Assembly:
    """A scenario being put together from its file, its policies' files and what is set on top."""

    def __init__(self, document: Document, changes: list[Override]) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.policy_name: str | None = None
        changes = sorted(changes, key=lambda change: len(change.key))
        levers = [change for change in changes if _sets_lever(change.key)]
        self.set([change for change in changes if change not in levers])
        if any(change.key == ("policy",) for change in changes) and not any(
            change.key == ("policy_name",) for change in changes
        ):
            self.document = self.document.without(("policy_name",))
        self.open_policies()
        before = self.document.value(("policy",))
        self.set(levers)
        self.name_policy(before)
        self.place_network()

    def set(self, changes: list[Override]) -> None:
        for change in changes:
            try:
                self.document = self.document.overridden(change)
            except InputError as error:
                self.problems += error.problems

    def open_policies(self) -> None:
        """Put the levers of every policy that is given by name or path in its place."""
        changes = self.document.value(("policy_changes",))
        count = len(changes) if isinstance(changes, list) else 0
        for key in [("policy",), *(("policy_changes", i, "policy") for i in range(count))]:
            absent = object()
            value = self.document.value(key, absent)
            if isinstance(value, str):
                self.open_policy(key, value)
            elif isinstance(value, dict) and "name" in value:
                self.refuse(
                    (*key, "name"), "is not a lever; a shipped policy is taken by `policy: bakery`"
                )
            elif value is not absent and not isinstance(value, dict):
                names = ", ".join(shipped("policies"))
                self.refuse(
                    key, f"must be the name of a policy ({names}), a path, or levers: {{fix: 1}}"
                )

    def refuse(self, key: Key, text: str) -> None:
        self.problems.append(self.document.problem(key, text))
        self.document = self.document.without(key)

    def open_policy(self, key: Key, name: str) -> None:
        place = self.document.place(key)
        try:
            opened = _policy_document(name, place, dotted(key))
            title = validate(_PolicyFile, opened).name
        except InputError as error:
            self.problems += error.problems
            self.document = self.document.without(key)
            return
        places = {at[1:]: where for at, where in opened.places.items() if at[:1] == ("policy",)}
        levers = Override(key, opened.data["policy"], {(): place, **places})
        self.document = self.document.overridden(levers)
        if key == ("policy",):
            self.policy_name = title

    def name_policy(self, before: Any) -> None:
        """Name the policy after its file, and mark the name if levers were changed on top."""
        after = self.document.value(("policy",))
        given = self.document.value(("policy_name",))
        name = given or self.policy_name or ("custom" if "policy" in self.document.data else None)
        if not isinstance(name, str) or not isinstance(after, dict):
            return
        usual = Policy().model_dump()
        changed = isinstance(before, dict) and {**usual, **before} != {**usual, **after}
        if changed and name != "custom" and not name.endswith(CHANGED):
            name += CHANGED
        place = self.document.place(("policy_name",))
        self.document = self.document.overridden(Override(("policy_name",), name, {(): place}))

    def place_network(self) -> None:
        """Make the path of a network's file absolute, and see that the file is there."""
        key = ("network", "file")
        given = self.document.value(key)
        if not isinstance(given, str):
            return
        path = self.document.file(key)
        if not given.isprintable():
            self.refuse(key, "is not the name of a file")
        elif os.path.isdir(path):
            self.refuse(key, unreadable(path, IsADirectoryError()))
        elif not os.path.exists(path):
            self.refuse(key, unreadable(path, FileNotFoundError()))
        else:
            absolute = Override(key, path, {(): self.document.place(key)})
            self.document = self.document.overridden(absolute)

    def scenario(self) -> Scenario:
        """Return the scenario, or tell all that is wrong with it."""
        scenario = validated(self.document, self.problems)
        problem = impossible(scenario.network, scenario.market.people)
        if problem is not None:
            raise InputError(Problem(self.document.place(problem.key), problem.text))
        key = ("network", "file") if scenario.network.file else ("market", "people")
        check_memory(scenario, self.document.place(key))
        return scenario
