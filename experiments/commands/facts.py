"""`amends facts`: the model held against what is known."""

import click

from experiments.commands import options

JSON = ("id", "fact", "source", "low", "high", "value", "holds")
"""The keys of a row of the JSON, on which other programs rely."""


@click.command("facts")
@click.option("--seeds", type=click.IntRange(1), help="How many worlds to measure in.")
@options.seed_option
@options.set_option
@options.json_option
def command(seeds: int | None, seed: int | None, settings: tuple[str, ...], as_json: bool) -> None:
    """Hold the model against what is known.

    The facts that the model must meet are measured now. Each is a published finding on failed
    customers with the band in which the model has to lie: how many suffer in silence for each who
    complains, how many the dissatisfied tell, what a quick answer is worth. Nothing is taken from a
    table of earlier results.

    \b
    Examples:
      amends facts
      amends facts --seeds 20
      amends facts --set talk.failure=8    do they hold with another number?

    Look next at the model itself: docs/reference/model.md names the source of every parameter.
    """
    from experiments.facts import KNOWN_MISFITS, measure_facts

    options.announce_compilation()
    with options.progress("runs") as advance:
        facts = measure_facts(seeds, seed=seed, overrides=settings, progress=advance)
    if as_json:
        options.print_json([{key: getattr(fact, key) for key in JSON} for fact in facts])
    else:
        from experiments.tables import show_facts

        show_facts(facts, KNOWN_MISFITS)
