"""Comparisons and orders of a case: differences of differences, ratios, days, several outcomes."""

from pathlib import Path

import numpy as np
import pytest

from experiments.cases.answers import Answer, way_of
from experiments.cases.assumptions import AS_IT_IS, ASSUMPTIONS
from experiments.cases.case import solve
from experiments.cases.readings import cells_of, estimated, ratio, ratios_apart, read
from experiments.cases.runs import Cell, Runs, cell_of, run_cells
from experiments.cases.single import Laboratory, facts
from experiments.design import Experiment, load_experiment
from experiments.engine.runner import Run
from experiments.evidence.facts import measure_facts
from experiments.plots.style import folded
from experiments.sections.claim import Trial
from experiments.sections.contrast import Contrast
from sim.errors import InputError

HEAD = """scenario: bakery
set: {market.people: 150, days: 56}
policies:
  - {name: late, delay: 20, ease: 4, excuse: 1}
  - {name: soon, delay: 0, ease: 4, apology: 1}
  - {name: sooner, delay: 0, ease: 4, apology: 1, empathy: 1}
seeds: 3
outcomes: [npv_per_person, reputation]
case:
  title: t
  story: [s]
  invented: all is invented
  questions:
"""
SILENT = {"talk.enabled": False, "reviews.enabled": False}


def experiment(folder: Path, question: str) -> Experiment:
    """Return a case of one question, which goes on after `ask`."""
    file = folder / "mine.yaml"
    file.write_text(f"{HEAD}    - ask: q\n      {question}\n")
    return load_experiment(file, kind="cases")


def answered(made: Experiment, values: dict[str, list[float]]) -> Answer:
    """Return the answer where a policy's outcomes are these, in one world after the other.

    Keys are the name of a policy, and of one in a world that is otherwise with a star.
    """
    assert made.case is not None
    way = way_of(made, made.case.questions[0])

    def run(value: float) -> Run:
        empty = Run.__new__(Run)
        object.__setattr__(empty, "values", {"npv_per_person": value})
        return empty

    found = {}
    for cell in way.cells():
        key = f"{cell.name}*" if cell.where and f"{cell.name}*" in values else cell.name
        found[cell, AS_IT_IS] = [run(value) for value in values[key]]
    return way.answer(Runs(made, found), AS_IT_IS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    folder = tmp_path_factory.mktemp("case")
    return experiment(folder, "contrasts: [{name: n, of: late, than: soon}]")


class TestBeyond:
    def runs(self, made: Experiment, contrast: Contrast) -> Runs:
        return run_cells(made, cells_of(made, contrast), ASSUMPTIONS[:1])

    def test_it_takes_the_same_comparison_off(self, made: Experiment) -> None:
        contrast = Contrast(of="late", than="soon", outcome="reputation", beyond=SILENT)
        runs = self.runs(made, contrast)
        late, soon = (cell_of(made, name) for name in ("late", "soon"))
        quiet = [cell_of(made, name, SILENT) for name in ("late", "soon")]

        def apart(one: Cell, other: Cell) -> np.ndarray:
            return runs.samples(one, AS_IT_IS, "reputation") - runs.samples(
                other, AS_IT_IS, "reputation"
            )

        expected = estimated(apart(late, soon) - apart(*quiet))
        assert read(runs, contrast, AS_IT_IS) == expected
        assert expected.mean != 0.0

    def test_what_it_sets_goes_before_all_other_settings(self, made: Experiment) -> None:
        contrast = Contrast(
            of="late", than="soon", where={"talk.recovered": 3.0}, of_where={"talk.enabled": True},
            beyond={"talk.enabled": False, "talk.recovered": 4.0},
        )  # fmt: skip
        settings = [dict(cell.where) for cell in cells_of(made, contrast)]
        assert settings == [
            {"talk.recovered": 3.0, "talk.enabled": True}, {"talk.recovered": 3.0},
            {"talk.recovered": 4.0, "talk.enabled": False},
            {"talk.recovered": 4.0, "talk.enabled": False},
        ]  # fmt: skip

    def test_divided_it_is_the_difference_of_two_ratios(self, made: Experiment) -> None:
        contrast = Contrast(of="late", than="soon", outcome="npv", per="answers", beyond=SILENT)
        runs = self.runs(made, contrast)
        told = [contrast.model_copy(update={"beyond": None, "where": w}) for w in (None, SILENT)]
        one, other = (read(runs, each, AS_IT_IS) for each in told)
        both = read(runs, contrast, AS_IT_IS)
        assert both.mean == pytest.approx(one.mean - other.mean, rel=1e-12)
        assert both.low < both.mean < both.high

    def test_without_a_second_policy_there_is_nothing_to_take_off(self) -> None:
        with pytest.raises(ValueError, match="beyond takes one comparison off another"):
            Contrast(of="late", beyond=SILENT)


class TestRatiosApart:
    def test_a_ratio_less_nothing_has_much_the_interval_of_fieller(self) -> None:
        generator = np.random.default_rng(1)
        under = generator.normal(100.0, 3.0, 40)
        over = 5.0 * under + generator.normal(0.0, 20.0, 40)
        nothing, one = np.zeros(40), np.ones(40)
        found, known = ratios_apart(over, under, nothing, one), ratio(over, under)
        assert found.mean == pytest.approx(known.mean, rel=1e-12)
        assert (found.low, found.high) == pytest.approx((known.low, known.high), rel=1e-3)

    def test_two_that_share_their_luck_are_apart_for_sure(self) -> None:
        generator = np.random.default_rng(2)
        under = generator.normal(100.0, 3.0, 12)
        luck = generator.normal(0.0, 50.0, 12)
        found = ratios_apart(2.0 * under + luck, under, under + luck, under)
        assert found.mean == pytest.approx(1.0)
        assert found.high - found.low < 0.1


class TestSeveralOutcomes:
    TEXT = (
        "contrasts: [{name: n, of: soon, than: late, outcomes: [npv_per_person, reputation]}, "
        "{name: m, of: soon, than: late, outcomes: [reputation, npv], day: 28}]"
    )

    def test_of_one_name_all_are_told_in_a_sentence(self, tmp_path: Path) -> None:
        found = solve("mine", experiment(tmp_path, self.TEXT), assumptions=ASSUMPTIONS[:1])
        answer = found.answered[0].answer
        assert answer.said.count("N: ") == 1 and answer.said.count("M: ") == 1
        first, second = answer.said.split(" M: ")
        assert "net present value per person" in first and "; " in first
        assert "reputation on day 28" in second
        assert [row.panel for row in answer.rows] == [
            "net present value per person", "reputation", "reputation on day 28", "net present value",
        ]  # fmt: skip
        assert list(answer.verdicts) == [
            "n, net present value per person", "n, reputation", "m, reputation on day 28",
            "m, net present value",
        ]  # fmt: skip
        assert set(answer.verdicts.values()) <= {"higher", "lower", ""}

    @pytest.mark.parametrize(
        ("contrast", "message"),
        [
            ("outcome: reputation, outcomes: [nps]", "outcome and outcomes cannot be together"),
            ("outcomes: []", "must hold at least one"),
            (
                "outcome: yearly_retention, day: 28",
                "yearly_retention is told of the whole run alone",
            ),
            ("outcomes: [npv, npv_per_person], day: 28", "npv is told of the whole run alone"),
        ],
    )
    def test_what_cannot_be_is_refused(self, contrast: str, message: str, tmp_path: Path) -> None:
        text = f"contrasts: [{{name: n, of: soon, than: late, {contrast}}}]"
        with pytest.raises(InputError, match=message):
            experiment(tmp_path, text)

    def test_a_day_of_what_is_told_of_the_whole_run_by_default(self, tmp_path: Path) -> None:
        made = experiment(tmp_path, "contrasts: [{name: n, of: soon, than: late, day: 28}]")
        with pytest.raises(InputError, match="npv_per_person is told of the whole run alone"):
            solve("mine", made, assumptions=ASSUMPTIONS[:1])


class TestOrder:
    TEXT = "order: {said: nobody talks, where: {talk.enabled: false}}"
    USUAL = {"late": [1.0, 1.1, 0.9], "soon": [2.0, 2.1, 1.9], "sooner": [3.0, 3.1, 2.9]}

    def found(self, folder: Path, **otherwise: list[float]) -> Answer:
        stars = {f"{name}*": values for name, values in otherwise.items()}
        return answered(experiment(folder, self.TEXT), self.USUAL | stars)

    def test_the_same(self, tmp_path: Path) -> None:
        found = self.found(tmp_path, sooner=[2.5, 2.6, 2.4])
        assert found.verdicts == {"the order": "the same"}
        assert found.said == (
            "If nobody talks, the order of the three policies by net present value per person is the "
            "same, from best to worst: sooner; soon; late. From the last of them to the first it is "
            "then 1.50 (95% interval 1.50 to 1.50); as it is, 2.00 (95% interval 2.00 to 2.00)."
        )
        assert [row.panel for row in found.rows] == ["as it is"] * 2 + ["if nobody talks"] * 2

    def test_another(self, tmp_path: Path) -> None:
        found = self.found(tmp_path, soon=[4.0, 4.1, 3.9])
        assert found.verdicts == {"the order": "changed"}
        assert "is another: soon is then better than sooner." in found.said

    def test_what_is_no_longer_decided(self, tmp_path: Path) -> None:
        found = self.found(tmp_path, soon=[0.0, 2.1, 0.9])
        assert found.verdicts == {"the order": "the same"}
        assert "No longer decided then: sooner or soon; soon or late." in found.said

    def test_one_policy_has_no_order(self, tmp_path: Path) -> None:
        made = experiment(tmp_path, self.TEXT)
        alone = {"late": made.policies["late"]}
        assert made.case is not None
        with pytest.raises(InputError, match="order needs two policies or more"):
            way_of(
                Experiment(made.name, made.scenario, alone, "late", made.seeds),
                made.case.questions[0],
            )


@pytest.fixture(scope="module")
def laboratory(made: Experiment) -> Laboratory:
    """Where three lives are compared, half a year long."""
    scenario = made.scenario.model_copy(update={"days": 182})
    return Laboratory(Experiment(made.name, scenario, made.policies, "late", made.seeds))


class TestLives:
    def trial(self, effect: str, **more: object) -> Trial:
        lives = {"effect": effect, "of": "soon", "seeds": 2, "share": 1.0} | more
        return Trial.model_validate({"said": "x", "lives": lives})

    def test_more_failures_may_be_examined(self, laboratory: Laboratory) -> None:
        few, many = (
            laboratory._of(self.trial("staying", share=share).lives, AS_IT_IS)  # type: ignore[arg-type]
            for share in (0.1, 1.0)
        )
        assert len(many.heard) > 3 * len(few.heard)

    def test_what_is_told_moves_no_satisfaction_and_is_not_run_for_it(
        self, laboratory: Laboratory
    ) -> None:
        tells, acts = ASSUMPTIONS[1], ASSUMPTIONS[2]
        assert "talk.recovered" in tells.point and "loyalty.discount" in acts.point
        found = laboratory.try_(self.trial("satisfaction"), ASSUMPTIONS[:3])
        assert set(found.readings) == {AS_IT_IS, acts}
        # It would have made no difference.
        lives = self.trial("satisfaction").lives
        assert laboratory._effect(lives, tells) == found.readings[AS_IT_IS]  # type: ignore[arg-type]
        told = laboratory.try_(self.trial("good_stories"), ASSUMPTIONS[:3])
        assert set(told.readings) == set(ASSUMPTIONS[:3])
        assert told.readings[tells].mean < told.readings[AS_IT_IS].mean

    def test_where_opinions_count_for_intention_it_is_run(self, laboratory: Laboratory) -> None:
        made = laboratory.experiment
        loyalty = made.scenario.loyalty.model_copy(update={"opinion": 0.25})
        scenario = made.scenario.model_copy(update={"loyalty": loyalty})
        moved = Laboratory(Experiment(made.name, scenario, made.policies, "late", made.seeds))
        lives = self.trial("intention").lives
        assert moved._matters(lives, ASSUMPTIONS[1])  # type: ignore[arg-type]
        assert not laboratory._matters(lives, ASSUMPTIONS[1])  # type: ignore[arg-type]


class TestFacts:
    def test_facts_of_one_customer_are_the_same_without_all_others(self) -> None:
        wanted = ("C4", "C1", "C8")
        found = measure_facts(ids=wanted)
        assert [fact.id for fact in found] == ["C1", "C1", "C4", "C4", "C8", "C8"]
        assert found == [
            fact for fact in measure_facts(2, used_for="calibration") if fact.id in wanted
        ]

    def test_facts_of_a_market_are_among_those_asked_for(self) -> None:
        assert [fact.id for fact in measure_facts(2, ids=["C9", "C3"])] == ["C3", "C9"]

    def test_one_that_is_not_there(self) -> None:
        trial = Trial.model_validate({"said": "x", "fact": "C1.9"})
        with pytest.raises(InputError, match=r"fact = C1\.9 is not among the facts"):
            facts([trial], 1, None)


def test_present_value_of_a_whole_run_is_that_of_all_people(tmp_path: Path) -> None:
    made = experiment(tmp_path, "contrasts: [{name: n, of: late, than: soon}]")
    runs = run_cells(made, [cell_of(made, "soon")], ASSUMPTIONS[:1])
    whole, each = (
        runs.samples(cell_of(made, "soon"), AS_IT_IS, name) for name in ("npv", "npv_per_person")
    )
    assert whole == pytest.approx(150 * each, rel=1e-12)


def test_a_long_name_is_folded_and_not_cut() -> None:
    name = "at once with nothing, rather than ten days later with miles"
    assert folded(name).replace("\n", " ") == name
    assert folded(name).count("\n") == 2
    assert folded("x" * 100).endswith("…")
