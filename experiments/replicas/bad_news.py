"""The NPV of bad news: dissatisfied adopters, and those who reject, spread what keeps others away.

Goldenberg, Libai, Moldovan & Muller (2007), International Journal of Research in Marketing 24(3),
186-200, by the rule as Dawid et al. (2025) implement it anew.

Two things are left open there: whether a step is taken by all at once or one after the other, and
whether its number begins at 0 or 1 (advertising fades with it). Here all decide at once, and steps
begin at 1. The median number of adopters over 400 runs (seeds 1 to 400) is then 1,031; all at once
from 0 it is 1,083; one after the other from 0, 1,011; one after the other from 1, 957.
"""

from typing import Any

import numpy as np

from experiments.replicas.parts import Array, Draw, group_of, somebody_else
from sim.compiled import compiled, kernel
from sim.draws import uniform

UNDECIDED, SATISFIED, DISSATISFIED, REJECTED = 0, 1, 2, 3


@compiled
def _signal(state: int, chance: float, m: float, draw: float) -> int:
    """Return what a contact signals: 1 good news, -1 bad news, 0 nothing."""
    if state == SATISFIED and draw < chance:
        return 1
    if state >= DISSATISFIED and draw < m * chance:
        return -1
    return 0


@compiled
def _choice(
    person: int, people: int, group: int, weak: int, m: float, qs: float, qw: float,
    seed: int, step: int, before: Array,
) -> int:  # fmt: skip
    """Return 1 to adopt, -1 to reject, 0 to go on waiting, by the signals of a step."""
    good = bad = 0
    first, last = group_of(person, group, people)
    for other in range(first, last):
        if other != person:
            draw = uniform(seed, person, step, Draw.SIGNAL, other - first)
            sign = _signal(before[other], qs, m, draw)
            good += sign == 1
            bad += sign == -1
    for n in range(weak):
        other = somebody_else(person, people, seed, step, n)
        draw = uniform(seed, person, step, Draw.SIGNAL, group + n)
        sign = _signal(before[other], qw, m, draw)
        good += sign == 1
        bad += sign == -1
    if good + bad == 0:
        return 0
    adopts = uniform(seed, person, step, Draw.ADOPT) * (good + bad) < good
    return 1 if adopts else -1


def _spread(
    people: int, group: int, weak: int, d: float, m: float, qs: float, qw: float, advert: float,
    fading: float, steps: int, seed: int, state: Array, joined: Array,
) -> None:  # fmt: skip
    before = state.copy()
    for step in range(1, steps + 1):
        before[:] = state
        reach = advert * fading**step
        for person in range(people):
            if before[person] != UNDECIDED:
                continue
            if uniform(seed, person, step, Draw.ADVERT) < reach:
                choice = 1
            else:
                choice = _choice(person, people, group, weak, m, qs, qw, seed, step, before)
            if choice < 0:
                state[person] = REJECTED
            elif choice > 0:
                poor = uniform(seed, person, 0, Draw.TASTE) < d
                state[person] = DISSATISFIED if poor else SATISFIED
                joined[step - 1] += 1


_run = kernel(_spread)


def run(parameters: Any, seed: int) -> dict[str, float]:
    """Run the model once."""
    p = parameters
    state, joined = np.zeros(p.people, np.int8), np.zeros(p.steps, np.int64)
    _run(p.people, p.group, p.weak, p.d, p.m, p.qs, p.qw, p.advertising, p.fading, p.steps, seed,
         state, joined)  # fmt: skip
    total = joined.sum()
    worth = (1.0 + p.discount_rate) ** -(np.arange(p.steps) / p.steps_a_year)
    reached = np.flatnonzero(np.cumsum(joined) >= 0.95 * p.people)
    return {
        "steps_to_95": float(reached[0] + 1) if len(reached) else np.inf,
        "adopters": float(total),
        "npv": float((joined * worth).sum()),
    }
