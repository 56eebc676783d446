"""`amends list`: the files that come with the program."""

import re
from pathlib import Path

import click

from experiments.commands import options

KINDS = ("scenarios", "policies", "experiments", "cases", "histories")


@click.command("list")
@options.json_option
def command(as_json: bool) -> None:
    """Show what comes with amends.

    Every scenario, policy, experiment and history is a YAML file whose comments explain it, and is
    taken by its name wherever one of its kind is asked for. Copy one to start your own.

    \b
    Examples:
      amends list
      amends run hotel --policy slow
    """
    from sim.shipped import shipped

    found = {
        kind: [
            {"name": name, "description": description(path), "file": str(path)}
            for name, path in shipped(kind).items()
        ]
        for kind in KINDS
    }
    if as_json:
        options.print_json(found)
    else:
        from experiments.tables import show_list

        show_list(found)


def description(path: Path) -> str:
    """Return the first sentence of the comment at the head of a file."""
    head = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        head.append(line.lstrip("#").strip())
    return re.split(r"(?<=[.?!]) ", " ".join(head), maxsplit=1)[0]
