"""The Shapley value: a whole shared out among the parts that make it, whatever they do together.

Switching parts off one after another gives shares that depend on the order. The Shapley value
(Shapley 1953, A value for n-person games) is the mean over all orders. It adds up to the whole,
gives nothing to a part that changes nothing, the same to parts that are alike, and what several
parts do only together to each of them in equal shares (Harsanyi 1963). Where a part is nothing
without another one, only orders in which it directly follows that one count. The two then get
together what they would get as one part (as in Owen 1977, Values of games with a priori unions),
and the one that needs the other all that it adds to it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from experiments.methods.statistics import Array

Coalition = frozenset[str]
"""The parts that are at work."""


def orders(parts: Sequence[str], needs: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Return the orders that count: a part that needs another one directly follows it.

    >>> orders(["telling", "retelling"], {"retelling": "telling"})
    [('telling', 'retelling')]
    """
    return [
        order
        for order in permutations(parts)
        if all(
            order.index(part) == order.index(needs[part]) + 1
            for part in parts
            if part in needs and needs[part] in parts
        )
    ]


def coalitions(parts: Sequence[str], needs: Mapping[str, str]) -> list[Coalition]:
    """Return the sets of parts that can be at work, the smaller ones first.

    >>> [sorted(each) for each in coalitions(["telling", "retelling"], {"retelling": "telling"})]
    [[], ['telling'], ['retelling', 'telling']]
    """
    found = {
        frozenset(order[:size]): None
        for size in range(len(parts) + 1)
        for order in orders(parts, needs)
    }
    return list(found)


def shapley(
    worth: Callable[[Coalition], Any] | Mapping[Coalition, Any],
    parts: Sequence[str],
    needs: Mapping[str, str],
) -> dict[str, Array]:
    """Share out what all parts bring together, beyond what is there without any.

    Parameters
    ----------
    worth : callable or mapping
        What a coalition brings: a number, or an array with the worlds along an axis. It is asked
        of those in `coalitions`.
    parts : sequence of str
        The parts.
    needs : mapping of str to str
        From a part that is nothing by itself to the one that it needs.

    Returns
    -------
    dict of str to array
        Of each part, in the shape of `worth`. Their sum is the worth of all parts less that of
        none, but for rounding.

    Examples
    --------
    >>> together = {frozenset(): 0, frozenset("a"): 1, frozenset("b"): 2, frozenset("ab"): 7}
    >>> {part: float(share) for part, share in shapley(together, "ab", {}).items()}
    {'a': 3.0, 'b': 4.0}
    """
    of = worth.__getitem__ if isinstance(worth, Mapping) else worth
    worths = {each: np.asarray(of(each), dtype=np.float64) for each in coalitions(parts, needs)}
    steps: dict[str, Counter[Coalition]] = {part: Counter() for part in parts}
    every = orders(parts, needs)
    for order in every:
        for place, part in enumerate(order):
            steps[part][frozenset(order[:place])] += 1
    return {
        part: np.asarray(
            sum(
                times * (worths[before | {part}] - worths[before]) for before, times in each.items()
            )
            / len(every)
        )
        for part, each in steps.items()
    }
