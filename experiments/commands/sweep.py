"""`amends sweep`: every run of an experiment, kept in a folder, on as many machines as there are."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from experiments.commands import options

if TYPE_CHECKING:
    from experiments.planning.plan import Plan
    from experiments.sweep import Sweep
    from sim.customer import Customer

JSON = ("name", "out", "runs", "done", "skipped", "failed", "digest", "seconds", "conclusion")
"""The keys of the JSON, on which other programs rely; beside them `stopping`, where the experiment
has a rule for the number of worlds."""

FAILED = 3
"""Exit code of a sweep some of whose runs failed."""

_SHOWN = 5


def _shard(_: click.Context, __: click.Parameter, text: str | None) -> tuple[int, int]:
    if text is None:
        return 1, 1
    found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    which, many = map(int, found.groups()) if found else (0, 0)
    if not 1 <= which <= many:
        raise click.BadParameter(
            f"{text!r} must be a part and the number of parts, such as 1/3, 2/3 and 3/3"
        )
    return which, many


@click.command("sweep")
@click.argument("experiment")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR",
    help="Where the runs are kept, and found again.  [default: results/sweep-EXPERIMENT]",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(1), metavar="N",
    help="Threads or processes; by default all processors that there is memory for.",
)  # fmt: skip
@click.option("--processes", is_flag=True, help="Take processes instead of threads.")
@click.option(
    "--cluster", metavar="ADDRESS|FILE",
    help="Run on a Dask cluster: tcp://host:8786, or the scheduler's file.",
)  # fmt: skip
@click.option(
    "--customer", metavar="FILE.py:CLASS", help="People who behave in a way of your own."
)  # fmt: skip
@click.option(
    "--run-limit", type=float, metavar="SECONDS",
    help="End a run that takes longer, and go on with the others; 1 or more, inf for never.  "
    "[default: an hour, or 100 times the slowest run so far by size]",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what it would take, and run nothing.")
@click.option(
    "--shard", metavar="I/N", callback=_shard,
    help="Do only part I of N, for machines that share nothing; see `amends merge`.",
)  # fmt: skip
@click.option("--seeds", type=int, help="How many worlds; more make the intervals narrower.")
@options.network_option
@options.days_option
@options.seed_option
@options.set_option
@options.json_option
def command(
    experiment: str, out: Path | None, workers: int | None, processes: bool, cluster: str | None,
    customer: str | None, run_limit: float | None, dry_run: bool, shard: tuple[int, int],
    seeds: int | None, network: str | None, days: int | None, seed: int | None, settings: tuple[str, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """Run a whole experiment, and keep every run.

    EXPERIMENT is a shipped name (see `amends list`) or a YAML file. Every policy is run at every
    point of the experiment's design in every world, and each run is kept as soon as it is done. The
    same command again goes on where it was left, whether you stopped it, the power failed or the
    disk was full: a run that is done is never done again. So you may also add seeds, or points of
    the design, to a sweep that is there.

    \b
    Examples:
      amends sweep bakery --dry-run            how long, how much memory and disk
      amends sweep bakery --out results/b      do it; Ctrl-C stops and keeps
      amends sweep bakery --out results/b      go on
      amends sweep bakery --cluster tcp://head:8786 --out results/b
      amends sweep bakery --shard 1/2 --out here    and 2/2 on another machine

    \b
    The folder holds Parquet files, for pandas, DuckDB and R:
      runs/       a row a run: point, policy, seed, every outcome
      series/     a row a run and measuring day
      failures/   what failed, with its configuration and traceback
      manifest.json, and pictures/ of what the design shows

    \b
    Exit codes: 0 all is done; 3 some runs failed, the others are kept;
    130 stopped by Ctrl-C. Next: amends status DIR, amends verify DIR,
    and in Python experiments.open_results("DIR").
    """
    from experiments.design import load_experiment
    from experiments.engine.patience import checked
    from experiments.engine.plugin import load_customer
    from experiments.planning.plan import Plan
    from sim.reading import assigned, parse_override

    how: dict[str, Any] = {"processes": processes, "run_limit": checked(run_limit)}
    changes = [parse_override(setting) for setting in settings]
    if seeds is not None:
        changes.append(assigned("seeds", seeds, f"--seeds {seeds}"))
    chosen = load_experiment(experiment, changes, days=days, seed=seed, network=network)
    options.tell_ignored(chosen.scenario, settings)
    plan = Plan(chosen)
    folder = out or Path("results") / f"sweep-{Path(experiment).stem}"
    kind = load_customer(customer) if customer else None
    if dry_run:
        _tell_extent(plan, folder, workers, shard, kind, as_json, how)
        return
    if out is None:
        click.echo(f"The runs are kept in {folder}", err=True)
    how |= {"workers": workers, "cluster": cluster, "customer": kind}
    made = _sweep(plan, folder, shard=shard, **how)
    _finish(made, folder)
    _draw(made, folder)
    if as_json:
        options.print_json(summary(made))
    else:
        from experiments.analyses.sweep_table import show_sweep

        show_sweep(made)
    if made.failed:
        raise click.exceptions.Exit(FAILED)


def _sweep(plan: "Plan", folder: Path, **how: Any) -> "Sweep":
    """Do the sweep, and end the program if it was stopped on the way."""
    from experiments.commands.watching import stoppable, watching
    from experiments.engine.runner import WorkersLost
    from experiments.sweep import sweep

    if how["cluster"] is None:
        options.announce_compilation()
        network_of = options.network_aloud()
    else:
        network_of = None
        _hush()
    if how["customer"] is not None:
        click.echo(f"Compiling {how['customer'].__name__}: up to half a minute ...", err=True)
    with stoppable() as stop, _warnings_aloud():
        try:
            with watching() as watch:
                made = sweep(
                    plan, folder, watch=watch, stopped=stop.event, network_of=network_of, **how
                )
        except WorkersLost as error:
            remedy = f"What is done is kept in {folder}; the same command goes on."
            raise click.ClickException(f"{error}. {remedy}") from None
    if made.stopped:
        kept = made.done + made.skipped
        click.echo(
            f"Stopped. {kept:,} of {made.runs:,} runs are done and kept in {folder}; the same "
            "command goes on.",
            err=True,
        )
        raise click.exceptions.Exit(stop.exit_code)
    return made


@contextmanager
def _warnings_aloud() -> Iterator[None]:
    """Say warnings as what they are: lines for the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_: click.echo(str(message), err=True)
        yield


def _hush() -> None:
    """Keep Dask from telling of each lost connection, traceback and all; the sweep says what it means."""
    import logging

    from experiments.extras import extra

    extra("distributed", "cluster")
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _draw(made: "Sweep", folder: Path) -> None:
    """Put a picture of what the design does to the first outcome into the folder."""
    experiment = made.plan.experiment
    target = folder / "pictures"
    if experiment.design is None or made.done == 0 and (target / "factors.png").exists():
        return
    from experiments import plots
    from experiments.outcomes import MEASURES
    from experiments.plots.factors import factors

    runs = made.results.runs
    outcome = MEASURES[experiment.outcomes[0]]
    if outcome.name not in runs or runs[outcome.name].isna().all():
        return
    target.mkdir(exist_ok=True)
    title = f"{experiment.name}: {outcome.label} over what was varied"
    plots.save(factors(runs, experiment.design, outcome, title), target, "factors")


def summary(made: "Sweep") -> dict[str, Any]:
    """Return what `--json` writes."""
    from experiments.analyses.sweep_conclusion import conclude

    found = {
        "name": made.plan.experiment.name, "out": str(made.folder), "conclusion": conclude(made),
    }  # fmt: skip
    told = {key: found[key] if key in found else getattr(made, key) for key in JSON}
    return told | ({"stopping": made.rounds.to_json()} if made.rounds.rule else {})


def _finish(made: "Sweep", folder: Path) -> None:
    """Say on stderr what was found damaged, and which runs failed."""
    for damaged in made.set_aside:
        click.echo(f"Set aside, and run again: {damaged}", err=True)
    if not made.failed:
        return
    click.echo(
        f"{made.failed:,} of {made.runs:,} runs failed; the same command tries them again. Their "
        f"configurations and tracebacks are in {folder / 'failures'}:",
        err=True,
    )
    for job, failure in made.failures[:_SHOWN]:
        last = failure.error.strip().splitlines()[0]
        click.echo(f"- {job.title}: {last} ({job.identity[:12]}...)", err=True)
    if made.failed > _SHOWN:
        click.echo(f"- and {made.failed - _SHOWN:,} more", err=True)


def _tell_extent(
    plan: "Plan",
    folder: Path,
    workers: int | None,
    shard: tuple[int, int],
    kind: "type[Customer] | None",
    as_json: bool,
    how: dict[str, Any],
) -> None:
    """Say what a sweep would take."""
    from experiments.extent import check_size, extent, part

    count = check_size(plan, workers)
    options.announce_compilation()
    with _warnings_aloud():
        found = extent(plan, count, part(len(plan), shard), kind, **how)
    if as_json:
        told = {
            "name": plan.experiment.name, "out": str(folder), "dry_run": True,
            "runs": found.runs, "at_most": found.at_most, "points": len(plan.points), "policies": len(plan.policies),
            "seeds": len(plan.seeds), "workers": found.workers, "seconds": found.seconds,
            "memory": found.memory, "disk": found.disk, "timed": found.timed,
        }  # fmt: skip
        options.print_json(told)
        return
    from experiments.analyses.sweep_table import show_extent

    show_extent(plan, found, shard)
