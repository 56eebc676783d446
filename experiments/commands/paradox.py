"""`amends paradox`: is a customer better off failed and recovered than never failed?"""

from pathlib import Path

import click

from experiments.commands import options

JSON = (
    "name", "failures_examined", "failures_answered", "better_off_share", "better_off", "effects",
    "map", "answer_effects", "disturbance", "disturbance_of_means", "conclusion",
)  # fmt: skip
"""The keys of the JSON, on which other programs rely."""


@click.command("paradox")
@click.argument("experiment")
@click.option("--seeds", type=int, help="How many worlds; more examine more failures.")
@click.option("--workers", type=click.IntRange(1), help="Threads; all processors by default.")
@options.network_option
@options.days_option
@options.seed_option
@options.set_option
@options.out_option
@options.json_option
def command(
    experiment: str, seeds: int | None, workers: int | None, network: str | None,
    days: int | None, seed: int | None, settings: tuple[str, ...], out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """See whether a failure well repaired beats no failure.

    Studies of the recovery paradox compare different people. Here the same customer lives three
    times in the same world: as its failure was answered, as if nobody had answered, and as if the
    failure had not happened; all else stays as it was, to the bit. EXPERIMENT is a shipped name or
    a YAML file; without a design of its own, generosity and delay are varied as its section
    `paradox` says.

    \b
    Examples:
      amends paradox recovery-paradox
      amends paradox recovery-paradox --out results/paradox
      amends paradox recovery-paradox --set talk.recovered=8
      amends paradox recovery-paradox --set paradox.asked_after=7 --seeds 20

    \b
    With --out, the folder holds
      report.md               the conclusion and the pictures on a page
      map_satisfaction, map_intention   (png, svg) effects by severity and
                              generosity, a panel a delay
      customers.png, .svg     how the effect differs from customer to customer
      lives.png, .svg         the three lives over time
      failures                each failure examined, and its effects
      effects-by-...          means and intervals by severity, delay, ...
      provenance.json         what was run, by which version
    """
    from experiments.design import load_experiment
    from experiments.laboratory.paradox import examine
    from experiments.laboratory.paradox_report import show, to_json
    from sim.reading import assigned, parse_override

    changes = [parse_override(setting) for setting in settings]
    if seeds is not None:
        changes.append(assigned("seeds", seeds, f"--seeds {seeds}"))
    chosen = load_experiment(experiment, changes, days=days, seed=seed, network=network)
    options.tell_ignored(chosen.scenario, settings)
    with options.out_folder(out, "paradox") as folder:
        options.announce_compilation()
        with options.progress("worlds") as advance:
            found = examine(chosen, workers=workers, progress=advance)
        if folder is not None:
            from experiments.laboratory.paradox_report import write

            write(folder, found)
    if as_json:
        result = to_json(found)
        options.print_json({key: result[key] for key in JSON})
    else:
        show(found)
    if folder is not None and out is not None:
        options.written(folder, out)
