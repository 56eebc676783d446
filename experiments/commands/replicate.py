"""`amends replicate`: published models of word of mouth, held against their values."""

from typing import Any

import click

from experiments.commands import options

NAMES = ("talk-of-the-network", "bad-news", "bass")


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
@options.json_option
def command(
    name: str | None, runs: int | None, workers: int | None, regression: bool, seed: int | None,
    settings: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Rebuild published models, and see their numbers again.

    Each is a small model on the same parts as amends itself (keyed draws, groups and weak ties,
    kernels). Without a NAME all are held against their published values; with a NAME and --set
    one is run with values of your own.

    \b
    Models:
      talk-of-the-network   s, w, a, bw, bs, people      Goldenberg et al. 2001
      bad-news              d, m, qs, qw, people, steps  Goldenberg et al. 2007
      bass                  p, q                         Bass 1969

    \b
    Examples:
      amends replicate
      amends replicate talk-of-the-network --set s=29 --set w=5 --runs 30
      amends replicate bad-news --set d=0.3 --json
      amends replicate talk-of-the-network --regression
    """
    from experiments.replicate import REPLICAS, replicate, verdicts
    from experiments.replicate_report import show_regression, show_replication, show_verdicts
    from sim.errors import InputError, nearest

    if name is not None and name not in REPLICAS:
        meant = nearest(name, REPLICAS)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(REPLICAS)}"
        raise InputError(f"NAME = {name} is no published model; {hint}")
    if regression:
        from experiments.replicate import regression as regressed

        found = regressed(runs or 3, seed or 1, workers)
        options.print_json(found) if as_json else show_regression(found)
        return
    if name is None or not (settings or as_json):
        if settings:
            raise InputError("--set needs the NAME of the model whose parameter it is")
        models = [REPLICAS[name]] if name else list(REPLICAS.values())
        judged = [each for model in models for each in verdicts(model, runs, seed or 1, workers)]
        _tell(judged, as_json, show_verdicts)
        return
    model = REPLICAS[name]
    given, more = _settings(model.parameters, settings)
    with options.progress("runs") as advance:
        done = replicate(model, given, runs or more or model.runs, seed or 1, workers, advance)
    options.print_json(done.to_json()) if as_json else show_replication(done)


def _tell(judged: Any, as_json: bool, show: Any) -> None:
    if not as_json:
        show(judged)
        return
    options.print_json(
        [
            each.replication.to_json()
            | {
                "measure": each.published.measure, "published": each.published.value,
                "ours": each.ours, "holds": each.holds,
            }
            for each in judged
        ]
    )  # fmt: skip


def _settings(section: Any, settings: tuple[str, ...]) -> tuple[Any, int | None]:
    """Return the parameters as set, and the number of runs if that was set among them."""
    from sim.reading import Document, parse_override
    from sim.validation import validate

    document = Document({}, {}, "--set")
    runs = None
    for change in map(parse_override, settings):
        if change.key == ("runs",) and isinstance(change.value, int) and change.value > 0:
            runs = change.value
        else:
            document = document.overridden(change)
    return validate(section, document), runs
