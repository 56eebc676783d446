"""JSON Schema (draft 2020-12) of the files that users write, made from the parameters."""

from collections.abc import Callable
from typing import Any

from experiments.outcomes import MEASURES
from experiments.planning.experiment_file import ExperimentFile
from experiments.sections.designs import KINDS
from experiments.sections.keys import key_schema
from experiments.sections.ranges import RANGE
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
    if unit and unit not in ("name", "path", "text", "section", "yes or no"):
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
    listed = policies.pop("anyOf")[0]
    policies.update(listed, items=_or_name(listed["items"], "experiment"), minItems=1)
    outcomes.update(items={"enum": list(MEASURES)}, minItems=1)
    _one_kind(schema["$defs"]["DesignSection"])
    common = {"Key": key_schema(), "Range": RANGE}
    schema = {key: _referring(each, common) for key, each in schema.items()}
    schema["$defs"].update({name: _referring(each, common, name) for name, each in common.items()})
    return schema


def _one_kind(design: dict[str, Any]) -> None:
    """Demand exactly one kind of a design, as its own check does."""
    for name, field in design["properties"].items():
        field.update(field.pop("anyOf")[0])  # the other is null, which is to leave it out
        del field["default"]
        if name == "nested":
            field["minItems"] = 2
    design["oneOf"] = [{"title": f"by {kind}", "required": [kind]} for kind in KINDS]


def _referring(node: Any, common: dict[str, Any], but: str = "") -> Any:
    """Return a schema in which what is common stands once, under its name."""
    for name, each in common.items():
        if name != but and node == each:
            return {"$ref": f"#/$defs/{name}"}
    if isinstance(node, dict):
        return {key: _referring(each, common) for key, each in node.items()}
    return [_referring(each, common) for each in node] if isinstance(node, list) else node


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
