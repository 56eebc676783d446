"""Talk of the network: a complex systems look at the underlying process of word-of-mouth.

Goldenberg, Libai & Muller (2001), Marketing Letters 12(3), 211-223. Individuals adopt through
strong ties within fixed groups, weak ties drawn anew at each step, and advertising.
"""

from typing import Any

import numpy as np

from experiments.replicas import kernels


def run(parameters: Any, seed: int) -> dict[str, float]:
    """Run the model once; the time that never came is infinite."""
    p = parameters
    order, adopted = np.arange(p.people), np.zeros(p.people, np.bool_)
    steps = kernels.talk(p.people, p.s, p.w, p.a, p.bw, p.bs, seed, p.steps, order, adopted)
    return {"steps_to_95": float(steps) if steps >= 0 else np.inf, "adopters": float(adopted.sum())}
