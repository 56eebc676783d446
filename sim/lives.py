"""Another life for one person: a failure that did not happen, or that nobody answered.

Draws are keyed, so a world in which one failure is altered differs from the world as it is in
nothing but what that failure caused: a counterfactual is the difference of two lives, not of two
noises (Rubin 1974, Estimating causal effects of treatments, names the two "potential outcomes").
"""

from typing import Any, Literal, NamedTuple

from sim.compiled import compiled


class Altered(NamedTuple):
    """How one failure of a person goes otherwise.

    Attributes
    ----------
    day : int
        The day on which the person would be failed; on any other day nothing is altered.
    what : {"spared", "unanswered"}
        The visit goes well, its quality being what was drawn for that day; or the failure stays,
        and a complaint or a notice of it is met with nothing.
    """

    day: int
    what: Literal["spared", "unanswered"]

    @property
    def mark(self) -> int:
        """The number that stands for it in the population's column `altered`; 0 is nothing."""
        return 2 * self.day + (1 if self.what == "spared" else 2)


@compiled
def is_spared(person: Any, today: int) -> bool:
    """Tell whether today's failure of a person does not happen."""
    return bool(person.altered == 2 * today + 1)


@compiled
def is_ignored(person: Any, opened: int) -> bool:
    """Tell whether nobody answers what a person complained of on the day `opened`."""
    return bool(person.altered == 2 * opened + 2)
