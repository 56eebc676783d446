"""`amends replicate`: published models of word of mouth, held against their values."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from experiments.commands import options
from sim.errors import InputError, nearest
from sim.reading import Document, parse_override
from sim.strict_yaml import dotted

JSON = ("model", "source", "parameters", "runs", "seed", "verdict")
"""The keys that every model has in the JSON, beside its measures."""

VERDICT = (
    "measure", "statistic", "published", "ours", "single_low", "single_high", "holds",
)  # fmt: skip
"""The keys of a verdict in the JSON."""

REGRESSION = ("model", "cells", "runs", "seed", "r_squared", "coefficients")
"""The keys of a regression in the JSON."""

GRID = "talk-of-the-network"


@click.command("replicate")
@click.argument("name", required=False)
@click.option("--runs", type=click.IntRange(1), help="How many runs; as published unless given.")
@click.option("--workers", type=click.IntRange(1), help="Threads; all processors by default.")
@click.option(
    "--regression", is_flag=True,
    help="talk-of-the-network: regress the time to 95% on its five parameters over 3^5 cells.",
)  # fmt: skip
@options.seed_option
@options.set_option
@options.out_option
@options.json_option
def command(
    name: str | None, runs: int | None, workers: int | None, regression: bool, seed: int | None,
    settings: tuple[str, ...], out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Rebuild published models of word of mouth.

    Each is a small model on the same parts as amends itself (keyed draws, groups and weak ties,
    kernels). Without a NAME all are held against their published values; with a NAME one is, or is
    run with values of your own.

    \b
    Models:
      talk-of-the-network   s, w, a, bw, bs, people
                            Goldenberg, Libai & Muller 2001
      bad-news              d, m, qs, qw, people, steps
                            Goldenberg et al. 2007, as in Dawid et al. 2025
      bass                  p, q
                            Bass 1969

    \b
    Examples:
      amends replicate
      amends replicate talk-of-the-network --set s=29 --set w=5 --runs 30
      amends replicate bad-news --set d=0.3 --set runs=50 --json
      amends replicate talk-of-the-network --regression

    With --out, the folder holds each run (runs), where the published values lie among them
    (replicas.png, .svg), and a page (report.md).

    A published single run is met if it is one that ours could have given; a published mean or median
    has to be met within a few per cent.
    """
    from experiments.laboratory.replicate import REPLICAS

    model = None if name is None else _model(name, REPLICAS)
    seed = 1 if seed is None else seed
    if regression:
        if out is not None:
            raise InputError(
                "--out keeps runs, of which --regression has none; leave out one of them"
            )
        _regress(model, runs, seed, workers, settings, as_json)
        return
    if model is None and settings:
        raise InputError("--set needs the NAME of the model whose parameter it is")
    with options.out_folder(out, "replicate") as folder:
        if model is None or not (settings or as_json):
            models = REPLICAS.values() if model is None else [model]
            found, judged = _judge(models, runs, seed, workers, as_json)
        else:
            found, judged = _one(model, runs, seed, workers, settings, as_json)
        if folder is not None:
            from experiments.laboratory.replicate_report import write

            write(folder, found, judged)
    if folder is not None and out is not None:
        options.written(folder, out)


def _one(
    model: Any, runs: int | None, seed: int, workers: int | None, settings: tuple[str, ...],
    as_json: bool,
) -> tuple[list[Any], list[Any]]:  # fmt: skip
    """Run a model as set, tell what came of it, and return it with its verdict."""
    from experiments.laboratory.replicate import replicate
    from experiments.laboratory.replicate_report import show_replication

    given, more = _settings(model.parameters, settings)
    with options.progress("runs") as advance:
        count = runs or more or model.runs
        done = replicate(model, given, count, seed, workers, advance)
    options.print_json(done.to_json()) if as_json else show_replication(done)
    return [done], [done.verdict] if done.verdict is not None else []


def _model(name: str, replicas: Mapping[str, Any]) -> Any:
    """Return the model of that name."""
    if name not in replicas:
        meant = nearest(name, replicas)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(replicas)}"
        raise InputError(f"NAME = {name} is no published model; {hint}")
    return replicas[name]


def _judge(
    models: Iterable[Any], runs: int | None, seed: int, workers: int | None, as_json: bool
) -> tuple[list[Any], list[Any]]:
    """Hold models against their values, tell the verdicts, and return them with their runs."""
    from experiments.laboratory.replicate import verdicts
    from experiments.laboratory.replicate_report import show_verdicts

    judged = [each for model in models for each in verdicts(model, runs, seed, workers)]
    if as_json:
        options.print_json([each.replication.to_json() for each in judged])
    else:
        show_verdicts(judged)
    return [each.replication for each in judged], judged


def _regress(
    model: Any, runs: int | None, seed: int, workers: int | None, settings: tuple[str, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """Tell the regression over the grid."""
    from experiments.laboratory.replicate import REPLICAS
    from experiments.laboratory.replicate_grid import LEVELS, regression
    from experiments.laboratory.replicate_report import show_regression

    if model is not None and model.name != GRID:
        raise InputError(f"--regression is of {GRID}, and not of {model.name}")
    for key in (parse_override(setting).key for setting in settings):
        if key[0] in LEVELS:
            raise InputError(f"--set {key[0]}: the regression itself varies {', '.join(LEVELS)}")
    base, more = _settings(REPLICAS[GRID].parameters, settings)
    with options.progress("cells") as advance:
        found = regression(runs or more or 3, seed, workers, base, advance)
    options.print_json(found) if as_json else show_regression(found)


def _settings(section: Any, settings: tuple[str, ...]) -> tuple[Any, int | None]:
    """Return the parameters as set, and the number of runs if that was set among them."""
    from sim.validation import validate

    document = Document({}, {}, "--set")
    names = (*section.model_fields, "runs")
    runs = None
    for setting, change in ((each, parse_override(each)) for each in settings):
        name = dotted(change.key)
        if name not in names:
            meant = nearest(name, names)
            hint = f"did you mean {meant}?" if meant else f"there are {', '.join(names)}"
            raise InputError(f"--set {setting}: {name} is no parameter of this model; {hint}")
        if name != "runs":
            document = document.overridden(change)
        elif type(change.value) is int and change.value > 0:
            runs = change.value
        else:
            raise InputError(
                f"--set {setting}: runs = {change.value} must be a whole number from 1 up"
            )
    return validate(section, document), runs
