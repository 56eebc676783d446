"""The design of an experiment: which policies, in which scenario, in which worlds, and why.

An experiment file names a scenario and what to set otherwise in it, the policies to compare, the
one to compare them with, and the seeds. Every seed is a world; every policy is run in each.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from experiments.costs import would_take
from experiments.outcomes import DEFAULT
from experiments.planning.assembly import Assembly
from experiments.planning.designs import Design
from experiments.planning.experiment_file import ExperimentFile
from experiments.planning.surveyed import Survey, surveyed
from experiments.planning.trying import refuse_impossible
from experiments.sections.break_even import BreakEven
from experiments.sections.case import Case
from experiments.sections.optimise import Optimise
from experiments.sections.paradox import Paradox
from experiments.sections.robust import Robust
from experiments.sections.sensitivity import Sensitivity
from experiments.sections.stopping import Precision, SelectBest
from sim.errors import InputError, Place, Problem, nearest
from sim.policy import Policy
from sim.reading import Document, Override, assigned, parse_override, read_document
from sim.scenario import Scenario
from sim.shipped import locate
from sim.strict_yaml import Key, write
from sim.validation import validate

SECTIONS = (
    "precision",
    "select_best",
    "sensitivity",
    "robust",
    "optimise",
    "break_even",
    "paradox",
    "case",
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
    precision, select_best, sensitivity, robust, optimise, break_even, paradox, case : Section or None
        What an analysis shall do, as the file has it.
    survey : Survey or None
        What SERVQUAL gaps in the file have made of scenario and policies. These hold it already, so
        that a file that is written has no gaps any more.
    document : Document or None
        Its file with what was set on top, by which is told where something was given.
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
    case: Case | None = None
    survey: Survey | None = field(default=None, compare=False)
    document: Document | None = field(default=None, compare=False, repr=False)

    def place(self, key: Key = ()) -> Place:
        """Return where a key was given, or the nearest section around it; else the file."""
        if self.document is None:
            return Place("")
        while key and key not in self.document.places:
            key = key[:-1]
        return self.document.places[key] if key else Place(self.document.source)

    def named_at(self, parameter: str) -> Place:
        """Return where the dotted key of a parameter was given values, or else the file."""
        places = self.document.places if self.document else {}
        named = [key for key in places if key[-1:] == (parameter,)]
        # What varies it goes before what it is set to.
        key = min(named, key=lambda key: key[0] == "set", default=())
        return self.place(key)

    def fault(self, key: Key, text: str) -> InputError:
        """Return what is wrong with the value at a key: `file:line: key = value text`."""
        document = self.document or Document(self.resolved(), {}, "")
        return InputError(document.problem(key, text))

    def scenario_of(self, policy: str, seed: int) -> Scenario:
        """Return the scenario of one run."""
        return self.scenario.model_copy(
            update={
                "policy": self.policies[policy],
                "policy_name": policy,
                "seed": seed,
            }
        )

    def rival(self, named: str | None = None) -> str:
        """Return the policy to hold against the baseline: the one that is named, or the only one.

        Raises
        ------
        InputError
            If there is no such policy beside the baseline, or several and none is named.
        """
        others = [policy for policy in self.policies if policy != self.baseline]
        place = self.place(("policies",))
        if not others:
            text = f"there is no policy to hold against {self.baseline}: add one to `policies`"
            raise InputError(Problem(place, text))
        if named is None and len(others) > 1:
            text = (
                f"say which policy is to be held against the baseline {self.baseline}, such as "
                f"--policy {others[-1]}: there are {', '.join(others)}"
            )
            raise InputError(Problem(place, text))
        if named is not None and named not in others:
            meant = nearest(named, others)
            hint = f"; did you mean {meant}?" if meant else ""
            raise InputError(
                f"--policy {named} must be one of the policies beside the baseline "
                f"({', '.join(others)}){hint}"
            )
        return named or others[0]

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
    kind: Literal["experiments", "cases"] = "experiments",
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
    kind
        Where shipped names are looked for: `experiments`, or the `cases` among them.

    Raises
    ------
    InputError
        With everything that is wrong, if anything is.
    """
    document = read_document(locate(kind, name, Place("")))
    document.data.setdefault("name", Path(name).stem)
    return _Loading(document, _changes(overrides), days, seed, network).experiment()


def _changes(overrides: Iterable[str | Override] | Mapping[str, Any]) -> list[Override]:
    if isinstance(overrides, Mapping):
        return [assigned(key, value, f"overrides[{key!r}]") for key, value in overrides.items()]
    return [parse_override(each) if isinstance(each, str) else each for each in overrides]


_RUN_EACH = ("points", "rows", "worlds", "trials")
"""Units of what is a run at least for each policy."""


class _Loading(Assembly):
    """An experiment on its way from its file."""

    def experiment(self) -> Experiment:
        """Return the experiment, or tell all that is wrong with it."""
        scenario = self.attempt(self.load_scenario)
        beyond = partial(self.beyond, scenario or Scenario())
        file = validate(ExperimentFile, self.document, self.problems, beyond)
        policies = self.policies(file, scenario)
        baseline = file.baseline or next(iter(policies))
        survey = None
        if file.servqual is not None:
            scenario, policies, survey = surveyed(
                self.document, file.servqual, scenario, policies, baseline
            )
        made = Experiment(
            name=file.name,
            scenario=scenario,
            policies=policies,
            baseline=baseline,
            seeds=self.worlds(file.seeds, scenario.seed),
            outcomes=file.outcomes,
            design=None if file.design is None else Design(file.design),
            **{name: getattr(file, name) for name in SECTIONS},
            survey=survey,
            document=self.document,
        )
        self.refuse_strangers(made)
        if made.design is not None:
            if not len(made.design):
                text = "design: everything is excluded; no point is left"
                raise InputError(Problem(made.place(("design",)), text))
            refuse_impossible(made, made.design.points, ("design",), varied=made.design.varied)
        return made

    def beyond(self, scenario: Scenario, key: Key, unit: str, value: Any) -> str:
        """Return what so many points or worlds would take: each is a run for every policy."""
        if unit not in _RUN_EACH:
            return ""
        listed = self.document.value(("policies",))
        policies = max(1, len(listed)) if isinstance(listed, list) else 1
        said = f"{value:,} {unit}"
        if policies > 1:
            said += f" x {policies} policies"
        return f"{said} {would_take(value * policies, scenario)}, or more"

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

    def refuse_strangers(self, experiment: Experiment) -> None:
        """Refuse sections that name a policy which does not take part, or not as one to compare."""
        names = tuple(experiment.policies)
        others = tuple(name for name in names if name != experiment.baseline)
        beside = "policies beside the baseline"
        asked = {
            ("optimise", "like"): ("policies", names),
            ("sensitivity", "policy"): (beside, others),
            ("break_even", "policy"): (beside, others),
        }
        problems = []
        for key, (what, known) in asked.items():
            given = self.document.value(key)
            if given is None or given in known:
                continue
            meant = nearest(given, known)
            hint = f"; did you mean {meant}?" if meant else ""
            text = f"must be one of the {what} ({', '.join(known)}){hint}"
            if not known:
                text = f"must be one of the {beside} {experiment.baseline}, and there is none: add it to `policies`"
            problems.append(self.document.problem(key, text))
        if problems:
            raise InputError(*problems)

    def worlds(self, seeds: int | tuple[int, ...], first: int) -> tuple[int, ...]:
        if isinstance(seeds, tuple):
            if self.seed is None:
                return seeds
            seeds = len(seeds)
        if first + seeds > 2**64:
            raise InputError(f"seed = {first} leaves no room for {seeds} seeds below 2**64")
        return tuple(range(first, first + seeds))
