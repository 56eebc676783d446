"""`amends facts`: the model held against what is known."""

import click

from experiments.commands import options

JSON = ("id", "fact", "source", "low", "high", "value", "holds", "used_for", "by_rule")
"""The keys of a row of the JSON, on which other programs rely."""


@click.command("facts")
@click.option("--seeds", type=click.IntRange(1), help="How many worlds to measure in.")
@click.option(
    "--only", type=click.Choice(["calibration", "held-out"]),
    help="Only the facts that the model was fitted to, or only the others.",
)  # fmt: skip
@options.seed_option
@options.set_option
@options.json_option
def command(
    seeds: int | None, only: str | None, seed: int | None, settings: tuple[str, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """Hold the model against what is known.

    Published findings on failed customers are measured now, each beside the band in which the model
    has to lie: how many suffer in silence for each who complains, how many the dissatisfied tell,
    what a quick answer is worth. Nothing is taken from a table of earlier results.

    Two kinds are kept apart. Facts used for calibration (C1 to C14) have to hold: parameters were
    fitted to some of them. Facts held out (H1 and on) were used for nothing, their bands were fixed
    before the model was asked, and they may be missed: those are known misfits. Some of them a rule
    of the model says by itself; that they hold is then no evidence, and they are marked.

    \b
    Examples:
      amends facts
      amends facts --seeds 40
      amends facts --only held-out
      amends facts --set talk.failure=8    do they hold with another number?

    Look next at docs/reference/facts.md, which says what to make of them, and at the model itself:
    docs/reference/model.md names the source of every parameter.
    """
    from experiments.evidence.facts import KINDS, KNOWN_MISFITS, measure_facts

    options.announce_compilation()
    with options.progress("runs") as advance:
        facts = measure_facts(
            seeds, seed=seed, overrides=settings, progress=advance,
            used_for=None if only is None else KINDS[only],
        )  # fmt: skip
    if as_json:
        options.print_json([{key: getattr(fact, key) for key in JSON} for fact in facts])
    else:
        from experiments.tables import show_facts

        show_facts(facts, KNOWN_MISFITS)
