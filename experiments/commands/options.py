"""What the commands have in common: options, and what is said on stderr along the way."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from experiments.design import Experiment
    from experiments.methods.samples import Perform
    from experiments.output import ResultsFolder
    from experiments.planning.plan import Plan
    from sim.network import Network
    from sim.scenario import Scenario

Function = TypeVar("Function", bound=Callable[..., Any])

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Write JSON, and nothing else, to standard output."
)
seed_option = click.option("--seed", type=int, help="The luck of the run; the first of several.")
set_option = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="Set any key of the file, e.g. --set policy.delay=2. Can be given many times.",
)  # fmt: skip
out_option = click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR",
    help="Write a results folder. An earlier, untouched result of this command there is replaced.",
)  # fmt: skip
network_option = click.option(
    "--network", metavar="FILE", type=click.Path(),
    help="Friendships to read from a file: edge list, csv, GraphML or GEXF.",
)  # fmt: skip
days_option = click.option("--days", type=int, help="How many days to run.")
seeds_option = click.option(
    "--seeds", type=int, help="How many worlds; more make the intervals narrower."
)
workers_option = click.option(
    "--workers", type=click.IntRange(1), help="Threads; all processors by default."
)
runs_option = click.option(
    "--runs", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Keep the runs in this folder, as `amends sweep` does; those there are not run again.",
)  # fmt: skip


def out_folder(
    out: Path | None, command: str
) -> "AbstractContextManager[ResultsFolder] | nullcontext[None]":
    """Open the results folder that `--out` names, if it names one."""
    if out is None:
        return nullcontext()
    from experiments.output import results_folder

    return results_folder(out, command)


def written(folder: "ResultsFolder", out: Path) -> None:
    """Say on stderr what was put where."""
    what = "Replaced the earlier result in" if folder.replaced else "Results are in"
    click.echo(f"{what} {out}", err=True)


def print_json(value: Any) -> None:
    """Write `value` to stdout as strict JSON."""
    from experiments.output import json_text

    click.echo(json_text(value), nl=False)


def announce_compilation() -> None:
    """Say that the first run takes longer, if no compiled kernels of this model are kept yet."""
    from sim.compiled import cache_folder

    if not any(Path(cache_folder()).rglob("day.live_until*")):
        click.echo(
            "Compiling the model for this machine: once, for half a minute or so ...", err=True
        )


def network_aloud() -> "Callable[[Scenario], Network]":
    """Return what makes the network of a scenario and says on stderr, once, what was done to it."""
    from sim.run import network_of

    said: set[str] = set()

    def made(scenario: "Scenario") -> "Network":
        network = network_of(scenario)
        for note in network.notes:
            if note not in said:
                said.add(note)
                click.echo(note, err=True)
        return network

    return made


def tell_ignored(scenario: "Scenario", settings: Iterable[str]) -> None:
    """Say on stderr which settings do nothing, since the network's file decides."""
    from experiments.networks import ignored, named
    from sim.reading import parse_override

    for key in ignored(scenario, (parse_override(setting).key for setting in settings)):
        click.echo(f"{key} has no effect: people and ties are those of {named(scenario)}", err=True)


def experiment_of(
    name: str, asked: Mapping[str, Any], settings: Iterable[str], days: int | None,
    seed: int | None, network: str | None,
) -> "Experiment":  # fmt: skip
    """Load an experiment for an analysis, which runs all in the same worlds.

    What is `asked` by options of their own is set last, where not None.
    """
    from experiments.design import load_experiment
    from experiments.methods.stopping import refuse_rules
    from sim.reading import assigned, parse_override

    changes = [parse_override(setting) for setting in settings]
    for key, value in asked.items():
        if value is not None:
            option = f"--{key.rpartition('.')[2].replace('_', '-')}"
            said = " ".join(f"{each:g}" for each in value) if isinstance(value, list) else value
            changes.append(assigned(key, value, f"{option} {said}"))
    chosen = load_experiment(name, changes, days=days, seed=seed, network=network)
    refuse_rules(chosen)
    tell_ignored(chosen.scenario, settings)
    return chosen


@contextmanager
def performing(
    folder: Path | None, workers: int | None, total: int | None = None
) -> "Iterator[Perform]":
    """Return what does the runs of an analysis, kept in a folder if one is given, and shows how far.

    Once interrupted, what was done stays in the folder. With `total`, the runs of all plans
    together, the bar counts through; else it begins anew with each plan.
    """
    from experiments.sweep import sweep

    announce_compilation()
    network_of = network_aloud()
    before = 0
    with progress("runs") as advance:

        def perform(plan: "Plan") -> Any:
            nonlocal before
            start, before = before, before + len(plan)
            shown = advance
            if advance is not None and total is not None:
                shown = lambda done, _: advance(start + done, total)  # noqa: E731
            swept = sweep(plan, folder, workers=workers, progress=shown, network_of=network_of)
            return swept.results.runs

        yield perform


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show on stderr how far many runs have come; nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
