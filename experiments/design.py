"""The design of an experiment: which policies, in which scenario, in which worlds, and why.

An experiment file names a scenario and what to set otherwise in it, the policies to compare, the
one to compare them with, and the seeds. Every seed is a world; every policy is run in each.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments import networks
from experiments.designs import Design, changed
from experiments.experiment_file import ExperimentFile
from experiments.outcomes import DEFAULT
from experiments.sections.break_even import BreakEven
from experiments.sections.optimise import Optimise
from experiments.sections.paradox import Paradox
from experiments.sections.robust import Robust
from experiments.sections.sensitivity import Sensitivity
from experiments.sections.stopping import Precision, SelectBest
from sim.errors import InputError, Place, Problem, cut, nearest
from sim.policy import Policy
from sim.reading import Document, Override, assigned, parse_override, read_document
from sim.scenario import Scenario, check_memory, load_policy, load_scenario
from sim.shipped import locate
from sim.strict_yaml import Key, dotted, write
from sim.validation import validate

SECTIONS = (
    "precision",
    "select_best",
    "sensitivity",
    "robust",
    "optimise",
    "break_even",
    "paradox",
)
"""Sections of an experiment file that say what an analysis of it shall do."""


@dataclass(frozen=True)
class Experiment:
    """What to run: every policy with every seed, in the same scenario.

    Attributes
    ----------
    name : str
    scenario : Scenario
        The world; its own policy and seed are replaced in each run.
    policies : mapping of str to Policy
        By name, in the order in which they are shown.
    baseline : str
        The policy that the others are compared with.
    seeds : tuple of int
        One world each.
    outcomes : tuple of str
        What to show, the most important first; names from `experiments.outcomes.MEASURES`.
    design : Design or None
        What is varied between runs, beside policy and world.
    precision, select_best, sensitivity, robust, optimise, break_even, paradox : Section or None
        What an analysis shall do, as the file has it.
    """

    name: str
    scenario: Scenario
    policies: Mapping[str, Policy]
    baseline: str
    seeds: tuple[int, ...]
    outcomes: tuple[str, ...] = field(default=DEFAULT)
    design: Design | None = None
    precision: Precision | None = None
    select_best: SelectBest | None = None
    sensitivity: Sensitivity | None = None
    robust: Robust | None = None
    optimise: Optimise | None = None
    break_even: BreakEven | None = None
    paradox: Paradox | None = None

    def scenario_of(self, policy: str, seed: int) -> Scenario:
        """Return the scenario of one run."""
        return self.scenario.model_copy(
            update={
                "policy": self.policies[policy],
                "policy_name": policy,
                "seed": seed,
            }
        )

    def resolved(self) -> dict[str, Any]:
        """Return all that the result depends on, as plain data."""
        return {
            "name": self.name,
            "scenario": self.scenario.resolved(),
            "policies": {name: policy.model_dump() for name, policy in self.policies.items()},
            "baseline": self.baseline,
            "seeds": list(self.seeds),
            "outcomes": list(self.outcomes),
            **({} if self.design is None else {"design": self.design.resolved()}),
            **{
                name: section.model_dump(mode="json")
                for name in SECTIONS
                if (section := getattr(self, name)) is not None
            },
        }

    def to_yaml(self, scenario: str) -> str:
        """Return an experiment file that loads as an equal experiment.

        Parameters
        ----------
        scenario
            Path of the file that holds the scenario (`Scenario.to_yaml`), from the folder of this
            one.
        """
        policies = [{"name": name, **levers.model_dump()} for name, levers in self.policies.items()]
        return write({**self.resolved(), "scenario": scenario, "policies": policies})


def load_experiment(
    name: str | os.PathLike[str],
    overrides: Iterable[str | Override] | Mapping[str, Any] = (),
    *,
    days: int | None = None,
    seed: int | None = None,
    network: str | os.PathLike[str] | None = None,
) -> Experiment:
    """Return an experiment, from a shipped name (`bakery`) or a path.

    Parameters
    ----------
    name
        What holds a slash or ends in `.yaml` is a path.
    overrides
        What is set on top of the file: `"seeds=5"`, `"baseline=slow"`, `"market.people=300"`; or
        a mapping from dotted keys to values. Keys of a scenario are set in the scenario, after
        the experiment's own `set`.
    days
        Instead of the scenario's.
    seed
        The first seed; the others follow it. There are as many as the file says.
    network
        A file of ties to read, relative to the working directory.

    Raises
    ------
    InputError
        With everything that is wrong, if anything is.
    """
    document = read_document(locate("experiments", name, Place("")))
    document.data.setdefault("name", Path(name).stem)
    return _Assembly(document, _changes(overrides), days, seed, network).experiment()


def _changes(overrides: Iterable[str | Override] | Mapping[str, Any]) -> list[Override]:
    if isinstance(overrides, Mapping):
        return [assigned(key, value, f"overrides[{key!r}]") for key, value in overrides.items()]
    return [parse_override(each) if isinstance(each, str) else each for each in overrides]


_DOTTED = ("grid", "zip", "list", "ranges", "fixed", "exclude", "levers", "costs")
"""Keys of a design, or of any other part with ranges, within which keys are dotted."""

MOST_TRIED = 10_000
"""Cells that are made before anything runs; of more, one that cannot be is a run that fails."""


def _numbered(key: Key) -> Key:
    """Return a key as given to `--set` with the numbers of entries as numbers."""
    return tuple(int(part) if str(part).isdecimal() else part for part in key)


class _Assembly:
    """An experiment being put together from its file, what is set on top, and other files."""

    def __init__(
        self,
        document: Document,
        changes: list[Override],
        days: int | None,
        seed: int | None,
        network: str | os.PathLike[str] | None,
    ) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.days, self.seed, self.network = days, seed, network
        self.in_scenario: list[Override] = []
        for change in sorted(changes, key=lambda change: len(change.key)):
            self.attempt(self.assign, change)
        self.open_policies()

    def attempt(self, step: Any, *arguments: Any) -> Any:
        """Take a step; keep what is wrong with it for later, to be told in one go."""
        try:
            return step(*arguments)
        except InputError as error:
            self.problems += error.problems
            return None

    def assign(self, change: Override) -> None:
        """Set a key where it belongs: in the experiment, or in its scenario."""
        first = str(change.key[0])
        if first == "set" and len(change.key) > 1:
            self.in_scenario.append(change._replace(key=change.key[1:]))
        elif first in ExperimentFile.model_fields:
            self.document = self.document.overridden(self.joined(change))
        elif first in Scenario.model_fields:
            self.in_scenario.append(change)
        else:
            meant = nearest(first, [*ExperimentFile.model_fields, *Scenario.model_fields])
            hint = f"; did you mean {meant}?" if meant else ""
            text = f"{dotted(change.key)} is neither a key of an experiment nor of a scenario{hint}"
            raise InputError(Problem(change.places[()], text))

    def joined(self, change: Override) -> Override:
        """Return a change with the dotted keys of a design in one piece, as a file has them."""
        parts = change.key
        start = next((i + 1 for i, part in enumerate(parts) if i and part in _DOTTED), len(parts))
        while start < len(parts) and str(parts[start]).isdecimal():
            start += 1
        if start == len(parts):
            return change
        inside = self.document.value(_numbered(parts[:start]))
        names = [".".join(map(str, parts[start:end])) for end in range(len(parts), start, -1)]
        known = [name for name in names if isinstance(inside, dict) and name in inside]
        name = (known or names)[0]
        rest = parts[start + name.count(".") + 1 :]
        return change._replace(key=(*parts[:start], name, *rest))

    def open_policies(self) -> None:
        """Put the levers of every policy that is given by name or path in its place."""
        policies = self.document.value(("policies",))
        for i in range(len(policies) if isinstance(policies, list) else 0):
            key: Key = ("policies", i)
            value = self.document.value(key)
            if isinstance(value, str):
                opened = self.attempt(self.open_policy, key, value, {})
            elif isinstance(value, dict) and isinstance(value.get("like"), str):
                opened = self.attempt(self.open_policy, (*key, "like"), value["like"], value)
            else:
                continue
            if not opened:
                self.drop_policy(i)

    def open_policy(self, key: Key, name: str, levers: dict[str, Any]) -> bool:
        """Replace the policy named at `key` by its levers; those given beside it go before."""
        place = self.document.place(key)
        title, policy = load_policy(self.path("policies", key, name))
        whole = {"name": title, **policy.model_dump(), **levers}
        inner = {at[2:]: where for at, where in self.document.places.items() if at[:2] == key[:2]}
        opened = Override(key[:2], whole, {(): place, **inner})
        self.document = self.document.overridden(opened)
        return True

    def drop_policy(self, i: int) -> None:
        """Take out a policy that could not be read, so that the others are still checked."""
        entry = self.document.value(("policies", i))
        name = entry.get("name", "?") if isinstance(entry, dict) else Path(entry).stem
        stand_in = Override(
            ("policies", i), {"name": name}, {(): self.document.place(("policies", i))}
        )
        self.document = self.document.overridden(stand_in)

    def experiment(self) -> Experiment:
        """Return the experiment, or tell all that is wrong with it."""
        scenario = self.attempt(self.load_scenario)
        file = validate(ExperimentFile, self.document, self.problems)
        policies = self.policies(file, scenario)
        made = Experiment(
            name=file.name,
            scenario=scenario,
            policies=policies,
            baseline=file.baseline or next(iter(policies)),
            seeds=self.worlds(file.seeds, scenario.seed),
            outcomes=file.outcomes,
            design=None if file.design is None else Design(file.design),
            **{name: getattr(file, name) for name in SECTIONS},
        )
        self.try_points(made)
        return made

    def policies(self, file: ExperimentFile, scenario: Scenario) -> dict[str, Policy]:
        """Return the policies by name: the scenario's own, where the file has none."""
        if file.policies is not None:
            return {
                named.name: Policy.model_validate(named.model_dump(exclude={"name", "like"}))
                for named in file.policies
            }
        own = scenario.policy_name
        if file.baseline not in (None, own):
            text = f"must be the scenario's own policy, {own}, unless others stand under `policies`"
            raise InputError(self.document.problem(("baseline",), text))
        return {own: scenario.policy}

    def try_points(self, experiment: Experiment) -> None:
        """Make the scenarios of a design before anything runs, unless they are very many."""
        design, place = experiment.design, self.document.place(("design",))
        if design is None:
            return
        if not len(design):
            raise InputError(Problem(place, "design: everything is excluded; no point is left"))
        keys = (tuple(key.split(".")) for key in design.varied)
        for key in networks.ignored(experiment.scenario, keys):
            file = networks.named(experiment.scenario)
            text = f"{key} has no effect: people and ties are those of {file}; vary something else"
            raise InputError(Problem(place, f"design: {text}"))
        few = len(design) * len(experiment.policies) <= MOST_TRIED
        largest = experiment.scenario
        for point in design.points if few else design.points[:1]:
            for policy in experiment.policies:
                try:
                    made = changed(experiment.scenario_of(policy, 0), point)
                except InputError as error:
                    raise InputError(Problem(place, f"design: {error}")) from None
                largest = max(largest, made, key=Scenario.memory_estimate)
        check_memory(largest, place)

    def worlds(self, seeds: int | tuple[int, ...], first: int) -> tuple[int, ...]:
        if isinstance(seeds, tuple):
            if self.seed is None:
                return seeds
            seeds = len(seeds)
        if first + seeds > 2**64:
            raise InputError(f"seed = {first} leaves no room for {seeds} seeds below 2**64")
        return tuple(range(first, first + seeds))

    def load_scenario(self) -> Scenario | None:
        name = self.document.value(("scenario",))
        if not isinstance(name, str):
            return None  # which `validate` will tell
        inside = self.document.value(("set",))
        own = self.document.overrides() if isinstance(inside, dict) else []
        changes = [
            change for change in (*own, *self.in_scenario) if self.attempt(self.acts, change)
        ]
        path = self.path("scenarios", ("scenario",), name)
        return load_scenario(path, changes, days=self.days, seed=self.seed, network=self.network)

    def path(self, kind: str, key: Key, name: str) -> Path:
        """Return the file named at `key`; that there is none is a problem of that line."""
        place = self.document.place(key)
        path = locate(kind, name, place, dotted(key))
        read_document(path, asked=Problem(place, f"{dotted(key)} = {cut(name)}"))
        return Path(path)

    def acts(self, change: Override) -> bool:
        """Refuse levers set in the scenario, whose policy no run of the experiment follows."""
        if (
            change.key[0] not in ("policy", "policy_name")
            or self.document.value(("policies",)) is None
        ):
            return True
        text = (
            f"{dotted(change.key)} has no effect here: an experiment follows its own policies; "
            "write policies: [{name: mine, like: fast, ease: 4}]"
        )
        raise InputError(Problem(change.places[()], text))
