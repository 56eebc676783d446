"""SERVQUAL: what a survey of customers says of a firm, and what that moves in the simulation."""

from typing import Annotated, Literal

from pydantic import AfterValidator, WithJsonSchema

from experiments.sections.keys import key_schema, parameter_of
from sim.parameters import Section, parameter

WIDEST = 6.0
"""The widest gap between two answers on a scale of 7 points."""


def _gap(meaning: str) -> float:
    made: float = parameter(
        0.0, f"gap on {meaning}: perceived less expected; 0 moves nothing", unit="points of 7",
        low=-WIDEST, high=WIDEST, sure="choice",
        source="Parasuraman, Zeithaml & Berry 1988",
    )  # fmt: skip
    return made


def _moved(key: str) -> str:
    about = parameter_of(key)
    if not about.number or about.whole:
        raise ValueError(
            "takes whole numbers or words alone, and a gap moves by fractions; take another key"
        )
    return key


class Movement(Section):
    """What a gap on one dimension moves: a key of the policy described, or of the world."""

    dimension: Literal["reliability", "responsiveness", "assurance", "empathy", "tangibles"] = (
        parameter(..., "the dimension", unit="name", sure="choice")
    )
    key: Annotated[str, AfterValidator(_moved), WithJsonSchema(key_schema())] = parameter(
        ..., "the key that it moves, dotted; one of `policy` in the policy described alone",
        unit="name", sure="choice",
    )  # fmt: skip
    form: Literal["log", "linear"] = parameter(
        ..., "`log`: the value times exp(-per_point x gap); `linear`: the value + per_point x gap; "
        "both are held within the bounds of the key", unit="name", sure="choice",
    )  # fmt: skip
    per_point: float = parameter(
        ..., "how much a gap of one point does", unit="per point", low=-100, high=100
    )


_MAPPING = (
    ("reliability", "service.failure_probability", "log", 0.25),
    ("responsiveness", "policy.delay", "log", 0.25),
    ("responsiveness", "policy.handling_hours", "log", 0.25),
    ("assurance", "policy.fix", "linear", 0.05),
    ("empathy", "policy.empathy", "linear", 0.08),
    ("tangibles", "service.quality", "linear", 0.05),
)


def mapping() -> tuple[Movement, ...]:
    """Return what gaps move unless a file says otherwise.

    Modest by design: from one end of the scale to the other, six points, a chance of failure changes
    by a factor of 4.5 and empathy by half its range. The numbers are assumptions.
    """
    names = ("dimension", "key", "form", "per_point")
    return tuple(Movement.model_validate(dict(zip(names, each, strict=True))) for each in _MAPPING)


class Servqual(Section):
    """What a SERVQUAL survey says of a policy and its world: five gaps, and what each of them moves."""

    policy: str | None = parameter(
        None, "the policy that the survey describes; the baseline unless named", unit="name",
        sure="choice",
    )  # fmt: skip
    reliability: float = _gap("keeping what was promised, dependably")
    responsiveness: float = _gap("willingness to help, and promptly")
    assurance: float = _gap("knowing the job, and being trusted")
    empathy: float = _gap("care for each customer")
    tangibles: float = _gap("rooms, equipment, looks")
    mapping: tuple[Movement, ...] | None = parameter(
        None, "what each gap moves, a list in place of the default one", unit="section",
        sure="choice",
    )  # fmt: skip

    @property
    def movements(self) -> tuple[Movement, ...]:
        """What the gaps move: the mapping of the file, or the default one."""
        return mapping() if self.mapping is None else self.mapping
