"""The configuration files that come with the program, and one's own."""

import os
from pathlib import Path

from sim.errors import InputError, Place, Problem, cut, nearest

_SINGULAR = {
    "scenarios": "scenario",
    "policies": "policy",
    "experiments": "experiment",
    "histories": "history",
}


def shipped(kind: str) -> dict[str, Path]:
    """Return the files that come with the program, by name.

    Parameters
    ----------
    kind
        `scenarios`, `policies`, `experiments` or `histories`.
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
        If no shipped file has that name, or the path of one is given where there is none.
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
        return path
    if text in files:
        return str(files[text])
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
