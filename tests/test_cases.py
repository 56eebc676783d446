"""Cases: every shipped one runs, its verdicts are those of its measurements, and its page is true."""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calling import call, done, told

from experiments.cases.assumptions import AS_IT_IS, ASSUMPTIONS
from experiments.cases.case import CaseResult, solve
from experiments.cases.changes import Changes
from experiments.cases.claims import Judged, Tried
from experiments.cases.page import claims_table, page
from experiments.cases.pictures import pictures
from experiments.cases.readings import Reading, estimated
from experiments.cases.runs import cell_of, run_cells
from experiments.design import Experiment, load_experiment
from experiments.sections.claim import Claim, Trial
from sim.errors import InputError
from sim.shipped import shipped

ROOT = Path(__file__).resolve().parents[1]


def _pages() -> Any:
    spec = importlib.util.spec_from_file_location("docs_cases", ROOT / "docs" / "cases.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def small(name: str) -> Experiment:
    """Return a shipped case made small enough to be run by a test."""
    return load_experiment(name, ["seeds=2", "market.people=240"], days=168, kind="cases")


@pytest.fixture(scope="module")
def solved() -> dict[str, CaseResult]:
    """Return every shipped case, run at small size under two assumptions."""
    return {name: solve(name, small(name), assumptions=ASSUMPTIONS[:2], fact_seeds=1)
            for name in shipped("cases")}  # fmt: skip


class TestShipped:
    def test_the_six_stories_are_there(self) -> None:
        assert {
            "bakery", "grand-hotel", "screwdriver-shop", "data-centre", "airline",
            "silent-majority",
        } == set(shipped("cases"))  # fmt: skip

    @pytest.mark.parametrize("name", shipped("cases"))
    def test_each_answers_its_questions_and_tries_its_claims(
        self, name: str, solved: dict[str, CaseResult]
    ) -> None:
        result = solved[name]
        told = result.told
        assert [each.question.ask for each in result.answered] == [q.ask for q in told.questions]
        for answered in result.answered:
            assert set(answered.answers) == set(ASSUMPTIONS[:2])
            assert answered.answer.said.endswith(".")
            assert "nan" not in answered.answer.said
            assert all(np.isfinite(row.reading.mean) for row in answered.answer.rows)
        assert len(result.judged) == len(told.claims) >= 2

    @pytest.mark.parametrize("name", shipped("cases"))
    def test_each_says_what_is_invented_and_teaches_in_its_head(self, name: str) -> None:
        text = shipped("cases")[name].read_text()
        assert "invented" in load_experiment(name, kind="cases").case.invented  # type: ignore[union-attr]
        assert text.startswith("#") and "# Try: amends case" in text

    def test_at_least_25_claims_are_tried_and_each_once(self) -> None:
        claims = [
            claim.claim
            for name in shipped("cases")
            for claim in load_experiment(name, kind="cases").case.claims  # type: ignore[union-attr]
            if claim.tests
        ]
        assert len(claims) >= 25
        assert {
            claim.of
            for name in shipped("cases")
            for claim in load_experiment(name, kind="cases").case.claims  # type: ignore[union-attr]
        } == {"the bakery-café", "the five steps", "the paradox", "the numbers"}
        assert len(set(claims)) == len(claims)

    @pytest.mark.parametrize("name", shipped("cases"))
    def test_the_page_ends_with_the_question_and_its_answer(
        self, name: str, solved: dict[str, CaseResult], tmp_path: Path
    ) -> None:
        result = solved[name]
        text = page(result)
        first = text.split("\n\n")[1]
        assert result.summary.split(". ")[0][:30] in first.replace("\\", "")
        short = text.split("\n\n")[2].splitlines()
        assert [line[:4] for line in short] == ["- **"] * len(result.answered)
        assert all(line.endswith(".") and len(line) < 900 for line in short)
        last = text.rindex("## The question")
        for answered in result.answered:
            assert text.rindex(answered.question.ask) > last
        drawn = pictures(result)
        for picture in ("question-1", "assumptions"):
            assert picture in drawn and f"({picture}.png)" in text


class TestPages:
    @pytest.mark.parametrize("name", shipped("cases"))
    def test_the_page_is_not_older_than_what_it_tells_of(self, name: str) -> None:
        made = _pages()
        assert made.made_from(made.PAGES / f"{name}.md") == made.stamp(name), "run `make cases`"

    def test_the_table_of_claims_is_not_either(self) -> None:
        made = _pages()
        assert made.made_from(made.PAGES / "claims.md") == made.stamp_of_table()
        text = (made.PAGES / "claims.md").read_text()
        for name in shipped("cases"):
            for claim in load_experiment(name, kind="cases").case.claims:  # type: ignore[union-attr]
                assert f"| {claim.claim} |" in text.replace("\\", "")


HIGH, LOW, WIDE = Reading(2.0, 1.0, 3.0), Reading(-2.0, -3.0, -1.0), Reading(0.1, -1.0, 1.0)


def judged(*by_test: dict[int, Reading], said: str = "x") -> Judged:
    """Return a claim whose tests have these readings, by number of the assumption."""
    trials = [
        Trial.model_validate({"said": f"{said}{i}", "fact": "C1"}) for i in range(len(by_test))
    ]
    claim = Claim.model_construct(claim="c", of="the numbers", tests=tuple(trials))
    tried = [
        Tried(trial, {ASSUMPTIONS[i]: reading for i, reading in found.items()}, "")
        for trial, found in zip(trials, by_test, strict=True)
    ]
    return Judged(claim, "bakery", tried, ASSUMPTIONS[:2])


class TestVerdicts:
    @pytest.mark.parametrize(
        ("found", "verdict"),
        [
            ([{0: HIGH, 1: HIGH}], "holds"),
            ([{0: LOW, 1: LOW}], "does not hold"),
            ([{0: WIDE, 1: WIDE}], "not decided"),
            ([{0: HIGH}], "holds"),
            ([{0: HIGH, 1: LOW}], f"holds only if {ASSUMPTIONS[1].kept}"),
            ([{0: HIGH, 1: WIDE}], f"holds only if {ASSUMPTIONS[1].kept}"),
            ([{0: LOW, 1: HIGH}], f"holds only if {ASSUMPTIONS[1].said}"),
            ([{0: HIGH, 1: HIGH}, {0: HIGH, 1: HIGH}], "holds"),
            ([{0: HIGH}, {0: LOW}], "holds only for (1); does not hold for (2)"),
            ([{0: HIGH}, {0: WIDE}], "holds only for (1); not decided for (2)"),
            ([{0: LOW}, {0: LOW}], "does not hold"),
            ([{0: LOW}, {0: WIDE}], "does not hold for (1); not decided for (2)"),
        ],
    )
    def test_a_claim_holds_where_all_its_measurements_do(
        self, found: list[dict[int, Reading]], verdict: str
    ) -> None:
        assert judged(*found).verdict == verdict

    @pytest.mark.parametrize(
        ("above", "below", "reading", "verdict"),
        [
            (1.5, None, Reading(2.0, 1.6, 2.4), "holds"),
            (1.5, None, HIGH, "not decided"),
            (None, 1.5, LOW, "holds"),
            (1.0, 3.0, Reading(2.0, 1.5, 2.5), "holds"),
            (1.0, 1.8, Reading(2.0, 1.9, 2.5), "does not hold"),
            (1.0, None, Reading(1.0), "does not hold"),
            (1.0, None, Reading(1.1), "holds"),
        ],
    )
    def test_the_band_of_a_claim(
        self, above: float | None, below: float | None, reading: Reading, verdict: str
    ) -> None:
        trial = Trial.model_validate(
            {"said": "x", "incident": {"quantity": "intention", "of": {}}, "above": above,
             "below": below}
        )  # fmt: skip
        assert Tried(trial, {AS_IT_IS: reading}, "").verdict(AS_IT_IS) == verdict

    def test_what_cannot_be_tried_says_why(self) -> None:
        claim = Claim.model_validate({"claim": "c", "of": "the numbers", "untested": "no reason"})
        found = Judged(claim, "bakery", (), ASSUMPTIONS)
        assert (found.verdict, found.came_out, found.command) == ("not tried", "no reason", "none")

    def test_an_answer_changes_only_where_both_are_decided(self) -> None:
        def changes(usual: str, other: str, steps: tuple[str, ...] = ()) -> Changes:
            return Changes({AS_IT_IS: {"q": usual}, ASSUMPTIONS[1]: {"q": other}}, steps)

        assert changes("a", "a").said == "None of the other assumptions changes this."
        assert changes("a", "b").overturned == {"q": {"b": [ASSUMPTIONS[1]]}}
        assert not changes("", "b").overturned
        assert changes("", "b").settled == {"q": {"b": [ASSUMPTIONS[1]]}}
        assert not changes("a", "b").settled
        against = Changes(
            {AS_IT_IS: {"q": ""}, ASSUMPTIONS[1]: {"q": "a"}, ASSUMPTIONS[2]: {"q": "b"}}
        )
        assert against.overturned == {"q": {"a": [ASSUMPTIONS[1]], "b": [ASSUMPTIONS[2]]}}
        assert not against.settled
        assert (
            against.said
            == against.overturns
            == (
                f"Q is not decided, but a if {ASSUMPTIONS[1].said}, and b if {ASSUMPTIONS[2].said}."
            )
        )
        assert changes("a", "").opened == {"q": [ASSUMPTIONS[1]]}
        assert not changes("a", "b", ("a", "b", "c")).overturned
        assert changes("a", "c", ("a", "b", "c")).overturned

    def test_what_is_open_is_told_together_and_overturns_nothing(self) -> None:
        one, two, three = ASSUMPTIONS[1:4]
        found = Changes(
            {
                AS_IT_IS: {"p": "x", "q": "x", "r": "x"},
                one: {"p": "", "q": "", "r": "y"},
                two: {"p": "", "q": "", "r": "y"},
                three: {"p": "x", "q": "x", "r": "y"},
            }
        )
        assert found.overturns == f"R is x, but y if {one.said}, if {two.said} or if {three.said}."
        assert found.said == (
            f"{found.overturns} No longer decided if {one.said} or if {two.said}: p; q."
        )


class TestRuns:
    def test_the_same_world_under_each_policy_and_assumption(self) -> None:
        experiment = small("bakery")
        cells = [
            cell_of(experiment, "bakery"),
            cell_of(experiment, "bakery", {"talk.enabled": False}),
            cell_of(experiment, "bakery", {"talk.enabled": False}, {"talk.enabled": True}),
        ]
        runs = run_cells(experiment, cells, ASSUMPTIONS[:2])
        # The last two settings together are those of the scenario, and that world is run once.
        assert len(runs) == 2 * 2 * 2
        as_it_is, silent, again = (runs.samples(c, AS_IT_IS, "reputation") for c in cells)
        assert (as_it_is == again).all() and (as_it_is != silent).all()
        # Without talk it does not matter how many would be told.
        other = runs.samples(cells[1], ASSUMPTIONS[1], "reputation")
        assert (silent == other).all()
        on_day = runs.samples(cells[0], AS_IT_IS, "reputation", day=168)
        assert on_day == pytest.approx(as_it_is)

    def test_a_setting_that_cannot_be_is_refused(self) -> None:
        experiment = small("bakery")
        with pytest.raises(InputError, match="network.degree"):
            run_cells(experiment, [cell_of(experiment, "none", {"network.degree": 7})])


def test_an_estimate_is_above_or_below_only_with_its_whole_interval() -> None:
    assert estimated(np.array([1.0, 1.1, 0.9])).side() == "above"
    assert estimated(np.array([-1.0, 1.1, 0.2])).side() == ""
    assert Reading(0.2).side() == "above" and Reading(0.2).side(0.3) == "below"


class TestCommand:
    def test_without_a_name_the_cases_are_listed(self) -> None:
        said = done("case").stdout
        for name in shipped("cases"):
            assert name in said
        assert {each["name"] for each in told("case")} == set(shipped("cases"))

    def test_a_case_as_json_and_as_a_folder(self, tmp_path: Path) -> None:
        small_ = ["--seeds", "2", "--set", "market.people=120", "--days", "28"]
        found = told("case", "bakery", *small_, "--out", str(tmp_path / "out"))
        assert list(found) == [
            "name", "title", "summary", "seeds", "runs", "questions", "ranking", "claims",
        ]  # fmt: skip
        assert found["seeds"] == [1, 2]
        made = {path.name for path in (tmp_path / "out").iterdir()}
        assert {"report.md", "question-1.png", "assumptions.svg", "claims.csv",
                "estimates.parquet", "experiment.yaml", "scenario.yaml"} <= made  # fmt: skip
        again = told("case", str(tmp_path / "out" / "experiment.yaml"))
        assert again["questions"] == found["questions"]
        kept = json.loads((tmp_path / "out" / "provenance.json").read_text())
        assert kept["result"]["claims"] == found["claims"]

    def test_the_table_holds_every_claim(self) -> None:
        said = done(
            "case", "bakery", "--table", "--seeds", "2", "--set", "market.people=60", "--days", "14"
        ).stdout
        case = load_experiment("bakery", kind="cases").case
        assert case is not None
        for claim in case.claims:
            assert f"| {claim.claim} |" in said
        assert said.count("\n") == len(case.claims) + 2

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["bakry"], "did you mean bakery?"),
            (["hotel"], "hotel is a scenario, not a case; use `amends run hotel`"),
            (["bakery", "--all"], "not both"),
            (["--all", "--out", "x"], "--out takes one case"),
        ],
    )
    def test_what_cannot_be_is_refused(self, arguments: list[str], message: str) -> None:
        result = call("case", *arguments)
        assert result.exit_code == 2
        assert message in result.stderr


BAD = [
    ("    - ask: x\n      levers: {base: none, full: fats, parts: {a: [fix], b: [delay]}}\n",
     "case names the policy fats, which must be one of the policies (none, fast); did you mean fast?"),
    ("    - ask: x\n      levers: {base: none, full: fast, parts: {a: [fixx], b: [delay]}}\n",
     "fixx is not a lever of the policy"),
    ("    - ask: x\n      levers: {base: none, full: fast, parts: {a: [ease], b: [delay]}}\n",
     "parts must name everything in which none and fast differ"),
    ("    - ask: x\n", "must come with just one of levers, curve, ways, order, contrasts, not none"),
    ("    - ask: x\n      curve: {policy: fast, key: policy.delay, values: [3, 2, 1]}\n",
     "values must be three or more, and rise"),
    ("    - ask: x\n      curve: {policy: fast, key: policy.dely, values: [1, 2, 3]}\n",
     "did you mean policy.delay?"),
    ("    - ask: x\n      contrasts: [{name: a, of: fast, than: none, outcome: reputatoin}]\n",
     "is not an outcome; did you mean reputation?"),
    ("    - ask: x\n      contrasts: [{name: a, of: fast, than_where: {days: 3}}]\n",
     "than_where sets what only a second policy has"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "message"), BAD)
def test_a_question_that_cannot_be_answered_is_told_at_its_place(
    question: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "scenario: bakery\npolicies: [none, fast]\nseeds: 2\nset: {market.people: 60, days: 14}\n"
        f"case:\n  title: t\n  story: [s]\n  invented: all is invented\n  questions:\n{question}"
    )
    result = call("case", str(file))
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_an_experiment_that_tells_no_story_is_no_case(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("scenario: bakery\npolicies: [none, fast]\n")
    result = call("case", str(file))
    assert result.exit_code == 2
    assert "has no section `case`" in result.stderr


def test_a_table_of_claims_has_a_row_each() -> None:
    claim = Claim.model_validate({"claim": "a | b", "of": "the numbers", "untested": "why"})
    text = claims_table([Judged(claim, "bakery", (), ASSUMPTIONS)])
    assert text.splitlines()[2].startswith("| a \\| b | the numbers | – | why | **not tried** |")
