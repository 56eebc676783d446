"""`amends customer`: what goes on in one customer."""

import click

from experiments.commands import options

JSON = (
    "event", "satisfaction", "failure_memory", "recovery_expectation", "complaint_satisfaction",
    "intention", "complain_probability", "delighted_probability", "good_tellings", "bad_tellings",
)  # fmt: skip
"""The keys of a row of the JSON, on which other programs rely."""


@click.command("customer")
@click.argument("history")
@click.option("--seed", type=int, help="Taken as elsewhere, and without effect: nothing is drawn.")
@options.set_option
@options.json_option
def command(history: str, seed: int | None, settings: tuple[str, ...], as_json: bool) -> None:
    """Follow one customer through failures and answers.

    HISTORY is a shipped name (see `amends list`) or a YAML file with a list of events. A row for
    the start and one for each event show the state of the customer after it and, where a failure
    was just answered, how the answer was judged. Chances and means are shown, not draws: the same history always gives the same rows,
    whatever the --seed.

    \b
    A history:
      customer: {satisfaction: 0.45}
      events:
        - visit: {quality: 0.05}
        - failure: {severity: 0.15, type: 0.5, control: 0.5, stability: 0.5}
        - answer: {fix: 1, compensation: 0.1, apology: 0.5, delay: 8}
        - wait: {days: 30}
        - failure: {severity: 0.3}
        - silence

    \b
    Examples:
      amends customer history.yaml
      amends customer history.yaml --set events.1.failure.severity=0.8
      amends customer history.yaml --json

    Try the same failure with a quick answer, a late one and silence, and compare the intentions
    to buy again. Look next at whole markets: `amends run --help`.
    """
    from sim.history import load_history

    rows = load_history(history, settings).rows()
    if as_json:
        options.print_json([{key: row[key] for key in JSON} for row in rows])
    else:
        from experiments.tables import show_customer

        show_customer(rows)
