"""One world thrice: as it is, with some failures never answered, and with them never happening."""

from typing import Any, NamedTuple

import numpy as np

from experiments.laboratory.lives import FOLLOWED, Array, Lives, Spell
from experiments.planning.plan import Job
from experiments.sections.paradox import Paradox
from sim.lives import Altered

LIVES = ("answered", "unanswered", "spared")
"""The failure as it went under the policy; as if nobody had answered; as if it had not happened."""


class Examined(NamedTuple):
    """The failures of one world that were examined.

    Attributes
    ----------
    failures : structured array [failures]
        See `experiments.laboratory.lives.FAILURE`.
    heard : array [failures]
        Whether the firm learnt of it, by complaint or by itself.
    looks : array [lives, FOLLOWED, failures, days]
        What was seen of each life, on the days of the spell.
    """

    failures: Array
    heard: Array
    looks: Array


def spell_of(asked: Paradox) -> Spell:
    """Return how long lives are followed."""
    return Spell(after=asked.followed_for)


def three_lives(job: Job, network: Any, asked: Paradox) -> Examined:
    """Live a world three times, and return what became of the failures examined.

    Until the first of them the three worlds are the same to the bit, and afterwards they differ in
    nothing but what these failures caused.
    """
    spell = spell_of(asked)
    answered = Lives(job.scenario, network, spell).find(asked.share)
    failures = answered.failures
    unanswered = followed(job, network, spell, failures, "unanswered")
    spared = followed(job, network, spell, failures, "spared")
    looks = np.stack([answered.looks, unanswered.looks, spared.looks])
    # The failures are only known once they have happened: the days before are the spared life's.
    before = spell.days < 0
    looks[0][..., before] = spared.looks[..., before]
    return Examined(failures, unanswered.heard, looks)


def followed(job: Job, network: Any, spell: Spell, failures: Array, what: Any) -> Lives:
    """Live a world in which these failures go otherwise."""
    altered = {int(each["row"]): Altered(int(each["day"]), what) for each in failures}
    return Lives(job.scenario, network, spell, altered).follow(failures)


def disturbance(job: Job, network: Any, asked: Paradox, together: Examined) -> Array:
    """Return by how much effects differ when failures are examined one at a time.

    Returns
    -------
    array [failures, FOLLOWED]
        Effect of the failure (answered less spared) among others less the same alone, at the end
        of the spell; for the first `asked.alone` failures.
    """
    spell, count = spell_of(asked), min(asked.alone, len(together.failures))
    differences = np.zeros((count, len(FOLLOWED)))
    last = together.looks[..., -1]
    for i in range(count):
        one = together.failures[i : i + 1]
        alone = followed(job, network, spell, one, "spared").looks[:, 0, -1]
        differences[i] = last[2, :, i] - alone
    return differences
