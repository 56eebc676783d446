"""`amends sensitivity`: which assumptions matter, and which alone would overturn a result."""

from pathlib import Path
from typing import Any

import click

from experiments.commands import options

JSON = (
    "name", "scenario", "baseline", "samples", "worlds", "seeds", "ranges", "studies",
    "conclusion", "notes",
)  # fmt: skip
"""The keys of the JSON, on which other programs rely."""


@click.command("sensitivity")
@click.argument("experiment")
@click.option(
    "--samples", type=int,
    help="Rows of the sample, a power of two: with k assumptions each has k + 2 points.",
)  # fmt: skip
@click.option("--policy", metavar="NAME", help="Study the difference of this policy alone.")
@options.seeds_option
@options.workers_option
@options.network_option
@options.days_option
@options.seed_option
@options.set_option
@options.runs_option
@options.out_option
@options.json_option
def command(
    experiment: str, samples: int | None, policy: str | None, seeds: int | None,
    workers: int | None, network: str | None, days: int | None, seed: int | None,
    settings: tuple[str, ...], runs: Path | None, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Learn which assumptions a result hangs on.

    And which of them alone would overturn it. Assumptions are varied over ranges that the
    experiment's section `sensitivity` (or its design) gives. EXPERIMENT is a shipped name (see
    `amends list`) or a YAML file. For each outcome, and for the difference between each policy
    and the baseline in the same worlds, you get

    \b
      Sobol' indices   the share of the variance that each assumption is behind,
                       alone and together with the others, with 95% intervals
      a tornado        what becomes of it when one assumption alone goes to an end
                       of its range, all others in the middle; one that changes
                       the sign of a difference overturns the ranking by itself

    Luck is not read as influence: all points share their worlds, and what is left of luck is
    taken out of the indices and told by itself. This needs the extra `analysis`:
    pip install 'amends[analysis]'.

    \b
    Examples:
      amends sensitivity what-matters
      amends sensitivity what-matters --policy fast --samples 128
      amends sensitivity what-matters --runs runs/matters --out results/matters

    \b
    With --out, the folder holds
      report.md                the conclusion, pictures and numbers on a page
      tornado.png, .svg        one assumption at a time
      shares.png, .svg         the Sobol' indices
      indices, tornado, runs   tidy tables, as Parquet and CSV (runs as Parquet)
      experiment.yaml          the same again; its scenario stands beside it
      provenance.json          what was run, by which version
    """
    asked = {"sensitivity.samples": samples, "sensitivity.policy": policy, "seeds": seeds}
    chosen = options.experiment_of(experiment, asked, settings, days, seed, network)
    with options.out_folder(out, "sensitivity") as folder:
        from experiments.analyses.sensitivity import analyse

        with options.performing(runs, workers) as perform:
            result = analyse(chosen, perform)
        if folder is not None:
            from experiments.analyses.sensitivity_report import write

            write(folder, result)
    show(result, as_json)
    if folder is not None and out is not None:
        options.written(folder, out)


def show(result: Any, as_json: bool) -> None:
    """Write the result to standard output."""
    if as_json:
        found = result.to_json()
        options.print_json({key: found[key] for key in JSON})
        return
    from experiments.analyses.sensitivity_report import grids
    from experiments.tables import show_analysis

    told = [grid for study in result.beside(result.told) for grid in grids(result, study)]
    show_analysis(told, result.conclusion, result.notes)
