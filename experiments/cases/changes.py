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
    def said(self) -> str:
        """What changes it, in words."""
        told = [
            f"it changes if {_conditions(found)} ({name}: {verdict})"
            for name, others in self.overturned.items()
            for verdict, found in others.items()
        ]
        told += [
            f"it is no longer decided if {_conditions(found)} ({name})"
            for name, found in self.opened.items()
        ]
        told += [
            f"it is decided only if {_conditions(found)} ({name}: {verdict})"
            for name, others in self.settled.items()
            for verdict, found in others.items()
        ]
        if not told:
            return "None of the other assumptions changes this."
        text = "; ".join(told)
        return f"{text[:1].upper()}{text[1:]}."


def _conditions(assumptions: Sequence[Assumption]) -> str:
    return " or if ".join(each.said for each in assumptions)
