"""The keys of an experiment file, each with its meaning and its bounds."""

from typing import Annotated, Any, cast

from pydantic import AfterValidator, PlainValidator, WithJsonSchema, model_validator

from experiments.outcomes import DEFAULT
from experiments.sections.break_even import BreakEven
from experiments.sections.case import Case
from experiments.sections.designs import DesignSection
from experiments.sections.optimise import Optimise
from experiments.sections.outcome import OutcomeName
from experiments.sections.paradox import Paradox
from experiments.sections.robust import Robust
from experiments.sections.sensitivity import Sensitivity
from experiments.sections.servqual import Servqual
from experiments.sections.stopping import Precision, SelectBest, check_rules
from sim.errors import TooMuch, nearest
from sim.parameters import Section, parameter
from sim.policy import Policy
from sim.scenario import Title

MOST_SEEDS = 100_000


def _is_seed(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64


def _seeds(value: Any) -> int | tuple[int, ...]:
    if _is_seed(value) and 1 <= value <= MOST_SEEDS:
        return cast(int, value)
    if isinstance(value, tuple) and value and all(_is_seed(seed) for seed in value):
        if len(set(value)) < len(value):
            raise ValueError("must not hold a seed twice; the same world again tells nothing new")
        return value
    text = (
        f"must be how many worlds to run (a whole number from 1 to {MOST_SEEDS:,}), or a list of "
        "seeds, each a whole number from 0 up"
    )
    if _is_seed(value) and value > MOST_SEEDS:
        raise TooMuch(text, value, "worlds")
    raise ValueError(text)


def _some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("must name at least one")
    return values


Seeds = Annotated[
    int | tuple[int, ...],
    PlainValidator(_seeds),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MOST_SEEDS},
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 0},
                    "minItems": 1,
                },
            ]
        }
    ),
]


class NamedPolicy(Policy):
    """A policy written into an experiment: a name, and the levers."""

    name: Title = parameter(..., "what the policy is called in reports", unit="text", sure="choice")
    like: str | None = parameter(
        None, "a policy whose levers to take where none are given here: a name or a path",
        unit="name", sure="choice",
    )  # fmt: skip


class ExperimentFile(Section):
    """The keys of an experiment file."""

    name: Title = parameter("experiment", "what it is called", unit="text", sure="choice")
    scenario: str = parameter(
        ..., "the scenario: a shipped name, or a path from the experiment's folder", unit="name",
        sure="choice",
    )  # fmt: skip
    set: dict[str, Any] = parameter(
        {}, "what to set otherwise in the scenario: dotted keys, `market.people: 3000`",
        unit="name", sure="choice",
    )  # fmt: skip
    policies: Annotated[tuple[NamedPolicy, ...], AfterValidator(_some)] | None = parameter(
        None, "what to compare: shipped names, paths, or levers with a `name`; the scenario's own "
        "policy unless given", unit="name", sure="choice",
    )  # fmt: skip
    baseline: str | None = parameter(
        None, "the policy that the others are compared with; the first unless named", unit="name",
        sure="choice",
    )  # fmt: skip
    seeds: Seeds = parameter(
        20, "how many worlds, from the scenario's seed on; or a list of their seeds",
        unit="worlds", sure="choice",
    )  # fmt: skip
    outcomes: Annotated[tuple[OutcomeName, ...], AfterValidator(_some)] = parameter(
        DEFAULT, "what to show, the most important first; everything is kept", unit="name",
        sure="choice",
    )  # fmt: skip

    servqual: Servqual | None = parameter(
        None, "what a survey of customers says of one of the policies and of its world, by SERVQUAL",
        unit="section", sure="choice",
    )  # fmt: skip

    design: DesignSection | None = parameter(
        None, "what to vary between runs, beside policies and worlds", unit="section",
        sure="choice",
    )  # fmt: skip
    precision: Precision | None = parameter(
        None, "run worlds until the intervals are narrow enough, beginning with `seeds`",
        unit="section", sure="choice",
    )  # fmt: skip
    select_best: SelectBest | None = parameter(
        None, "run worlds until it is known which policy is best, beginning with `seeds`",
        unit="section", sure="choice",
    )  # fmt: skip
    sensitivity: Sensitivity | None = parameter(
        None, "which assumptions matter, and which of them alone would overturn a result",
        unit="section", sure="choice",
    )  # fmt: skip
    robust: Robust | None = parameter(
        None, "which policy is regretted least where assumptions are uncertain, and what would "
        "overturn it", unit="section", sure="choice",
    )  # fmt: skip
    optimise: Optimise | None = parameter(
        None, "the levers to search for the policies that reach the most for what they spend",
        unit="section", sure="choice",
    )  # fmt: skip
    paradox: Paradox | None = parameter(
        None, "which failures to examine for the recovery paradox, and for how long",
        unit="section", sure="choice",
    )  # fmt: skip
    break_even: BreakEven | None = parameter(
        None, "along which lever to look for where a policy no longer pays", unit="section",
        sure="choice",
    )  # fmt: skip

    case: Case | None = parameter(
        None, "the story that the experiment tells, the questions that it answers, and the claims "
        "that are tried on it", unit="section", sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _names(self) -> "ExperimentFile":
        if self.policies is None:
            return self
        names = [policy.name for policy in self.policies]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"policies must have different names, and {min(twice)} is there twice")
        if self.baseline is not None and self.baseline not in names:
            meant = nearest(self.baseline, names)
            hint = f"; did you mean {meant}?" if meant else ""
            raise ValueError(
                f"baseline = {self.baseline} must be one of the policies ({', '.join(names)}){hint}"
            )
        return self

    @model_validator(mode="after")
    def _policies_of_case(self) -> "ExperimentFile":
        names = [policy.name for policy in self.policies or ()]
        for name in self.case.policies() if self.case else ():
            if name not in names:
                meant = nearest(name, names)
                hint = f"; did you mean {meant}?" if meant else ""
                raise ValueError(
                    f"case names the policy {name}, which must be one of the policies "
                    f"({', '.join(names)}){hint}"
                )
        return self

    @model_validator(mode="after")
    def _stopping(self) -> "ExperimentFile":
        seeds = self.seeds if isinstance(self.seeds, int) else len(self.seeds)
        alternatives = 0 if self.design is not None else len(self.policies or (None,))
        check_rules(self.precision, self.select_best, seeds, alternatives)
        return self
