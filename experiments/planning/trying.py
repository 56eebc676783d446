"""Points tried before anything runs: what cannot be is refused where it was asked for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments import networks
from experiments.planning.designs import changed
from experiments.planning.points import Point
from sim.errors import InputError, Problem
from sim.scenario import Scenario, check_memory
from sim.strict_yaml import Key, dotted

if TYPE_CHECKING:
    from experiments.design import Experiment

MOST_TRIED = 10_000
"""Cells that are made before anything runs; of more, one that cannot be is a run that fails."""


def refuse_impossible(
    experiment: "Experiment",
    points: Sequence[Point],
    key: Key,
    policies: Sequence[str] | None = None,
    varied: Sequence[str] | None = None,
) -> None:
    """Make the scenarios of some points, unless they are very many, and refuse what cannot be.

    Parameters
    ----------
    points : sequence of Point
        At least one.
    key : tuple
        What asked for the points: `("design",)`, `("robust", "ranges")`. It is blamed.
    policies : sequence of str, optional
        Those that are run there; all unless given.
    varied : sequence of str, optional
        The keys that are to have an effect; all that the points set unless given.

    Raises
    ------
    InputError
        Values that cannot be, each by itself or together; keys that have no effect, since a
        network's file decides; more people than there is memory for.
    """
    names = tuple(experiment.policies if policies is None else policies)
    place = experiment.place(key)
    keys = (tuple(name.split(".")) for name in (points[0] if varied is None else varied))
    for name in networks.ignored(experiment.scenario, keys):
        file = networks.named(experiment.scenario)
        text = f"{name} has no effect: people and ties are those of {file}; vary something else"
        raise InputError(Problem(place, f"{dotted(key)}: {text}"))
    few = len(points) * len(names) <= MOST_TRIED
    largest = experiment.scenario
    for point in points if few else points[:1]:
        for policy in names:
            try:
                made = changed(experiment.scenario_of(policy, 0), point)
            except InputError as error:
                raise InputError(Problem(place, f"{dotted(key)}: {error}")) from None
            largest = max(largest, made, key=Scenario.memory_estimate)
    check_memory(largest, place)
