"""Small random worlds, from one end of every parameter's range to the other.

Ranges are the parameters' own, cut only where the end of the range would make a small world slow
(hundreds of tellings a visit) or dead (nobody ever does anything).
"""

from typing import Any

import annotated_types
from hypothesis import Phase, settings
from hypothesis import strategies as st

from sim.parameters import Section
from sim.policy import Policy
from sim.psychology import Appraisal, Justice, Loss, Loyalty, Recovery, Voice
from sim.scenario import PolicyChange, Scenario
from sim.world import Colleagues, Market, Money, Network, Outage, Referral, Reviews, Service, Talk

LONGEST = 40
"""Days that a random world lasts at most."""


def worlds(examples: int) -> settings:
    """Return settings that try so many worlds; a world that fails is told as it is, not shrunk."""
    return settings(max_examples=examples, phases=[Phase.explicit, Phase.generate])


NARROWED: dict[type[Section], dict[str, st.SearchStrategy[Any]]] = {
    Market: {
        "people": st.integers(6, 60),
        "advertising": st.floats(0, 0.2),
        "need": st.floats(0, 0.5),
        "customers": st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0]),
    },
    Service: {
        "visits_per_month": st.floats(2, 30) | st.floats(0.01, 30),
        "failure_probability": st.sampled_from([0.02, 0.3, 1.0]) | st.floats(0.01, 0.5),
        "visits_shape": st.floats(0.05, 20),
        "quality": st.just(0.0) | st.floats(-2, 2),
    },
    Talk: {
        "ordinary": st.floats(0, 1.5),
        "delight": st.floats(0, 6),
        "failure": st.floats(0, 20) | st.floats(5, 20),
        "recovered": st.floats(0, 17),
        "half_life": st.floats(0.1, 20),
        "hops": st.integers(0, 6),
    },
    Colleagues: {"share": st.sampled_from([0.0, 0.3, 1.0]), "team_size": st.integers(2, 9)},
    Referral: {
        "enabled": st.booleans(),
        "window": st.integers(0, LONGEST),
        "follow": st.sampled_from([0.0, 0.3, 1.0]),
        "at_start": st.sampled_from([0.0, 0.5, 1.0]),
    },
    Policy: {
        "agents": st.integers(0, 4),
        "ease": st.floats(0, 6) | st.floats(0, 1),
        "options": st.just(0.0) | st.floats(0, 1),
        "proactive": st.sampled_from([0.0, 0.3, 1.0, 1.0]),
        "unresolved": st.sampled_from([0.0, 0.0, 0.3, 1.0]),
        "compensation": st.floats(0, 3),
        "delay": st.floats(0, 3) | st.floats(0, 45),
        "answers": st.sampled_from([True, True, True, True, False]),
        "authority": st.none() | st.just(0.0) | st.just(0.0) | st.floats(0, 1),
        "escalation_days": st.floats(0, 10),
        "handling_hours": st.floats(0.01, 200),
    },
    Outage: {"groups": st.just(0) | st.integers(1, 12)},
    Money: {"value_spread": st.just(0.0) | st.floats(0, 3)},
    Voice: {"constant": st.floats(-6, 3) | st.floats(-6, -3)},
    Loyalty: {"ordinary_leaving": st.floats(0, 0.1)},
}


def _whole_range(field: Any) -> st.SearchStrategy[Any]:
    """Return anything that a parameter may be."""
    low = next(m.ge for m in field.metadata if isinstance(m, annotated_types.Ge))
    high = next(m.le for m in field.metadata if isinstance(m, annotated_types.Le))
    if field.annotation is int:
        return st.integers(int(low), int(high))
    return st.floats(float(low), float(high))


def section(kind: type[Section]) -> st.SearchStrategy[Any]:
    """Return sections of a kind, each parameter at its default or anywhere in its range."""
    narrowed = NARROWED.get(kind, {})
    others = {}
    for name, field in kind.model_fields.items():
        if name in narrowed:
            continue
        if field.annotation is bool:
            others[name] = st.sampled_from([True, True, False])
        elif field.annotation in (int, float):
            others[name] = st.just(field.default) | _whole_range(field)
    values = st.fixed_dictionaries(narrowed, optional=others)
    return values.map(lambda values: kind(**values))


networks = st.builds(
    Network,
    kind=st.sampled_from(["none", "small_world", "complete"]),
    degree=st.sampled_from([2, 4]),
    rewiring=st.sampled_from([0.0, 0.1, 1.0]),
)

policies = section(Policy)


@st.composite
def scenarios(draw: Any, longest: int = LONGEST) -> Scenario:
    """Return scenarios of 6 to 60 people that last at most `longest` days."""
    days = draw(st.integers(1, longest) | st.integers(longest // 2, longest))
    calendar_days = st.integers(0, longest - 1)
    sections = {
        name: draw(section(kind))
        for name, kind in {
            "market": Market, "service": Service, "appraisal": Appraisal, "loss": Loss,
            "voice": Voice, "justice": Justice, "recovery": Recovery, "loyalty": Loyalty,
            "talk": Talk, "reviews": Reviews, "money": Money, "policy": Policy,
            "colleagues": Colleagues, "referral": Referral,
        }.items()
    }  # fmt: skip
    outages = [
        draw(section(Outage)).model_copy(update={"day": day})
        for day in draw(st.lists(calendar_days, max_size=2, unique=True))
    ]
    changes = [
        PolicyChange(day=day, policy=draw(policies))
        for day in draw(st.lists(calendar_days, max_size=2, unique=True))
    ]
    return Scenario(
        **sections,
        network=draw(networks),
        outages=tuple(outages),
        policy_changes=tuple(changes),
        days=days,
        seed=draw(st.integers(0, 2**64 - 1)),
        measure_every=draw(st.sampled_from([1, 3, 7, 1000])),
    )
