"""JSON Schema (draft 2020-12) of the files that users write, made from the parameters."""

from collections.abc import Callable
from typing import Any

from experiments.experiment_file import ExperimentFile
from experiments.outcomes import MEASURES
from sim.parameters import Section
from sim.policy import Policy
from sim.scenario import Scenario

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _of(section: type[Section], title: str) -> dict[str, Any]:
    schema = {"$schema": DRAFT, **section.model_json_schema(), "title": title}
    for part in (schema, *schema.get("$defs", {}).values()):
        for field in part.get("properties", {}).values():
            _say_unit(field)
    return schema


def _say_unit(field: dict[str, Any]) -> None:
    """Put the unit into the description, which is what editors show."""
    unit = field.get("unit")
    if unit and unit not in ("name", "path", "text", "yes or no"):
        field["description"] += f" [{unit}]"


def _or_name(what: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the schema of a policy that may also be named, or written in a file of its own."""
    return {
        "description": f"a policy: a shipped name, a path from the {where}'s folder, or its levers",
        "anyOf": [{"type": "string", "minLength": 1}, what],
    }


def _scenario() -> dict[str, Any]:
    schema = _of(Scenario, "amends scenario")
    levers = {"$ref": "#/$defs/Policy"}
    schema["properties"]["policy"] = _or_name(levers, "scenario")
    schema["$defs"]["PolicyChange"]["properties"]["policy"] = _or_name(levers, "scenario")
    return schema


def _policy() -> dict[str, Any]:
    schema = _of(Policy, "amends policy")
    name = Scenario.model_json_schema()["properties"]["policy_name"]
    described = f"{name['description']}; the name of the file unless given"
    title = {"type": "string", "title": "Name", "description": described}
    schema["properties"] = {"name": title, **schema["properties"]}
    return schema


def _experiment() -> dict[str, Any]:
    schema = _of(ExperimentFile, "amends experiment")
    policies, outcomes = (schema["properties"][key] for key in ("policies", "outcomes"))
    policies.update(items=_or_name(policies["items"], "experiment"), minItems=1)
    outcomes.update(items={"enum": list(MEASURES)}, minItems=1)
    return schema


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "scenario": _scenario,
    "policy": _policy,
    "experiment": _experiment,
}


def schema(kind: str) -> dict[str, Any]:
    """Return the schema of a `scenario`, a `policy` or an `experiment`.

    Descriptions, bounds, defaults, and beside each parameter its `unit`, `source` and how `sure`
    its default is.
    """
    return SCHEMAS[kind]()
