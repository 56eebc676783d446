"""SERVQUAL: gaps of a survey as inputs of an experiment."""

import math
from pathlib import Path

import jsonschema
import pytest
import yaml
from calling import call

from experiments.cases.page import surveyed
from experiments.design import Experiment, load_experiment
from experiments.planning.surveyed import Moved
from experiments.schemas import schema
from experiments.sections.keys import parameter_of
from experiments.sections.servqual import Servqual, mapping
from sim.errors import InputError
from sim.reading import Override
from sim.shipped import shipped

HEAD = """name: surveyed
scenario: bakery
set: {service.failure_probability: 0.05}
policies:
  - {name: today, delay: 4, fix: 0.7, empathy: 0.5}
  - {name: tomorrow, delay: 1, fix: 0.9, empathy: 0.9}
seeds: 2
"""


def loaded(tmp_path: Path, servqual: str, *changes: str | Override) -> Experiment:
    """Return an experiment with a section `servqual`."""
    file = tmp_path / "mine.yaml"
    file.write_text(HEAD + (f"servqual: {servqual}\n" if servqual else ""))
    return load_experiment(file, changes)


class TestGaps:
    def test_a_gap_of_0_leaves_the_file_as_it_is_to_the_bit(self, tmp_path: Path) -> None:
        plain = loaded(tmp_path, "")
        surveyed = loaded(tmp_path, "{reliability: 0, responsiveness: 0.0, tangibles: 0}")
        assert surveyed == plain and surveyed.resolved() == plain.resolved()
        assert surveyed.survey is not None and surveyed.survey.moved == ()
        assert plain.survey is None

    def test_each_gap_moves_what_the_mapping_says(self, tmp_path: Path) -> None:
        text = "{reliability: -1, responsiveness: 2, assurance: -2, empathy: 1.5, tangibles: -3}"
        made = loaded(tmp_path, text)
        today = made.policies["today"]
        assert made.scenario.service.failure_probability == 0.05 * math.exp(0.25)
        assert today.delay == 4 * math.exp(-0.5)
        assert today.fix == 0.7 - 2 * 0.05
        assert today.empathy == 0.5 + 1.5 * 0.08
        assert made.scenario.service.quality == -3 * 0.05
        # Everything else is the file's: the other policy, and levers that no gap moves.
        plain = loaded(tmp_path, "")
        assert made.policies["tomorrow"] == plain.policies["tomorrow"]
        moved = {"delay", "fix", "empathy"}
        assert today.model_dump(exclude=moved) == plain.policies["today"].model_dump(exclude=moved)
        assert made.survey is not None
        assert made.survey.moved[0] == Moved(
            "reliability", -1.0, "service.failure_probability", 0.05, 0.05 * math.exp(0.25)
        )

    @pytest.mark.parametrize("gap", [-6, -2.5, 2.5, 6])
    def test_a_worse_gap_is_never_better_and_stays_within_bounds(
        self, gap: float, tmp_path: Path
    ) -> None:
        for each in Servqual.model_fields:
            if each in ("policy", "mapping"):
                continue
            (moved,) = _moved(loaded(tmp_path, f"{{{each}: {gap}}}"))
            low, high = parameter_of(moved.key).bounds
            assert low <= moved.after <= high
            worse_is_more = moved.key in ("service.failure_probability", "policy.delay")
            assert (moved.after > moved.before) == ((gap < 0) == worse_is_more)

    def test_held_at_the_bound_of_the_key(self, tmp_path: Path) -> None:
        made = loaded(tmp_path, "{assurance: 6, policy: tomorrow}")
        assert made.policies["tomorrow"].fix == 1.0
        assert made.policies["today"].fix == 0.7

    def test_a_desk_with_agents_is_moved_by_its_handling_time(self, tmp_path: Path) -> None:
        made = loaded(
            tmp_path, "{responsiveness: -1}",
            "policies.0.agents=2", "policies.0.handling_hours=3",
        )  # fmt: skip
        assert made.policies["today"].delay == 4
        assert made.policies["today"].handling_hours == 3 * math.exp(0.25)

    def test_a_mapping_of_ones_own_stands_in_place_of_the_default(self, tmp_path: Path) -> None:
        text = (
            "{empathy: 2, reliability: -2, mapping: ["
            "{dimension: empathy, key: policy.apology, form: linear, per_point: 0.1},"
            "{dimension: empathy, key: policy.apology, form: log, per_point: -0.5},"
            "{dimension: reliability, key: service.severity_a, form: log, per_point: 0.25}]}"
        )
        made = loaded(tmp_path, text)
        assert made.policies["today"].apology == pytest.approx(0.2 * math.e)
        assert made.policies["today"].empathy == 0.5
        assert made.scenario.service.severity_a == 2 * math.exp(0.5)
        assert made.scenario.service.failure_probability == 0.05

    def test_what_is_set_on_top_goes_before_the_gaps(self, tmp_path: Path) -> None:
        made = loaded(
            tmp_path, "{reliability: -1}", "service.failure_probability=0.1",
            "servqual.reliability=-2",
        )  # fmt: skip
        assert made.scenario.service.failure_probability == 0.1 * math.exp(0.5)

    def test_a_file_that_is_written_holds_them_once(self, tmp_path: Path) -> None:
        made = loaded(tmp_path, "{reliability: -1, empathy: -2}")
        (tmp_path / "scenario.yaml").write_text(made.scenario.to_yaml())
        (tmp_path / "again.yaml").write_text(made.to_yaml("./scenario.yaml"))
        assert load_experiment(tmp_path / "again.yaml") == made

    def test_the_page_tells_what_was_moved(self, tmp_path: Path) -> None:
        told, table = surveyed(loaded(tmp_path, "{reliability: -1, empathy: 1}"))
        assert "describes today" in told
        assert "| reliability | -1 | service.failure\\_probability | 0.05 | 0.0642 |" in table
        assert "| empathy | +1 | policy.empathy | 0.5 | 0.580 |" in table
        assert surveyed(loaded(tmp_path, "")) == []


def _moved(experiment: Experiment) -> tuple[Moved, ...]:
    assert experiment.survey is not None
    return experiment.survey.moved


def test_the_default_mapping_has_something_for_every_dimension() -> None:
    named = {each.dimension for each in mapping()}
    assert named == set(Servqual.model_fields) - {"policy", "mapping"}


REFUSED = [
    ("{reliability: -7}", "8: servqual.reliability = -7 must be at least -6 (points of 7)"),
    ("{empathy: many}", "servqual.empathy = many must be a number from -6 to 6"),
    ("{empathie: 1}", "servqual.empathie = 1 is not a key of servqual; did you mean empathy?"),
    ("{policy: tody, empathy: 1}",
     "servqual.policy = tody must be one of the policies (today, tomorrow); did you mean today?"),
    ("{tangibles: 1, mapping: []}",
     "servqual.tangibles = 1 moves nothing: the mapping has no entry for it; add one"),
    ("{empathy: 1, mapping: [{dimension: empathy, key: policy.apology, form: log, per_point: 1}]}",
     'servqual.empathy = 1 moves nothing in "today": policy.apology is 0, and so is every share of it'),
    ("{empathy: 1, mapping: [{dimension: empathy, key: policy.authority, form: log, per_point: 1}]}",
     "policy.authority is empty"),
    ("{empathy: 1, mapping: [{dimension: empathy, key: policy.handling_hours, form: log, per_point: 1}]}",
     "policy.handling_hours does not act with agents = 0"),
    ("{mapping: [{dimension: empathy, key: policy.empaty, form: log, per_point: 1}]}",
     "servqual.mapping.0.key = policy.empaty is not a key of world or policy; did you mean "
     "policy.empathy?"),
    ("{mapping: [{dimension: empathy, key: policy.agents, form: log, per_point: 1}]}",
     "servqual.mapping.0.key = policy.agents takes whole numbers or words alone"),
    ("{mapping: [{dimension: emphasy, key: policy.fix, form: log, per_point: 1}]}",
     "must be one of reliability, responsiveness, assurance, empathy, tangibles; did you mean empathy?"),
    ("{mapping: [{dimension: empathy, key: policy.fix, form: cubic, per_point: 1}]}",
     "servqual.mapping.0.form = cubic must be one of log, linear"),
    ("{mapping: [{dimension: empathy, key: policy.fix, form: log, per_point: 1000}]}",
     "servqual.mapping.0.per_point = 1000 must be at most 100 (per point)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_cannot_be_is_refused_at_its_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        loaded(tmp_path, text)
    (problem,) = refused.value.problems
    assert message in f"{problem.place.line}: {problem.text}"
    assert problem.place.line == 8
    assert problem.place.source.endswith("mine.yaml")


def test_refused_on_the_command_line_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(HEAD + "servqual: {reliability: 9}\n")
    result = call("compare", str(tmp_path / "mine.yaml"))
    assert result.exit_code == 2
    assert "must be at most 6" in result.stderr and "Traceback" not in result.stderr


def test_the_schema_knows_the_section() -> None:
    check = jsonschema.Draft202012Validator(schema("experiment"))
    base = {"scenario": "bakery"}
    entry = {"dimension": "empathy", "key": "policy.fix", "form": "log", "per_point": 1}
    check.validate({**base, "servqual": {"reliability": -1, "mapping": [entry]}})
    for wrong in (
        {"reliability": -7}, {"reliabilty": 1}, {"mapping": [{**entry, "form": "x"}]},
        {"mapping": [{**entry, "key": "policy.fixx"}]}, {"mapping": [{"key": "policy.fix"}]},
    ):  # fmt: skip
        assert not check.is_valid({**base, "servqual": wrong}), wrong


def test_the_grand_hotel_is_put_in_as_a_survey() -> None:
    file = shipped("cases")["grand-hotel"]
    given = yaml.safe_load(file.read_text())["servqual"]
    assert set(given) == set(Servqual.model_fields) - {"mapping"}
    hotel = load_experiment("grand-hotel", kind="cases")
    assert {each.dimension: each.gap for each in _moved(hotel)} == {
        name: gap for name, gap in given.items() if name != "policy"
    }
    expected = load_experiment(
        "grand-hotel", [f"servqual.{name}=0" for name in given if name != "policy"], kind="cases"
    )
    assert _moved(expected) == ()
    assert hotel.policies["today"].delay > expected.policies["today"].delay
    assert hotel.policies["five steps"] == expected.policies["five steps"]
    assert (
        hotel.scenario.service.failure_probability > expected.scenario.service.failure_probability
    )
