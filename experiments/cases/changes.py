"""Whether another assumption changes an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.cases.assumptions import AS_IT_IS, Assumption


@dataclass(frozen=True)
class Changes:
    """What other assumptions do to what was found.

    Attributes
    ----------
    verdicts : mapping from Assumption to mapping of str to str
        What is found of each thing that is asked; empty where it is open.
    steps : sequence of str
        Verdicts in an order in which neighbours count as the same: the values of a curve.
    """

    verdicts: Mapping[Assumption, Mapping[str, str]]
    steps: Sequence[str] = ()

    @property
    def overturned(self) -> dict[str, dict[str, list[Assumption]]]:
        """By thing asked, the other verdicts that are found, and under which assumptions.

        Where nothing is decided as it is, those that contradict each other.
        """
        found: dict[str, dict[str, list[Assumption]]] = {}
        for name, usual in self.verdicts[AS_IT_IS].items():
            others = self._others(name)
            against = {
                v: where for v, where in others.items() if usual and not self._alike(v, usual)
            }
            if not usual and not self._agree(list(others)):
                against = others
            if against:
                found[name] = against
        return found

    @property
    def settled(self) -> dict[str, dict[str, list[Assumption]]]:
        """By thing asked that is open as it is, what is found under other assumptions, all alike."""
        return {
            name: others
            for name, usual in self.verdicts[AS_IT_IS].items()
            if not usual and (others := self._others(name)) and self._agree(list(others))
        }

    def _others(self, name: str) -> dict[str, list[Assumption]]:
        """Return what is decided under other assumptions, and under which."""
        found: dict[str, list[Assumption]] = {}
        for each, verdicts in self.verdicts.items():
            if each != AS_IT_IS and verdicts[name]:
                found.setdefault(verdicts[name], []).append(each)
        return found

    def _agree(self, verdicts: list[str]) -> bool:
        return all(self._alike(one, other) for one in verdicts for other in verdicts)

    @property
    def opened(self) -> dict[str, list[Assumption]]:
        """By thing asked that is decided as it is, under which assumptions it is not."""
        found: dict[str, list[Assumption]] = {}
        for each, verdicts in self.verdicts.items():
            for name, verdict in verdicts.items():
                if self.verdicts[AS_IT_IS][name] and not verdict:
                    found.setdefault(name, []).append(each)
        return found

    def _alike(self, one: str, other: str) -> bool:
        if one == other:
            return True
        if one not in self.steps or other not in self.steps:
            return False
        return abs(self.steps.index(one) - self.steps.index(other)) <= 1

    @property
    def overturns(self) -> str:
        """What overturns it, in a sentence; nothing if nothing does."""
        return self._sentence(self.overturned)

    @property
    def said(self) -> str:
        """What changes it, in words."""
        told = [self.overturns] if self.overturned else []
        by_condition: dict[str, list[str]] = {}
        for name, found in self.opened.items():
            by_condition.setdefault(_conditions(found), []).append(name)
        told += [
            f"No longer decided {condition}: {'; '.join(names)}."
            for condition, names in by_condition.items()
        ]
        told += [self._sentence(self.settled)] if self.settled else []
        return " ".join(told) or "None of the other assumptions changes this."

    def _sentence(self, found: Mapping[str, Mapping[str, Sequence[Assumption]]]) -> str:
        """Return in a sentence what is found of each thing as it is, and under which assumptions
        what else."""
        told = []
        for name, others in found.items():
            usual = self.verdicts[AS_IT_IS][name] or "not decided"
            ways = (f"{verdict} {_conditions(where)}" for verdict, where in others.items())
            told.append(f"{name} is {usual}, but {', and '.join(ways)}")
        text = "; ".join(told)
        return f"{text[:1].upper()}{text[1:]}." if text else ""


def _conditions(assumptions: Sequence[Assumption]) -> str:
    *most, last = (f"if {each.said}" for each in assumptions)
    return f"{', '.join(most)} or {last}" if most else last
