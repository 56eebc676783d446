"""What a folder of results is of: the experiment, resolved, and the versions that made it.

The manifest is sealed with its own SHA-256. Results are also readable without it, and each results
file names the model's version and the scenario's fingerprint once more, so that a lost manifest
loses nothing: the same sweep, started again, writes it anew.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.design import Experiment
from experiments.outcomes import MEASURES
from experiments.output import json_text, versions
from experiments.storage import durable
from experiments.storage.batches import SCHEMA
from experiments.storage.durable import Damaged
from experiments.version import version
from sim.compiled import model_version
from sim.errors import InputError
from sim.policy import Policy
from sim.scenario import Scenario

NAME = "manifest.json"
SEAL = "sha256"


def sealed(record: Mapping[str, Any]) -> bytes:
    """Return a record as JSON that holds its own SHA-256."""
    text = json_text({**record, SEAL: ""})
    return _with_seal(text, "", hashlib.sha256(text.encode()).hexdigest()).encode()


def unsealed(path: Path) -> dict[str, Any]:
    """Return a record that was written by `sealed`.

    Raises
    ------
    Damaged
        If it is not what was written.
    FileNotFoundError
        If it is not there.
    """
    data = durable.load(path)
    try:
        text = data.decode()
        record: dict[str, Any] = json.loads(text)
        seal = record.pop(SEAL)
        good = seal == hashlib.sha256(_with_seal(text, seal, "").encode()).hexdigest()
    except (ValueError, KeyError, AttributeError, TypeError):
        good = False
    if not good:
        raise Damaged("is no longer what was written")
    return record


def _with_seal(text: str, old: str, new: str) -> str:
    """Return the text of a record, whose last entry is its seal, with another seal."""
    before, found, after = text.rpartition(f'"{SEAL}": "{old}"')
    if not found:
        raise ValueError("there is no seal")
    return f'{before}"{SEAL}": "{new}"{after}'


def manifest_of(
    experiment: Experiment, keys: Sequence[str], customer: str | None, planned: int
) -> dict[str, Any]:
    """Return the manifest of a folder that begins with this experiment."""
    record = {
        "schema": SCHEMA,
        "experiment": experiment.resolved(),
        "keys": list(keys),
        "customer": customer,
        "planned": planned,
        "beside": 0,
        "versions": versions(),
        "outcomes": {
            name: {"unit": measure.unit, "meaning": measure.meaning}
            for name, measure in MEASURES.items()
        },
        "files": [],
    }
    made: dict[str, Any] = json.loads(json_text(record))
    return made


def base(manifest: Mapping[str, Any]) -> str:
    """Return the fingerprint of what all runs of a folder have in common."""
    shared = [_world(manifest), sorted(manifest["keys"]), manifest["customer"]]
    return hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).hexdigest()[:16]


def _world(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scenario without what differs from run to run."""
    varying = ("seed", "policy", "policy_name")
    scenario = manifest["experiment"]["scenario"]
    return {key: value for key, value in scenario.items() if key not in varying}


def experiment_of(manifest: Mapping[str, Any]) -> Experiment:
    """Return the experiment of a manifest: enough of it to do any of its runs once more."""
    kept = manifest["experiment"]
    return Experiment(
        name=kept["name"],
        scenario=Scenario.model_validate_json(json.dumps(kept["scenario"])),
        policies={
            name: Policy.model_validate_json(json.dumps(levers))
            for name, levers in kept["policies"].items()
        },
        baseline=kept["baseline"],
        seeds=tuple(kept["seeds"]),
        outcomes=tuple(kept["outcomes"]),
    )


def joined(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    folder: Path,
    other: str = "this sweep",
    remedy: str = "choose another folder",
) -> dict[str, Any]:
    """Return the manifest of a folder in which an experiment goes on: more worlds, points, policies.

    Parameters
    ----------
    old, new
        Manifests of what is there and of what comes to it.
    folder, other
        How to call the two, should they not belong together.
    remedy
        What to do then.

    Raises
    ------
    InputError
        If the results of both would not fit into one table.
    """
    for difference in _differences(old, new, other):
        raise InputError(f"{folder} holds {difference}: {remedy}")
    earlier, later = old["experiment"], new["experiment"]
    worlds = sorted({*earlier["seeds"], *later["seeds"]})
    policies = {**earlier["policies"], **later["policies"]}
    return {
        **old,
        "experiment": {**later, "seeds": worlds, "policies": policies},
        "planned": max(old["planned"], new["planned"]),
    }


def check_layout(manifest: Mapping[str, Any], folder: Path) -> None:
    """Refuse results that another version of amends laid out otherwise."""
    if manifest["schema"] != SCHEMA:
        raise InputError(
            f"{folder} has the layout {manifest['schema']} of results, and this version of amends "
            f"({version()}) reads layout {SCHEMA}: read it with the version that wrote it "
            f"({manifest['versions']['amends']})"
        )


def check_model(manifest: Mapping[str, Any], folder: Path) -> None:
    """Refuse to go on with results of another version of the model."""
    theirs, ours = manifest["versions"], model_version()
    if theirs["model"] != ours:
        raise InputError(
            f"{folder} holds results of model version {theirs['model']} (amends "
            f"{theirs['amends']}), and this is model version {ours} (amends {version()}); results "
            "of two models are not mixed: choose another folder, or go on with the version that "
            "wrote it"
        )


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], other: str) -> Iterator[str]:
    """Find out, in words, why the results of two sweeps do not fit into one table."""
    one, two = old["experiment"]["name"], new["experiment"]["name"]
    if one != two:
        yield f"runs of the experiment {one}, and {other} has those of {two}"
    if sorted(old["keys"]) != sorted(new["keys"]):
        yield (
            f"a design that varies {_listed(old['keys'])}, and {other} varies "
            f"{_listed(new['keys'])}"
        )
    if old["customer"] != new["customer"]:
        model = "the model"
        yield (
            f"runs with customers of {old['customer'] or model}, and {other} has customers of "
            f"{new['customer'] or model}"
        )
    change = _first_change(_world(old), _world(new), other)
    if change:
        yield f"runs of another scenario, with {change}"
    theirs, ours = old["experiment"]["policies"], new["experiment"]["policies"]
    for name in theirs.keys() & ours.keys():
        change = _first_change(theirs[name], ours[name], other)
        if change:
            yield f"another policy of the name {name}, with {change}"


def _first_change(old: Any, new: Any, other: str, key: str = "") -> str | None:
    """Return the first key in which two records differ, and both values."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for part in sorted({*old, *new}):
            inner = f"{key}.{part}" if key else part
            change = _first_change(old.get(part), new.get(part), other, inner)
            if change:
                return change
        return None
    return None if old == new else f"{key} = {_shown(old)} where {other} has {_shown(new)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(sorted(keys)) if keys else "nothing"
