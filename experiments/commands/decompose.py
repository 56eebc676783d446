"""`amends decompose`: what word of mouth is worth to a policy."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from experiments.commands import options

JSON = (
    "name", "scenario", "baseline", "policy", "seeds", "acting", "outcomes", "market",
    "conclusion", "notes",
)  # fmt: skip
"""The keys of the JSON, on which other programs rely."""


@click.command("decompose")
@click.argument("experiment")
@click.option(
    "--policy", metavar="NAME", help="The policy whose gain is split, if there are several."
)
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
    experiment: str, policy: str | None, seeds: int | None, workers: int | None,
    network: str | None, days: int | None, seed: int | None, settings: tuple[str, ...],
    runs: Path | None, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Learn what word of mouth is worth to a policy.

    The gain over the baseline in each outcome of the experiment comes from the customers that the
    policy saves itself, from what they tell, from what is retold, from reviews, and from what the
    firm learns. Each is switched off, under both policies, in the same worlds; the parts, with 95%
    intervals, add up to the whole. EXPERIMENT is a shipped name or a YAML file.

    You also learn how word of mouth makes the market grow: by acceleration (customers who come
    sooner than they would have without it) or by expansion (who would not have come at all).

    \b
    Examples:
      amends decompose worth-of-talk
      amends decompose worth-of-talk --set talk.recovered=8
      amends decompose bakery --policy fast --runs runs/talk --out results/talk

    \b
    With --out, the folder holds
      report.md               conclusion, picture and numbers on a page
      decompose.png, .svg     from the baseline to the policy, part by part
      parts, worlds           each part: mean, interval, share; world by world
      market                  customers won and brought sooner, and their worth
      experiment.yaml         the same again; its scenario stands beside it
      provenance.json         what was run, by which version
    """
    chosen = options.experiment_of(experiment, {"seeds": seeds}, settings, days, seed, network)
    chosen.rival(policy)  # which says at once if there is none
    with options.out_folder(out, "decompose") as folder:
        from experiments.laboratory.decompose import split
        from experiments.laboratory.market import examine

        with options.performing(runs, workers) as perform:
            result = split(chosen, perform, policy=policy)
        with options.progress("worlds person by person") as advance:
            market = examine(chosen, result.policy, workers=workers, progress=advance)
        result = replace(result, market=market)
        if folder is not None:
            from experiments.laboratory.decompose_report import write

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
    from experiments.laboratory.decompose_report import grids
    from experiments.tables import show_analysis

    first = next(iter(result.gains))
    show_analysis(grids(result, first), result.conclusion, result.notes)
