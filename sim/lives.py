"""Another life for one person: a failure that did not happen, or that nobody answered.

Draws are keyed, so a world in which one failure is altered differs from the world as it is in
nothing but what that failure caused: a counterfactual is the difference of two lives, not of two
noises (Rubin 1974, Estimating causal effects of treatments, names the two "potential outcomes").
"""

from typing import Any, Literal, NamedTuple

from sim.compiled import compiled

SPARED, UNANSWERED, TREATED = 1, 2, 3
_KINDS = {"spared": SPARED, "unanswered": UNANSWERED, "treated": TREATED}


class Altered(NamedTuple):
    """How one failure of a person goes otherwise.

    Attributes
    ----------
    day : int
        The day on which the person would be failed; on any other day nothing is altered.
    what : {"spared", "unanswered", "treated"}
        The visit goes well, its quality being what was drawn for that day; or the failure stays,
        and a complaint or a notice of it is met with nothing; or it meets the policy by which the
        person is treated, which then serves for no other failure.
    """

    day: int
    what: Literal["spared", "unanswered", "treated"]

    @property
    def mark(self) -> int:
        """The number that stands for it in the population's column `altered`; 0 is nothing."""
        return 4 * self.day + _KINDS[self.what]


@compiled
def is_spared(person: Any, today: int) -> bool:
    """Tell whether today's failure of a person does not happen."""
    return bool(person.altered == 4 * today + SPARED)


@compiled
def is_ignored(person: Any, opened: int) -> bool:
    """Tell whether nobody answers what a person complained of on the day `opened`."""
    return bool(person.altered == 4 * opened + UNANSWERED)


@compiled
def is_treated(person: Any, day: int) -> bool:
    """Tell whether what befalls a person on a day meets the policy by which it is treated."""
    if person.altered % 4 == TREATED:
        return bool(person.altered == 4 * day + TREATED)
    return bool(person.policy > 0)
