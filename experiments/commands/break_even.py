"""`amends break-even`: how generous, how fast, before it no longer pays."""

from pathlib import Path
from typing import Any

import click

from experiments.commands import options

JSON = (
    "name", "scenario", "lever", "unit", "outcome", "policy", "baseline", "seeds", "points",
    "crossings", "best", "conclusion", "notes",
)  # fmt: skip
"""The keys of the JSON, on which other programs rely."""


@click.command("break-even")
@click.argument("experiment")
@click.option("--lever", metavar="KEY", help="The key to go along, e.g. policy.compensation.")
@click.option(
    "--range", "reach", nargs=2, type=float, metavar="LOW HIGH", help="From where to where."
)
@click.option("--policy", metavar="NAME", help="The policy that is held against the baseline.")
@click.option("--outcome", metavar="NAME", help="What has to pay.  [default: npv_per_person]")
@click.option("--points", type=int, help="Values to begin with; more are added where it matters.")
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
    experiment: str, lever: str | None, reach: tuple[float, float] | None, policy: str | None,
    outcome: str | None, points: int | None, seeds: int | None, workers: int | None,
    network: str | None, days: int | None, seed: int | None, settings: tuple[str, ...],
    runs: Path | None, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Learn how generous, or how fast, before it no longer pays.

    A policy is held against the experiment's baseline along one lever, in the same worlds: where
    is it better, where is it best, and where does the difference cross zero? The crossing comes
    with the interval in which it lies, as far as so many worlds can tell; points are added near
    it until more of them would not help. EXPERIMENT is a shipped name (see `amends list`) or a
    YAML file; its section `break_even` says the same as the options.

    A lever of the policy moves under the policy alone, and the baseline stays as it is. Any other
    key, such as money.margin, moves for both: from which margin on does it pay?

    \b
    Examples:
      amends break-even how-generous
      amends break-even how-generous --lever money.margin --range 0 1
      amends break-even bakery --policy slow --lever policy.delay --range 0 60
      amends break-even bakery --policy fast --lever policy.fix --range 0 1

    \b
    With --out, the folder holds
      report.md               the conclusion, the picture and the numbers
      break_even.png, .svg    the difference along the lever, with its band
      points, values          tidy tables, as Parquet and CSV
      experiment.yaml         the same again; its scenario stands beside it
      provenance.json         what was run, by which version
    """
    asked = {
        "break_even.lever": lever, "break_even.policy": policy, "break_even.outcome": outcome,
        "break_even.range": None if reach is None else list(reach), "break_even.points": points,
        "seeds": seeds,
    }  # fmt: skip
    chosen = options.experiment_of(experiment, asked, settings, days, seed, network)
    with options.out_folder(out, "break-even") as folder:
        from experiments.analyses.break_even import analyse

        with options.performing(runs, workers) as perform:
            result = analyse(chosen, perform)
        if folder is not None:
            from experiments.analyses.break_even_report import write

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
    from experiments.analyses.break_even_report import points_grid
    from experiments.tables import show_analysis

    show_analysis([points_grid(result)], result.conclusion, result.notes)
