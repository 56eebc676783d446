"""The schemas accept every file that comes with the program, and tell right from wrong."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from experiments.schemas import SCHEMAS, schema
from sim.shipped import shipped
from tests.calling import done

KINDS = {"scenario": "scenarios", "policy": "policies", "experiment": "experiments"}


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_valid_and_accept_every_shipped_file(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(kind))
    check = jsonschema.Draft202012Validator(schema(kind))
    files = shipped(KINDS[kind])
    assert files
    for path in files.values():
        check.validate(yaml.safe_load(path.read_text()))
    assert json.loads(done("schema", kind).stdout) == schema(kind)


WRONG: dict[str, list[Any]] = {
    "scenario": [{"markt": {}}, {"days": 0}, {"days": "x"}, {"policy": {"fix": 2}}, {"policy": 3}],
    "policy": [{"fix": 2}, {"fixx": 1}, {"name": 3}],
    "experiment": [
        {"policies": ["slow"]},
        {"scenario": "bakery", "policies": []},
        {"scenario": "bakery", "policies": ["slow"], "seeds": 0},
        {"scenario": "bakery", "policies": [{"name": "a", "fix": 2}]},
        *(
            {"scenario": "bakery", "design": design}
            for design in (
                {},
                3,
                {"gird": {"policy.delay": [1]}},
                {"grid": {}},
                {"grid": {"policy.delay": 1}},
                {"grid": {"policy.dely": [1]}},
                {"grid": {"seed": [1]}},
                {"grid": {"policy": ["a"]}},
                {"grid": {"policy.delay": [1]}, "zip": {"policy.fix": [1]}},
                {"fixed": {"policy.delay": 1}},
                {"list": []},
                {"nested": [{"list": [{"days": 3}]}]},
                {"lhs": {"ranges": {"policy.fix": [0, 1]}}},
                {"lhs": {"samples": 4}},
                {"lhs": {"samples": 0, "ranges": {"policy.fix": [0, 1]}}},
                {"lhs": {"samples": 4, "ranges": {"policy.fix": [0, 0.5, 1]}}},
                {"lhs": {"samples": 4, "ranges": {"policy.fix": {"bta": [2, 4]}}}},
            )
        ),
    ],
}
RIGHT: dict[str, list[Any]] = {
    "scenario": [
        {}, {"policy": "./mine.yaml"}, {"policy": {"fix": 1, "authority": None}},
        {"policy_changes": [{"day": 3, "policy": "slow"}, {"day": 5, "policy": {"delay": 1}}]},
        {"outages": [{"day": 3, "share": 0.5}]},
    ],
    "policy": [{}, {"name": "x", "fix": 0.5}],
    "experiment": [
        {"scenario": "bakery", "policies": ["slow", {"name": "x", "like": "slow", "ease": 4}]},
        {"scenario": "./a.yaml", "policies": ["a.yaml"], "seeds": [1, 5], "set": {"days": 3}},
        {"scenario": "bakery"},
        *({"scenario": "bakery", "design": design} for design in (
            {"grid": {"policy.delay": [0, 2], "network.kind": ["none", "complete"]},
             "fixed": {"policy.authority": None}, "exclude": [{"policy.delay": 0}]},
            {"zip": {"policy.delay": [0, 2], "outages.0.day": [1, 2]}},
            {"list": [{"talk.enabled": True}, {"talk.enabled": False}]},
            {"nested": [
                {"grid": {"policy.delay": [0, 2]}},
                {"sobol": {"samples": 4, "ranges": {
                    "service.failure_probability": [0.01, 0.08],
                    "talk.half_life": {"normal": [7, 2], "low": 1},
                    "network.kind": {"choice": ["none", "complete"]}}}}]},
        )),
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_tell_right_from_wrong(kind: str) -> None:
    check = jsonschema.Draft202012Validator(schema(kind))
    for right in RIGHT[kind]:
        check.validate(right)
    for wrong in WRONG[kind]:
        assert not check.is_valid(wrong), wrong


def test_schemas_say_meaning_unit_and_default() -> None:
    days = schema("scenario")["properties"]["days"]
    assert days["description"] == "how long it runs [days]"
    assert (days["default"], days["unit"], days["minimum"]) == (365, "days", 1)
    for kind in SCHEMAS:
        for part in (schema(kind), *schema(kind).get("$defs", {}).values()):
            for name, field in part.get("properties", {}).items():
                assert field.get("description") or "$ref" in field or field["type"] == "array", name


def test_schemas_are_written_to_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done("schema", "--out", "schemas")
    for kind in SCHEMAS:
        assert json.loads(Path(f"schemas/{kind}.schema.json").read_text()) == schema(kind)
    assert set(json.loads(done("schema").stdout)) == set(SCHEMAS)
