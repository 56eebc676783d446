"""`amends optimise`: the policies that reach the most for what they spend."""

from pathlib import Path

import click

from experiments.commands import options

JSON = (
    "name", "scenario", "objective", "budget", "start", "levers", "search_worlds", "seeds",
    "trials", "frontier", "named", "recommended", "optimism", "conclusion", "notes",
)  # fmt: skip
"""The keys of the JSON, on which other programs rely."""


@click.command("optimise")
@click.argument("experiment")
@click.option("--trials", type=int, help="Settings of the levers to try.")
@click.option("--budget", type=float, help="What may be spent per person in the market and year.")
@click.option("--objective", metavar="NAME", help="What to reach.  [default: reputation]")
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
    experiment: str, trials: int | None, budget: float | None, objective: str | None,
    seeds: int | None, workers: int | None, network: str | None, days: int | None,
    seed: int | None, settings: tuple[str, ...], runs: Path | None, out: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Learn how to spend a budget: which levers to pull, and how far.

    Settings of the levers are searched for those that reach the most for what they spend: the
    frontier. EXPERIMENT is a shipped name (see `amends list`) or a YAML file with a section

    \b
      optimise:
        levers: {policy.delay: [0, 10], policy.compensation: [0, 1]}
        costs: {policy.delay: {each: 0.05, below: 10}}
        budget: 0.5
        objective: reputation

    The model itself charges compensation, contacts, follow-ups, noticing and wages. Speed and
    warmth are free unless `costs` says what a unit of a lever adds to the cost of an answer: here
    each day below ten costs 0.05. The experiment's own policies are charged the same, and stand in
    the picture beside the frontier.

    The search looks at a few worlds (`optimise.worlds`), and what is best there was partly lucky
    there. So the best are run again in the experiment's worlds (`seeds`), which the search has not
    seen, and only what they come to there is reported.

    \b
    Examples:
      amends optimise best-for-the-money
      amends optimise best-for-the-money --budget 0.3 --out results/frontier
      amends optimise best-for-the-money --objective npv_per_person --trials 500

    \b
    With --out, the folder holds
      report.md               the conclusion, pictures and tables on a page
      frontier.png, .svg      what the money buys, with the policies beside it
      levers.png, .svg        each lever along the frontier
      options, trials         tidy tables, as Parquet and CSV
      experiment.yaml         the same again; its scenario stands beside it
      provenance.json         what was run, by which version

    With --runs, runs are kept in a folder: the same command goes on where it was interrupted, and
    more trials begin with those done.
    """
    asked = {
        "optimise.trials": trials, "optimise.budget": budget, "optimise.objective": objective,
        "seeds": seeds,
    }  # fmt: skip
    chosen = options.experiment_of(experiment, asked, settings, days, seed, network)
    with options.out_folder(out, "optimise") as folder:
        from experiments.analyses.optimise import optimise, runs_at_most

        with options.performing(runs, workers, runs_at_most(chosen)) as perform:
            result = optimise(chosen, perform)
        if folder is not None:
            from experiments.analyses.optimise_report import write

            write(folder, result)
    if as_json:
        found = result.to_json()
        options.print_json({key: found[key] for key in JSON})
    else:
        from experiments.analyses.optimise_report import grids
        from experiments.tables import show_analysis

        show_analysis(grids(result), result.conclusion, result.notes)
    if folder is not None and out is not None:
        options.written(folder, out)
