"""What a comparison found and how sure it is, in a sentence or two that a board can read."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.methods.selection import Selected
from experiments.outcomes import MEASURES, Measure
from experiments.wording import amount, count, listed, percent

if TYPE_CHECKING:
    from experiments.compare import Comparison, Estimate

DECIDED = 0.95
"""The chance to be best from which on a policy is called the best."""

_CONTENDER = 0.025
"""The chance to be best from which on a policy is named beside the leader."""


def conclude(comparison: "Comparison") -> str:
    """Say which policy is best at the first outcome, by how much, and how sure that is."""
    return " ".join(filter(None, findings(comparison)))


def findings(comparison: "Comparison") -> tuple[str, str]:
    """Return the conclusion in its two parts: what was found, and what the shared worlds were worth.

    The second is empty where there is nothing to say of it.
    """
    finding = _Finding(comparison, comparison.outcomes[0])
    stand = comparison.stand
    found = finding.text()
    if stand is not None and finding.selected is None:
        found = f"{found} {stand.text}"
    return found, finding.narrowed() if finding.weighed else ""


class _Finding:
    """What was found about one outcome."""

    def __init__(self, comparison: "Comparison", outcome: str) -> None:
        self.comparison = comparison
        self.baseline = comparison.baseline
        self.measure: Measure = MEASURES[outcome]
        estimates = {name: by[outcome] for name, by in comparison.policies.items()}
        self.known: dict[str, Estimate] = {
            name: estimate for name, estimate in estimates.items() if estimate.mean is not None
        }
        standing = comparison.standing(outcome)
        ranked = sorted(self.known, key=lambda name: -self.measure.direction * standing[name])
        stand = comparison.stand
        self.selected: Selected | None = None
        """The choice of the best at this outcome, where the experiment asked for one."""
        if isinstance(stand, Selected) and stand.rule.outcome == outcome and stand.left:
            self.selected = stand
            ranked.sort(key=lambda name: name not in stand.leaders)
        self.leader = ranked[0] if ranked else None
        others = [name for name in ranked if name != self.baseline]
        self.pair = (others[0], self.baseline) if others else None
        """The policy whose difference is told, and the one from which: the leader from the
        baseline, or the next best from the baseline that leads."""

    @property
    def decided(self) -> bool:
        """Whether the leader is the best beyond reasonable doubt."""
        if self.selected is not None:
            return self.selected.settled
        chance = self.known[self.leader].best_probability if self.leader else None
        return chance is not None and chance >= DECIDED

    @property
    def weighed(self) -> bool:
        """Whether policies were told apart, or might have been, with more than luck to go by."""
        return (
            self.leader is not None
            and self.measure.direction != 0
            and len(self.comparison.policies) > 1
            and len(self.comparison.seeds) > 1
            and not self.alike
        )

    @property
    def alike(self) -> bool:
        """Whether all policies came to the very same in every world."""
        return len(self.known) > 1 and self.same(list(self.known))

    def text(self) -> str:
        label, comparison = self.measure.label, self.comparison
        if len(comparison.policies) == 1:
            only = self.level(self.baseline)
            return f"Only {self.baseline} was run, with nothing to compare: its {label} was {only}."
        if self.leader is None:
            return f"The {label} is undefined under every policy, so none can be called best."
        if self.measure.direction == 0:
            return self.ranged()
        if len(comparison.seeds) == 1:
            return (
                f"In the only world that was run, {self.leader} came out best at {label}"
                f"{self.by_how_much()}; one seed cannot tell that from luck, so run more."
            )
        if self.alike:
            return (
                f"Every policy came to the same {label} in every world, "
                f"{self.level(self.leader)}: what they differ in does not act here."
            )
        found = self.chosen(self.selected) if self.selected else self.found(self.leader)
        return " ".join(filter(None, (found, self.elsewhere(self.leader))))

    def chosen(self, selected: Selected) -> str:
        """Say which policy was chosen, by how much it is better, and on what grounds."""
        if len(selected.chosen) != 1:
            return selected.text
        return f"{selected.choice.removesuffix('.')}{self.by_how_much()}. {selected.grounds}"

    def level(self, policy: str) -> str:
        estimate = self.comparison.policies[policy][self.measure.name]
        return amount(self.measure, *estimate[:3])

    def ranged(self) -> str:
        ranked = sorted(self.known, key=lambda name: self.known[name].mean or 0.0)
        low, high = (f"{self.level(name)} under {name}" for name in (ranked[0], ranked[-1]))
        return (
            f"More {self.measure.label} are neither better nor worse by themselves; they ranged "
            f"from {low} to {high}. Put an outcome first that is better high or low to learn which "
            "policy is best."
        )

    def found(self, leader: str) -> str:
        """Return the sentence that says which policy is best."""
        label = self.measure.label
        chance = percent(self.known[leader].best_probability)
        among = f"the best of the {count(len(self.comparison.policies))}"
        if self.decided:
            role = ", the baseline," if leader == self.baseline else ""
            return (
                f"{leader}{role} is best at {label}{self.by_how_much()}; the chance that it is "
                f"{among} is {chance}."
            )
        rivals = self.rivals(leader)
        if rivals and self.same([leader, *rivals]):
            return (
                f"{listed([leader, *rivals])} are equally good and best at {label}, the same in "
                f"every world{self.by_how_much()}."
            )
        apart = f", but cannot be told apart from {listed(rivals)}" if rivals else ""
        return (
            f"Which policy is best at {label} is not decided: {leader} leads{self.by_how_much()}"
            f"{apart} with {len(self.comparison.seeds)} seeds; the chance that it is {among} is "
            f"{chance}."
        )

    def rivals(self, leader: str) -> list[str]:
        """Return the policies that may be the best besides the leader, likeliest first."""
        chances = {
            name: estimate.best_probability or 0.0
            for name, estimate in self.known.items()
            if name != leader
        }
        ranked = sorted(chances, key=lambda name: -chances[name])
        return [name for name in ranked if chances[name] >= _CONTENDER] or ranked[:1]

    def same(self, policies: Sequence[str]) -> bool:
        """Tell whether policies came to the very same in every world."""
        names = list(self.comparison.policies)
        rows = self.comparison.samples(self.measure.name)[[names.index(p) for p in policies]]
        return bool(((rows == rows[0]) | (np.isnan(rows) & np.isnan(rows[0]))).all())

    def by_how_much(self) -> str:
        """Return `: 12.3 points above none (95% interval 11.2 to 13.4)`, or the level instead."""
        if self.pair is None or self.leader is None:
            return ""
        other, baseline = self.pair
        _, _, _, difference, low, high, _ = self.known[other]
        if difference is None:
            return f", at {self.level(self.leader)}"
        # Told of the leader, as a positive number above or below the other.
        above = (difference > 0) == (self.leader != baseline)
        beside = baseline if self.leader == other else other
        if difference == 0:
            return f", no different from {beside}"
        if difference < 0:
            difference = -difference
            low, high = (None, None) if low is None or high is None else (-high, -low)
        size, _, interval = amount(self.measure, difference, low, high).partition(" (")
        ends = f" ({interval}" if interval else ""
        return f": {size} {'above' if above else 'below'} {beside}{ends}"

    def elsewhere(self, leader: str) -> str:
        """Return a sentence on the other outcomes that are shown."""
        alike: list[str] = []
        undecided: list[str] = []
        others: dict[str, list[str]] = {}
        for outcome in self.comparison.outcomes[1:]:
            finding = _Finding(self.comparison, outcome)
            if finding.measure.direction == 0 or len(finding.known) < 2 or not finding.leader:
                continue
            if not finding.decided:
                undecided.append(finding.measure.label)
            elif finding.leader == leader:
                alike.append(finding.measure.label)
            else:
                others.setdefault(finding.leader, []).append(finding.measure.label)
        parts: list[str] = []
        if alike:
            parts.append(f"{leader} is {'also ' if self.decided else ''}best at {listed(alike)}")
        parts += [f"{best} is best at {listed(labels)}" for best, labels in others.items()]
        if undecided:
            parts.append(f"no policy is clearly the best at {listed(undecided)}")
        text = "; ".join(parts)
        return text and (text if alike or others else text[0].upper() + text[1:]) + "."

    def narrowed(self) -> str:
        """Return a sentence on what the shared worlds were worth."""
        if self.pair is None:
            return ""
        ratio = self.comparison.narrowing[self.pair[0]][self.measure.name]
        if ratio is None:
            return ""
        effect = "no narrower than"
        if ratio >= 1.05:
            effect = f"{ratio:.1f} times narrower than"
        elif ratio < 0.95:
            effect = f"{1 / ratio:.1f} times wider than"
        return (
            f"Shared worlds made the interval of this difference {effect} as many independent "
            "seeds would have."
        )


_UNDEFINED = {
    "cost_per_customer_saved": "no customers were saved",
    "return_on_recovery_spend": "no more was spent on recovery",
}


def caveats(comparison: "Comparison") -> tuple[str, ...]:
    """Say which ratios to the baseline are undefined or without bounds, and what else to mind."""
    notes = []
    changes = comparison.experiment.scenario.policy_changes
    if changes:
        first = min(change.day for change in changes)
        notes.append(
            f"The scenario changes the policy on day {first}: from then on all of them are the same."
        )
    notes += _unequal(comparison)
    others = [name for name in comparison.policies if name != comparison.baseline]
    for outcome, reason in _UNDEFINED.items():
        estimates = {name: comparison.policies[name][outcome] for name in others}
        missing = [name for name, estimate in estimates.items() if estimate.mean is None]
        vague = [
            name
            for name, estimate in estimates.items()
            if estimate.mean is not None and estimate.low is None and len(comparison.seeds) > 1
        ]
        label = MEASURES[outcome].label
        beside = f"compared with {comparison.baseline}"
        if missing:
            notes.append(f"The {label} is undefined for {listed(missing)}: {reason} {beside}.")
        if vague:
            notes.append(
                f"The {label} has no bounds for {listed(vague)}: that {reason} {beside} cannot be "
                "ruled out."
            )
    return tuple(notes)


def _unequal(comparison: "Comparison") -> list[str]:
    """Say what it means for the figures that the results had a say in how many worlds were run."""
    notes = []
    most = len(comparison.seeds)
    fewer = {name: count for name, count in comparison.worlds.items() if count < most}
    if fewer:
        parts = [f"{name} in the first {worlds:,}" for name, worlds in fewer.items()]
        notes.append(
            f"Not all policies were run in all {most:,} worlds: {listed(parts)}. Means and their "
            "intervals are of a policy's own worlds, differences of worlds in common."
        )
    if comparison.sampling.anytime:
        notes.append(
            "The results decided when a policy was run no more, so intervals are ones that hold "
            "whenever one stops (Wang and Ramdas 2025): some 1.6 times as wide as those of a fixed "
            "number of worlds."
        )
    return notes
