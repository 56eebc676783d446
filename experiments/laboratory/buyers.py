"""Whom stories won as buyers, and whom they lost: each decision to buy shared out among its stories.

Whoever knows the firm, is no customer and has a need buys with a chance that grows with its opinion.
Had it heard no story, it would have decided without an opinion, or not at all where nothing else had
told it of the firm. The difference is what stories did to the decision, and has two parts. What the
opinion does is a function of a sum, and is shared out in proportion to what is remembered of each
telling (Aumann & Shapley 1974). That the person knows the firm at all is the doing of any one of the
tellings it has heard, and is shared equally among them (Shapley 1953).

So shared, decisions that were *turned* add up, but say little of one story alone: others would have
stood in for it, and whoever does not buy today may do so at the next need. *Buyers* are the answer to
that question, at the margin: how many fewer people would have bought in the run, had this one story
not been told and all others been.
"""

import numpy as np

from experiments.laboratory.genealogy import Array, Traced, origins_of

WON = ("turned", "buyers")
"""What a story did, in people: decisions to buy that it turned, those towards the firm less those away
from it, which add up over stories; and buyers won, or lost below zero, by this story alone."""


class Buyers:
    """What each telling did to decisions to buy.

    Parameters
    ----------
    traced : Traced
        The run at its end, and the decisions that were taken in it.
    """

    def __init__(self, traced: Traced) -> None:
        taken = traced.decisions[np.lexsort((traced.decisions["day"], traced.decisions["person"]))]
        self.half_life = traced.run.scenario.talk.opinion_half_life
        self.keys = origins_of(taken["person"], taken["day"])
        """By decision, whose and when, in order."""
        self.persons = np.append(taken["person"], -1)
        self.days = np.append(taken["day"], 0)
        self.expected = float(taken["chance"].sum())
        """Decisions to buy that were to be expected, as people thought."""
        knowing = np.where(taken["advertised"], 0.0, taken["without"])
        self.turned = float((taken["chance"] - taken["without"] + knowing).sum())
        """Decisions that all stories together turned."""
        mean_slope, slope = _slopes(taken)
        once = np.where(taken["advertised"] | (taken["heard"] > 1), 0.0, 1.0)
        alone = once * (taken["chance"] - slope * taken["opinion"])
        for_good = _for_good(taken)
        heard = np.maximum(taken["heard"], 1)
        fades = np.exp2(-np.maximum(np.diff(self.days), 0) / self.half_life)
        self.per_logit = {
            "turned": self._onwards(mean_slope, fades),
            "buyers": self._onwards(for_good * slope, fades),
        }
        self.per_telling = {
            "turned": self._onwards(knowing / heard, np.ones(len(taken))),
            "buyers": self._onwards(for_good * alone, np.ones(len(taken))),
        }

    def _onwards(self, values: Array, left: Array) -> Array:
        """Return by decision its value and, as far as `left` by then, the person's later ones.

        One more at the end stands for no decision.
        """
        sums = np.append(values, 0.0)
        ends = np.flatnonzero(self.persons[1:] != self.persons[:-1])
        following = ends[np.searchsorted(ends, np.arange(len(values)))] - np.arange(len(values))
        # Each round reaches one decision further; there are as many as a person takes.
        for round_ in range(1, int(following.max(initial=0)) + 1):
            at = np.flatnonzero(following == round_)
            sums[at] += left[at] * sums[at + 1]
        return sums

    def shares(self, tellings: Array) -> dict[str, Array]:
        """Return by telling what it did, by the names of `WON`.

        Parameters
        ----------
        tellings
            Of the run, dtype `experiments.laboratory.genealogy.TELLING`.
        """
        listeners, days = tellings["listener"], tellings["day"]
        place = np.searchsorted(self.keys, origins_of(listeners, days))
        place[self.persons[place] != listeners] = len(self.keys)
        waited = np.maximum(self.days[place] - days, 0)
        left = tellings["change"] * np.exp2(-waited / self.half_life)
        return {
            name: left * self.per_logit[name][place] + self.per_telling[name][place] for name in WON
        }


def _slopes(taken: Array) -> tuple[Array, Array]:
    """Return the change in the chance for a logit of opinion: from none to what it was, and there."""
    opinion, chance, without = taken["opinion"], taken["chance"], taken["without"]
    there = chance * (1.0 - chance)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.abs(opinion) < 1e-9, there, (chance - without) / opinion), there


def _for_good(taken: Array) -> Array:
    """Return by decision the chance not to buy at any later need of the run either.

    Buying then is as likely as the mean of all decisions from that day on.
    """
    days = taken["day"]
    numbers, chances = np.bincount(days), np.bincount(days, taken["chance"])
    onwards = [np.cumsum(each[::-1])[::-1][days] for each in (chances, numbers)]
    return np.asarray((1.0 - onwards[0] / onwards[1]) ** taken["later"])
