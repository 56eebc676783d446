"""`amends schema`: JSON Schema of the configuration files, for editors."""

from pathlib import Path

import click

from experiments.commands import options


@click.command("schema")
@click.argument("kind", required=False, type=click.Choice(["scenario", "policy", "experiment"]))
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR",
    help="Write the schemas into a folder. Untouched ones from earlier there are replaced.",
)  # fmt: skip
def command(kind: str | None, out: Path | None) -> None:
    """Write JSON Schemas of the files, for editors.

    Editors use it to complete keys, to show what each means, its unit and default, and to mark
    mistakes while you type. Without KIND all three are written, as one object.

    \b
    Examples:
      amends schema scenario > scenario.schema.json
      amends schema --out schemas

    In editors that know the YAML language server (VS Code with the YAML extension, and others),
    make this the first line of a file of your own:

    \b
      # yaml-language-server: $schema=schemas/scenario.schema.json
    """
    from experiments.schemas import SCHEMAS, schema

    kinds = [kind] if kind else list(SCHEMAS)
    if out is None:
        options.print_json(schema(kind) if kind else {name: schema(name) for name in kinds})
        return
    from experiments.output import json_text

    with options.out_folder(out, "schema") as folder:
        assert folder is not None
        for name in kinds:
            folder.text(f"{name}.schema.json", json_text(schema(name)))
    options.written(folder, out)
