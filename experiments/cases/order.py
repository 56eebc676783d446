"""What is left of the order of a case's policies where something is otherwise."""

from collections.abc import Iterator, Mapping

from experiments.cases.answers import Answer, Row, outcome_of
from experiments.cases.assumptions import Assumption
from experiments.cases.ranking import best_first, better_of
from experiments.cases.readings import estimated, unsaid
from experiments.cases.runs import Cell, Runs, cell_of
from experiments.design import Experiment
from experiments.methods.statistics import Array
from experiments.sections.case import Question
from experiments.wording import count
from sim.errors import InputError


class Order:
    """See `experiments.cases.answers.Way`."""

    def __init__(self, experiment: Experiment, question: Question) -> None:
        assert question.order is not None
        if len(experiment.policies) < 2:
            raise InputError("case.questions: order needs two policies or more, to have an order")
        self.experiment = experiment
        self.asked = question.order
        self.measure = outcome_of(experiment, question)

    def cell(self, policy: str, otherwise: bool) -> Cell:
        """Return a policy in the world as it is, or as it would be otherwise."""
        return cell_of(self.experiment, policy, self.asked.where if otherwise else None)

    def cells(self) -> Iterator[Cell]:
        """Return what has to be run."""
        for policy in self.experiment.policies:
            yield from (self.cell(policy, False), self.cell(policy, True))

    def answer(self, runs: Runs, assumption: Assumption) -> Answer:
        """Return the answer under an assumption."""
        usual, other = (
            {
                policy: runs.samples(self.cell(policy, each), assumption, self.measure.name)
                for policy in self.experiment.policies
            }
            for each in (False, True)
        )
        ranked, baseline = best_first(usual, self.measure), self.experiment.baseline
        rows = [
            Row(panel, policy, self.measure, estimated(values[policy] - values[baseline]))
            for panel, values in (("as it is", usual), (f"if {self.asked.said}", other))
            for policy in ranked if policy != baseline
        ]  # fmt: skip
        tracked = [row for row in rows if row.panel != "as it is"]
        was, is_ = (better_of(values, ranked, self.measure) for values in (usual, other))
        turned = [is_[pair] for pair in was if was[pair] and is_[pair] not in ("", was[pair])]
        verdict = "changed" if turned else "the same"
        told = self.sentences(was, is_, ranked)
        text = " ".join([*told, self.apart(usual, other, ranked)])
        return Answer(told[0], text, rows, {"the order": verdict}, tracked)

    def sentences(
        self, was: Mapping[tuple[str, str], str], is_: Mapping[tuple[str, str], str],
        ranked: list[str],
    ) -> list[str]:  # fmt: skip
        """Return in words whether the order is the same."""
        turned = [
            f"{is_[one, other]} is then better than {other if is_[one, other] == one else one}"
            for one, other in was if was[one, other] and is_[one, other] not in ("", was[one, other])
        ]  # fmt: skip
        opened = [" or ".join(pair) for pair in was if was[pair] and not is_[pair]]
        told = (
            f"If {self.asked.said}, the order of the {count(len(ranked))} policies by "
            f"{self.measure.label} "
        )
        if turned:
            told += f"is another: {'; '.join(turned)}."
        else:
            told += f"is the same, from best to worst: {'; '.join(ranked)}."
        return [told, *([f"No longer decided then: {'; '.join(opened)}."] if opened else [])]

    def apart(
        self, usual: Mapping[str, Array], other: Mapping[str, Array], ranked: list[str]
    ) -> str:
        """Return in words how far the first is from the last, as it is and otherwise."""
        first, last = ranked[0], ranked[-1]
        said = [
            estimated(values[first] - values[last]).size(unsaid(self.measure))
            for values in (usual, other)
        ]
        return f"From the last of them to the first it is then {said[1]}; as it is, {said[0]}."
