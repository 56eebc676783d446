"""An experiment's file put together: what is set on top of it, its scenario, its policies' files."""

import os
from pathlib import Path
from typing import Any

from experiments.planning.experiment_file import ExperimentFile
from sim.errors import InputError, Problem, cut, nearest
from sim.reading import Document, Override, read_document, unreadable
from sim.scenario import Scenario, load_policy, load_scenario
from sim.shipped import locate
from sim.strict_yaml import Key, dotted

_DOTTED = ("grid", "zip", "list", "ranges", "fixed", "exclude", "levers", "costs")
"""Keys of a design, or of any other part with ranges, within which keys are dotted."""


class Assembly:
    """An experiment being put together from its file, what is set on top, and other files."""

    def __init__(
        self,
        document: Document,
        changes: list[Override],
        days: int | None,
        seed: int | None,
        network: str | os.PathLike[str] | None,
    ) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.days, self.seed, self.network = days, seed, network
        self.in_scenario: list[Override] = []
        for change in sorted(changes, key=lambda change: len(change.key)):
            self.attempt(self.assign, change)
        self.refuse_slips()
        self.open_policies()
        self.place_networks()

    def attempt(self, step: Any, *arguments: Any) -> Any:
        """Take a step; keep what is wrong with it for later, to be told in one go."""
        try:
            return step(*arguments)
        except InputError as error:
            self.problems += error.problems
            return None

    def assign(self, change: Override) -> None:
        """Set a key where it belongs: in the experiment, or in its scenario."""
        first = str(change.key[0])
        if first == "set" and len(change.key) > 1:
            self.in_scenario.append(change._replace(key=change.key[1:]))
        elif first in ExperimentFile.model_fields:
            self.document = self.document.overridden(self.joined(change))
        elif first in Scenario.model_fields:
            self.in_scenario.append(change)
        else:
            meant = nearest(first, [*ExperimentFile.model_fields, *Scenario.model_fields])
            hint = f"; did you mean {meant}?" if meant else ""
            text = f"{dotted(change.key)} is neither a key of an experiment nor of a scenario{hint}"
            raise InputError(Problem(change.places[()], text))

    def refuse_slips(self) -> None:
        """Take out keys that are much like one of an experiment, before they are looked for elsewhere."""
        for name in set(self.document.data) - set(ExperimentFile.model_fields):
            if meant := nearest(name, ExperimentFile.model_fields):
                text = f"is not a key of an experiment; did you mean {meant}?"
                self.problems.append(self.document.problem((name,), text))
                self.document = self.document.without((name,))

    def joined(self, change: Override) -> Override:
        """Return a change with the dotted keys of a design in one piece, as a file has them."""
        parts = change.key
        start = next((i + 1 for i, part in enumerate(parts) if i and part in _DOTTED), len(parts))
        while start < len(parts) and str(parts[start]).isdecimal():
            start += 1
        if start == len(parts):
            return change
        inside = self.document.value(_numbered(parts[:start]))
        names = [".".join(map(str, parts[start:end])) for end in range(len(parts), start, -1)]
        known = [name for name in names if isinstance(inside, dict) and name in inside]
        name = (known or names)[0]
        rest = parts[start + name.count(".") + 1 :]
        return change._replace(key=(*parts[:start], name, *rest))

    def open_policies(self) -> None:
        """Put the levers of every policy that is given by name or path in its place."""
        policies = self.document.value(("policies",))
        for i in range(len(policies) if isinstance(policies, list) else 0):
            key: Key = ("policies", i)
            value = self.document.value(key)
            if isinstance(value, str):
                opened = self.attempt(self.open_policy, key, value, {})
            elif isinstance(value, dict) and isinstance(value.get("like"), str):
                opened = self.attempt(self.open_policy, (*key, "like"), value["like"], value)
            else:
                continue
            if not opened:
                self.drop_policy(i)

    def open_policy(self, key: Key, name: str, levers: dict[str, Any]) -> bool:
        """Replace the policy named at `key` by its levers; those given beside it go before."""
        place = self.document.place(key)
        title, policy = load_policy(self.path("policies", key, name))
        whole = {"name": title, **policy.model_dump(), **levers}
        inner = {at[2:]: where for at, where in self.document.places.items() if at[:2] == key[:2]}
        opened = Override(key[:2], whole, {(): place, **inner})
        self.document = self.document.overridden(opened)
        return True

    def drop_policy(self, i: int) -> None:
        """Take out a policy that could not be read, so that the others are still checked."""
        entry = self.document.value(("policies", i))
        name = entry.get("name", "?") if isinstance(entry, dict) else Path(entry).stem
        stand_in = Override(
            ("policies", i), {"name": name}, {(): self.document.place(("policies", i))}
        )
        self.document = self.document.overridden(stand_in)

    def load_scenario(self) -> Scenario | None:
        name = self.document.value(("scenario",))
        if not isinstance(name, str):
            return None  # which `validate` will tell
        inside = self.document.value(("set",))
        given: dict[Key, Any] = {
            ("days",): self.days,
            ("seed",): self.seed,
            ("network", "file"): self.network,
        }
        # What an option of its own says goes before the experiment's `set`.
        own = [
            change
            for change in (self.document.overrides() if isinstance(inside, dict) else ())
            if given.get(change.key) is None
        ]
        changes = [
            change for change in (*own, *self.in_scenario) if self.attempt(self.acts, change)
        ]
        path = self.path("scenarios", ("scenario",), name)
        return load_scenario(path, changes, days=self.days, seed=self.seed, network=self.network)

    def path(self, kind: str, key: Key, name: str) -> Path:
        """Return the file named at `key`; that there is none is a problem of that line."""
        place = self.document.place(key)
        path = locate(kind, name, place, dotted(key))
        read_document(path, asked=Problem(place, f"{dotted(key)} = {cut(name)}"))
        return Path(path)

    def acts(self, change: Override) -> bool:
        """Refuse levers set in the scenario, whose policy no run of the experiment follows."""
        if (
            change.key[0] not in ("policy", "policy_name")
            or self.document.value(("policies",)) is None
        ):
            return True
        text = (
            f"{dotted(change.key)} has no effect here: an experiment follows its own policies; "
            "write policies: [{name: mine, like: fast, ease: 4}]"
        )
        raise InputError(Problem(change.places[()], text))

    def place_networks(self) -> None:
        """Make the paths of networks' files in a design absolute, and see that they are there."""
        for key in list(self.document.places):
            given = self.document.value(key)
            if key[0:1] != ("design",) or "network.file" not in key or not isinstance(given, str):
                continue
            path = self.document.file(key)
            if os.path.isfile(path):
                absolute = Override(key, path, {(): self.document.place(key)})
                self.document = self.document.overridden(absolute)
            else:
                folder = os.path.isdir(path)
                error = IsADirectoryError() if folder else FileNotFoundError()
                self.problems.append(self.document.problem(key, unreadable(path, error)))


def _numbered(key: Key) -> Key:
    """Return a key as given to `--set` with the numbers of entries as numbers."""
    return tuple(int(part) if str(part).isdecimal() else part for part in key)
