"""Talk of the network: a complex systems look at the underlying process of word-of-mouth.

Goldenberg, Libai & Muller (2001), Marketing Letters 12(3), 211-223. Individuals adopt through
strong ties within fixed groups, weak ties drawn anew at each step, and advertising.
"""

from typing import Any

import numpy as np

from experiments.replicas.parts import Array, Draw, group_of, shuffled, somebody_else
from sim.compiled import kernel
from sim.draws import uniform

SHARE = 0.95
"""The share of adopters at which a run ends."""


def _spread(
    people: int, s: int, w: int, a: float, bw: float, bs: float, seed: int, most: int,
    order: Array, adopted: Array,
) -> int:  # fmt: skip
    goal = int(np.ceil(SHARE * people - 1e-9))
    count = step = 0
    while count < goal and step < most:
        step += 1
        shuffled(order, seed, step)
        for i in range(people):
            person = order[i]
            if adopted[person]:
                continue
            stay = 1.0 - a
            first, last = group_of(person, s, people)
            for other in range(first, last):
                if adopted[other]:
                    stay *= 1.0 - bs
            for n in range(w - 1):
                if adopted[somebody_else(person, people, seed, step, n)]:
                    stay *= 1.0 - bw
            if uniform(seed, person, step, Draw.ADOPT) < 1.0 - stay:
                adopted[person] = True
                count += 1
    return step if count >= goal else -1


_run = kernel(_spread)


def run(parameters: Any, seed: int) -> dict[str, float]:
    """Run the model once; the time that never came is infinite."""
    p = parameters
    order, adopted = np.arange(p.people), np.zeros(p.people, np.bool_)
    steps = _run(p.people, p.s, p.w, p.a, p.bw, p.bs, seed, p.steps, order, adopted)
    return {"steps_to_95": float(steps) if steps >= 0 else np.inf, "adopters": float(adopted.sum())}
