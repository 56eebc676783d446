"""The configuration files that come with the program, and one's own."""

import functools
import os
import shlex
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sim.errors import InputError, Place, Problem, cut, nearest
from sim.reading import named, read_document

_SINGULAR = {
    "scenarios": "scenario",
    "policies": "policy",
    "experiments": "experiment",
    "histories": "history",
    "cases": "case",
}
_COMMANDS = {
    "scenarios": "amends run {}",
    "policies": "amends run bakery --policy {}",
    "experiments": "amends compare {}",
    "histories": "amends customer {}",
    "cases": "amends case {}",
}


def shipped(kind: str) -> dict[str, Path]:
    """Return the files that come with the program, by name.

    Parameters
    ----------
    kind
        `scenarios`, `policies`, `experiments`, `histories` or `cases`.
    """
    package = Path(__file__).resolve().parent
    inside = package / "configs"  # where an installed wheel has them
    folder = (inside if inside.is_dir() else package.parent / "configs") / kind
    return {path.stem: path for path in sorted(folder.glob("*.yaml"), key=lambda path: path.stem)}


def locate(kind: str, name: str | os.PathLike[str], place: Place, key: str | None = None) -> str:
    """Return the path of a shipped file by its name, or of one's own by its path.

    What holds a slash or ends in `.yaml` or `.yml` is a path, relative to the folder of `place`;
    anything else is the name of a shipped file. `key` is what was set to it, where that is not
    simply the scenario, policy or experiment.

    Raises
    ------
    InputError
        If no shipped file has that name, the path of one is given where there is none, or what
        has that name or path is of another kind.
    """
    text = os.fspath(name)
    given = f"{key or _SINGULAR[kind]} = {cut(text)}"
    files = shipped(kind)
    path = os.path.normpath(os.path.join(place.folder, text))
    if not isinstance(name, str) or "/" in text or os.sep in text or _is_yaml(text):
        stem = Path(text).stem
        if stem in files and not os.path.lexists(path):
            hint = f"the shipped {_SINGULAR[kind]} goes by its name alone, {stem}"
            raise InputError(Problem(place, f"{given} does not exist; {hint}"))
        _refuse_another_kind(kind, text, path, place, given)
        return path
    if text in files:
        return str(files[text])
    other = next((each for each in _SINGULAR if text in shipped(each)), None)
    if other and not os.path.exists(path):
        raise InputError(Problem(place, f"{given} is {_instead(kind, other, text)}"))
    meant = nearest(text, files)
    hint = f"; did you mean {meant}?" if meant else ""
    if os.path.exists(path):
        hint = f"; write ./{cut(text)} for what is here under that name"
    raise InputError(
        Problem(
            place,
            f"{given} is not among the shipped {kind}{hint} "
            f"(there are {', '.join(files)}; one of your own goes by its path, such as ./my.yaml)",
        )
    )


def _is_yaml(text: str) -> bool:
    return text.lower().endswith((".yaml", ".yml"))


def _refuse_another_kind(kind: str, text: str, path: str, place: Place, given: str) -> None:
    """Say so if a file is of another kind than the one asked for; other faults are for later."""
    if not os.path.isfile(path):  # a pipe, too: it can be read only once
        return
    keys: Iterable[str] = ()
    with suppress(InputError):
        keys = read_document(path).data
    other = another_kind(kind, keys)
    if other is None:
        return
    name = text if place.folder == "." else named(path)
    if "/" not in name and os.sep not in name and not _is_yaml(name):
        name = f"./{name}"
    said = f"looks like {_instead(kind, other, name)}"
    if place.source:
        raise InputError(Problem(place, f"{given} {said}"))
    raise InputError(Problem(Place(named(path)), f"this {said}"))


def _instead(kind: str, other: str, name: str) -> str:
    """Return what something is, what it is not, and the command that takes it."""
    command = _COMMANDS[other]
    if (kind, other) == ("experiments", "scenarios"):
        command = "amends compare bakery --set scenario={}"
    article = "an" if other == "experiments" else "a"
    wanted = f"{'an' if kind == 'experiments' else 'a'} {_SINGULAR[kind]}"
    return f"{article} {_SINGULAR[other]}, not {wanted}; use `{command.format(shlex.quote(name))}`"


def another_kind(kind: str, keys: Iterable[str]) -> str | None:
    """Return the kind of file that the keys at the top of a file show it to be, if not `kind`.

    That is the kind to which most of the keys belong; None where as many belong to `kind`. So a
    file whose every key belongs to `kind` is never taken for another, nor is one with a slip.

    >>> another_kind("scenarios", ["name", "apology", "fix"])
    'policies'
    """
    fitting = {each: len(known.intersection(keys)) for each, known in keys_of_kinds().items()}
    likeliest = max(fitting, key=lambda each: fitting[each])
    return likeliest if fitting[likeliest] > fitting[kind] else None


@functools.cache
def keys_of_kinds() -> dict[str, frozenset[str]]:
    """Return the keys, but for `name`, that may stand at the top of each kind of file."""
    # Only here, for these take time to load, and those who list the files need none of them.
    from sim.policy import Policy
    from sim.world import World

    world = frozenset(World.model_fields)
    experiment = {
        "scenario", "set", "policies", "baseline", "seeds", "outcomes", "design", "precision",
        "select_best", "sensitivity", "robust", "optimise", "break_even", "paradox",
        "case", "servqual",
    }  # fmt: skip
    run = {"days", "seed", "measure_every", "policy", "policy_name", "policy_changes"}
    market = {"market", "network", "referral", "money", "outages", "survey"}
    return {
        "scenarios": world | run,
        "policies": frozenset(Policy.model_fields),
        "experiments": frozenset(experiment),
        "cases": frozenset(experiment),  # a case is an experiment that tells its story
        "histories": (world - market) | {"customer", "events", "policy"},
    }
