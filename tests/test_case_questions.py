"""How questions of cases are answered: what is run for them, and what is said of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.cases.answers import Answer, Way, way_of
from experiments.cases.assumptions import AS_IT_IS, ASSUMPTIONS
from experiments.cases.case import solve
from experiments.cases.pictures import pictures
from experiments.cases.readings import Reading, cells_of, unsaid
from experiments.cases.runs import Cell, Runs, cell_of, run_cells
from experiments.design import Experiment, load_experiment
from experiments.engine.runner import Run
from experiments.outcomes import MEASURES
from experiments.planning.designs import changed
from experiments.sections.contrast import Contrast
from sim.errors import InputError

HEAD = """scenario: bakery
set: {market.people: 120, days: 28}
policies:
  - {name: today, delay: 5, ease: 1}
  - {name: better, delay: 0, ease: 3, apology: 1}
seeds: 3
outcomes: [npv_per_person, reputation, bad_stories]
"""
CASE = """case:
  title: t
  story: [s]
  invented: all is invented
"""


def experiment(tmp_path: Path, questions: str, more: str = "") -> Experiment:
    """Return a case with questions, as indented under `questions:`."""
    file = tmp_path / "mine.yaml"
    file.write_text(HEAD + CASE + more + "  questions:\n" + questions)
    return load_experiment(file, kind="cases")


def question(tmp_path: Path, text: str, more: str = "") -> tuple[Experiment, Way]:
    """Return a case of one question, and the way in which it is answered."""
    made = experiment(tmp_path, f"    - ask: q\n{text}", more)
    assert made.case is not None
    return made, way_of(made, made.case.questions[0])


def answered(made: Experiment, way: Way, values: dict[Cell, dict[str, list[float]]]) -> Answer:
    """Return the answer from outcomes that are given, by cell, one value a world."""
    runs = {
        (cell, AS_IT_IS): [
            _run({name: each[world] for name, each in outcomes.items()}) for world in range(3)
        ]
        for cell, outcomes in values.items()
    }
    return way.answer(Runs(made, runs), AS_IT_IS)


def _run(values: dict[str, float]) -> Run:
    run = Run.__new__(Run)
    object.__setattr__(run, "values", values)
    return run


WITH = "  with_policy: {better: {service.learning: 0.01}}\n"
LEVERS = (
    "      levers: {base: today, full: better, parts: "
    "{talking: [apology], hearing: [ease, delay], learning: [service.learning]}}\n"
)


class TestWhatGoesWithAPolicy:
    def test_it_is_there_wherever_the_policy_is_run(self, tmp_path: Path) -> None:
        made, _ = question(tmp_path, LEVERS, WITH)
        assert cell_of(made, "better").where == (("service.learning", 0.01),)
        assert cell_of(made, "today").where == ()
        contrast = Contrast(of="better", than="better", than_where={"service.learning": 0.0})
        with_, without = cells_of(made, contrast)
        assert dict(with_.where) == {"service.learning": 0.01}
        assert dict(without.where) == {"service.learning": 0.0}

    def test_a_part_may_be_it(self, tmp_path: Path) -> None:
        _, way = question(tmp_path, LEVERS, WITH)
        cells = {cell.name: cell for cell in way.cells()}
        alone, without = cells["today + learning"], cells["better - learning"]
        assert alone.where == (("service.learning", 0.01),) and without.where == ()
        assert alone.policy == cells["today"].policy and without.policy == cells["better"].policy
        assert cells["better - talking"].where == cells["better"].where
        assert cells["today + talking"].where == ()
        assert cells["today + talking"].policy.apology == 1

    def test_what_belongs_to_no_part_is_refused(self, tmp_path: Path) -> None:
        text = LEVERS.replace("learning: [service.learning]", "more: [fix]")
        with pytest.raises(InputError, match=r"service\.learning is in none"):
            question(tmp_path, text, WITH)

    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ("  with_policy: {bettr: {service.learning: 0.01}}\n", "did you mean better"),
            ("  with_policy: {better: {service.learnin: 0.01}}\n", "did you mean service.learning"),
            ("  with_policy: {better: {service.learning: 5}}\n", "must be at most 1"),
        ],
    )
    def test_what_cannot_be_is_refused(self, more: str, message: str, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=message):
            question(tmp_path, LEVERS, more)

    def test_it_changes_the_runs_as_a_setting_of_the_contrast_does(self, tmp_path: Path) -> None:
        more = "  with_policy: {better: {service.failure_probability: 0.5}}\n"
        text = (
            "    - {ask: q, contrasts: [{name: n, of: better, than: today, outcome: failures%s}]}\n"
        )
        there = experiment(tmp_path, text % ", of_where: {service.failure_probability: 0.5}")
        beside = experiment(tmp_path, text % "", more)
        plain = experiment(tmp_path, text % "")
        readings = [
            solve("mine", made, assumptions=ASSUMPTIONS[:1]).answered[0].answer.rows[0].reading
            for made in (there, beside, plain)
        ]
        assert readings[0] == readings[1]
        assert readings[0].side() == "above" and readings[2].side() == ""


class TestCurve:
    TEXT = "      curve: {policy: today, key: policy.authority, values: [0, 10, 20, 40]}\n"

    def found(self, tmp_path: Path, *means: float) -> Answer:
        made, way = question(tmp_path, self.TEXT)
        return answered(
            made, way,
            {cell: {"npv_per_person": [m, m + 0.1 * abs(m), m - 0.1 * abs(m)]}
             for cell, m in zip(way.cells(), means, strict=True)},
        )  # fmt: skip

    def test_where_more_changes_nothing(self, tmp_path: Path) -> None:
        found = self.found(tmp_path, 0, 1, 3, 3)
        assert "is best at authority 20 (money): 3.0" in found.said
        assert found.said.endswith("more than at 0. Beyond 20, more changes nothing.")
        assert found.verdicts == {"what is enough": "20"}
        assert [row.label for row in found.tracked][0] == "authority 20"
        assert {row.label for row in found.tracked} == {f"authority {n}" for n in (0, 10, 20, 40)}

    def test_where_more_hurts_and_where_the_end_is_best(self, tmp_path: Path) -> None:
        assert "Too much hurts: 40 falls 2.0" in self.found(tmp_path, 0, 1, 3, 1).said
        assert "more might be better still" in self.found(tmp_path, 0, 1, 3, 5).said


class TestWays:
    TEXT = """      ways:
        start: today
        ways:
          - {name: asking, policy: today, key: policy.ease, values: [2, 3]}
          - name: haste
            policy: today
            key: policy.delay
            values: [2, 0]
            also: {policy.cost_per_contact: [0.3, 0.9]}
"""

    def test_what_goes_along_is_set_with_each_step(self, tmp_path: Path) -> None:
        _, way = question(tmp_path, self.TEXT)
        settings = [dict(cell.where) for cell in way.cells()]
        assert settings == [
            {}, {"policy.ease": 2}, {"policy.ease": 3},
            {"policy.delay": 2, "policy.cost_per_contact": 0.3},
            {"policy.delay": 0, "policy.cost_per_contact": 0.9},
        ]  # fmt: skip

    def found(self, tmp_path: Path, haste: float) -> Answer:
        made, way = question(tmp_path, self.TEXT)
        ends = [(0.0, 0.0), (100.0, 2.0), (200.0, 4.0), (40.0, haste / 2), (80.0, haste)]
        values = {
            cell: {"recovery_cost": [1000 + spend] * 3,
                   "npv_per_person": [5 + gain * share for share in (0.9, 1.0, 1.1)]}
            for cell, (spend, gain) in zip(way.cells(), ends, strict=True)
        }  # fmt: skip
        return answered(made, way, values)

    def test_gains_are_read_at_the_most_that_all_can_spend(self, tmp_path: Path) -> None:
        found = self.found(tmp_path, haste=0.5)
        last = {row.label: row.reading.mean for row in found.rows if row.panel == "spending 80.0"}
        assert last == pytest.approx({"asking": 1.6, "haste": 0.5})
        assert (
            "With 80.0 more to spend on recovery than today does, the most that haste can use"
            in (found.said)
        )
        assert "Asking is the best way, by 1.10" in found.said
        assert found.said.endswith(
            "At their dearest they bring: asking 4.00 for 200; haste 0.500 for 80.0."
        )
        assert found.verdicts == {"the better of asking and haste": "asking"}
        assert {point["most"] for point in found.points} == {80.0}

    def test_the_other_way_round(self, tmp_path: Path) -> None:
        assert self.found(tmp_path, haste=3.0).verdicts == {
            "the better of asking and haste": "haste"
        }

    def test_where_a_way_spends_nothing_there_is_nothing_to_compare(self, tmp_path: Path) -> None:
        made, way = question(tmp_path, self.TEXT)
        ends = [(0.0, 0.0), (100.0, 2.0), (200.0, 4.0), (0.0, 1.0), (-80.0, 1.0)]
        found = answered(
            made, way,
            {cell: {"recovery_cost": [spend] * 3, "npv_per_person": [gain] * 3}
             for cell, (spend, gain) in zip(way.cells(), ends, strict=True)},
        )  # fmt: skip
        assert found.said.startswith("Haste spends no more than today does.")
        assert found.points[0]["most"] == 0.0

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("[0.3, 0.9]", "[0.3]", "must have as many values as policy.delay: 2, and has 1"),
            (
                "policy.cost_per_contact",
                "policy.cost_per_contac",
                "did you mean policy.cost_per_contact",
            ),
            ("values: [2, 3]", "values: [2, 9]", "policy.ease = 9 must be at most 6"),
            ("policy.ease", "network.kind", "takes no numbers"),
            ("policy.ease", "policy.eas", "did you mean policy.ease"),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, old: str, new: str, message: str, tmp_path: Path
    ) -> None:
        with pytest.raises(InputError, match=message):
            question(tmp_path, self.TEXT.replace(old, new))

    def test_it_is_drawn_as_far_as_it_is_compared(self, tmp_path: Path) -> None:
        made = experiment(tmp_path, f"    - ask: q\n{self.TEXT}")
        made = replace(made, scenario=changed(made.scenario, {"market.people": 600, "days": 100}))
        result = solve("mine", made, assumptions=ASSUMPTIONS[:1])
        (axes,) = pictures(result)["question-1"].axes
        most = result.answered[0].answer.points[0]["most"]
        assert most > 0
        assert axes.get_xlim()[1] == pytest.approx(1.6 * most)
        lines = {line.get_label(): line.get_xdata() for line in axes.get_lines()}
        assert max(lines["Asking"]) <= 1.6 * most * (1 + 1e-9)


class TestContrasts:
    TEXT = """      contrasts:
        - {name: asking, of: better, than: today}
        - {name: asking, of: better, than: today, outcome: bad_stories}
        - {name: level, of: better}
"""

    def test_a_name_with_two_outcomes_is_one_sentence_and_two_verdicts(
        self, tmp_path: Path
    ) -> None:
        made, way = question(tmp_path, self.TEXT)
        better, today = (cell_of(made, name) for name in ("better", "today"))
        found = answered(
            made, way,
            {better: {"npv_per_person": [3, 4, 5], "bad_stories": [10, 20, 30]},
             today: {"npv_per_person": [1, 2, 3], "bad_stories": [200, 210, 221]}},
        )  # fmt: skip
        assert found.verdicts == {
            "asking, net present value per person": "higher", "asking, bad stories": "lower",
        }  # fmt: skip
        first, _, level = found.said.partition(". Level: ")
        assert first.startswith("Asking: net present value per person higher by 2")
        assert "; bad stories lower by 190.3 (95%" in first
        assert level.startswith("net present value per person 4")
        assert [row.label for row in found.tracked] == ["asking", "asking"]


def test_parts_that_do_harm_are_named(tmp_path: Path) -> None:
    made, way = question(tmp_path, LEVERS, WITH)
    worth = {
        "today": 0, "better": 10, "today + talking": -2, "better - talking": 11,
        "today + hearing": 4, "better - hearing": 3, "today + learning": 1, "better - learning": 8,
    }  # fmt: skip
    found = answered(
        made, way,
        {cell: {"npv_per_person": [worth[cell.name] + e for e in (0.0, 0.01, -0.01)]}
         for cell in way.cells()},
    )  # fmt: skip
    assert found.verdicts == {"what does most": "hearing"}
    assert found.said.endswith(
        "By itself, talking makes it worse. On top of the others, talking makes it worse."
    )


def test_what_is_the_same_in_every_world_is_decided() -> None:
    from experiments.cases.claims import Tried
    from experiments.sections.claim import Trial

    trial = Trial.model_validate({"said": "x", "contrast": {"of": "a", "than": "b"}})
    assert Tried(trial, {AS_IT_IS: Reading(0.0, 0.0, 0.0)}, "").verdict(AS_IT_IS) == "does not hold"
    assert Tried(trial, {AS_IT_IS: Reading(0.0, -1.0, 1.0)}, "").verdict(AS_IT_IS) == "not decided"


def test_a_unit_is_said_once() -> None:
    harm = Reading(-5.0, -6.0, -4.0).moved(MEASURES["bad_stories"])
    assert harm == "lowers bad stories by 5.0 (95% interval 4.0 to 6.0)"
    assert unsaid(MEASURES["reputation"]) == MEASURES["reputation"]


def test_what_differs_by_name_alone_is_run_once(tmp_path: Path) -> None:
    made = experiment(tmp_path, f"    - ask: q\n{TestCurve.TEXT}")
    cells = [
        cell_of(made, "today"),
        cell_of(made, "today", {"policy.delay": 5.0}),
        Cell("renamed", made.policies["today"]),
        cell_of(made, "better"),
    ]
    runs = run_cells(made, cells, ASSUMPTIONS[:2])
    assert len(runs) == 2 * 2 * 3
    same = [runs.samples(cell, ASSUMPTIONS[1], "npv_per_person") for cell in cells]
    assert (same[0] == same[1]).all() and (same[0] == same[2]).all()
    assert (same[0] != same[3]).any()


@pytest.mark.parametrize(
    ("talking", "hearing", "said"),
    [
        ([5.0, 5.1, 4.9], [4.0, 4.1, 3.9], "Alone, talking does most."),
        (
            [5.0, 2.0, 8.0],
            [4.0, 6.0, 2.0],
            "Alone, talking does most, though not surely more than hearing.",
        ),
        ([4.0, 4.1, 3.9], [5.0, 5.1, 4.9], ""),
    ],
)
def test_a_single_one_to_begin_with(
    talking: list[float], hearing: list[float], said: str, tmp_path: Path
) -> None:
    made, way = question(tmp_path, LEVERS, WITH)
    worth = {
        "today": [0.0] * 3, "better": [40.0] * 3,
        "today + talking": talking, "better - talking": [39.0] * 3,
        "today + hearing": hearing, "better - hearing": [3.0] * 3,
        "today + learning": [1.0] * 3, "better - learning": [38.0] * 3,
    }  # fmt: skip
    found = answered(
        made, way, {cell: {"npv_per_person": worth[cell.name]} for cell in way.cells()}
    )
    assert found.verdicts == {"what does most": "hearing"}
    if said:
        assert said in found.said
    else:
        assert "Alone" not in found.said
