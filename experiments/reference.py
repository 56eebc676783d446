"""The reference pages, made from the code that they describe.

`python -m experiments.reference` writes them from the templates in `docs/templates`;
`--check` writes nothing and exits with 1 if a page is out of date. In a template, a placeholder in
double braces names a function of this module and its argument: `{{parameters talk}}` becomes the
table of that section's parameters. What code cannot say of itself, such as what a column of the
population means, stands in `docs/templates/words.yaml`, and a name that is missing there, or left
over, is an error.
"""

import inspect
import pkgutil
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

import click
import yaml

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "docs" / "templates"
PAGES = ROOT / "docs" / "reference"

MARK = (
    "<!-- Made by `python -m experiments.reference` from docs/templates/{name}: "
    "do not edit this page. -->\n\n"
)
_PLACEHOLDER = re.compile(r"\{\{(\w+)(?: ([^}]+))?\}\}")
_SURE = {"estimate": "e", "fitted": "f", "assumption": "a", "choice": "c"}


def rendered() -> dict[Path, str]:
    """Return the text of every generated page, by its path."""
    return {PAGES / path.name: _page(path) for path in sorted(TEMPLATES.glob("*.md"))}


def stale() -> list[Path]:
    """Return the pages that are missing, out of date or left over, in the order of their names."""
    pages = rendered()
    found = [
        path
        for path, text in pages.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    made_by_hand = [path for path in PAGES.glob("*.md") if path not in pages]
    return sorted(found + made_by_hand)


def _page(template: Path) -> str:
    text = template.read_text(encoding="utf-8")
    return MARK.format(name=template.name) + _PLACEHOLDER.sub(_filled, text)


def _filled(placeholder: re.Match[str]) -> str:
    name, argument = placeholder.groups()
    if name not in _MAKERS:
        raise ValueError(f"{placeholder.group()} names none of {', '.join(_MAKERS)}")
    return _MAKERS[name](argument) if argument else _MAKERS[name]()


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


@cache
def _words() -> dict[str, dict[str, Any]]:
    words: dict[str, dict[str, Any]] = yaml.safe_load(
        (TEMPLATES / "words.yaml").read_text(encoding="utf-8")
    )
    return words


def _said(kind: str, names: Iterable[str]) -> dict[str, Any]:
    """Return what the words say of each name of a kind; every name, and no other."""
    names, words = list(names), _words()[kind]
    if set(names) != set(words):
        missing, left = sorted(set(names) - set(words)), sorted(set(words) - set(names))
        raise ValueError(f"words.yaml, {kind}: missing {missing}, left over {left}")
    return {name: words[name] for name in names}


def _object(path: str) -> Any:
    return pkgutil.resolve_name(path)


def _number(value: Any) -> str:
    if isinstance(value, float) and abs(value) >= 1e6:
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else f"{value:.10g}"


def _value(value: Any) -> str:
    """Return a value as a YAML file would have it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return str(value) if value != {} else "empty"


def _bounds(field: Any) -> str:
    ends = {
        type(limit).__name__: getattr(limit, type(limit).__name__.lower())
        for limit in field.metadata
        if type(limit).__name__ in ("Ge", "Le")
    }
    low, high = (_number(ends[name]) if name in ends else "" for name in ("Ge", "Le"))
    return f"{low} to {high}" if low or high else "–"


def _sections() -> dict[str, Any]:
    """Return the sections of parameters by the name under which a file has them."""
    from experiments.planning.experiment_file import ExperimentFile, NamedPolicy
    from experiments.sections import case, claim, contrast
    from experiments.sections.designs import Sampled
    from experiments.sections.servqual import Movement
    from sim import events, world
    from sim.parameters import Section
    from sim.policy import Policy
    from sim.scenario import PolicyChange, Scenario

    inner = {
        name: field.annotation
        for name, field in world.World.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }
    asked = {
        name: kind
        for name, field in ExperimentFile.model_fields.items()
        for kind in get_args(field.annotation)
        if isinstance(kind, type) and issubclass(kind, Section)
    }
    return inner | asked | {
        "outages": world.Outage, "policy": Policy, "scenario": Scenario,
        "policy_changes": PolicyChange, "experiment": ExperimentFile,
        "policies": NamedPolicy, "sampled": Sampled, "customer": events.Start,
        "question": case.Question, "levers": case.Levers, "curve": case.Curve, "ways": case.Ways,
        "way": case.Way, "order": case.Order, "contrast": contrast.Contrast, "claim": claim.Claim,
        "trial": claim.Trial,
        "incident": claim.Incident, "lives": claim.ThreeLives, "movement": Movement,
        **{kind: field.annotation.__args__[0]
           for kind, field in events.Event.model_fields.items()
           if field.annotation is not None},
    }  # fmt: skip


def parameters(name: str) -> str:
    """Return the table of a section's parameters; of `policies` only what a policy has not."""
    return _parameters(name, ("key", "meaning", "unit", "range", "default", "sure", "source"))


def keys(name: str) -> str:
    """Return the table of a section's keys, for what its user chooses: without source."""
    return _parameters(name, ("key", "meaning", "unit", "range", "default"))


def _parameters(name: str, heads: Sequence[str]) -> str:
    section = _sections()[name]
    apart = _sections()["policy"].model_fields if name == "policies" else {}
    rows = []
    for key, field in section.model_fields.items():
        more = field.json_schema_extra or {}
        if "unit" in more and key not in apart:
            default = "required" if field.is_required() else _value(field.default)
            row = (
                f"`{key}`", field.description, more["unit"], _bounds(field), default,
                _SURE[more["sure"]], more["source"] or "–",
            )  # fmt: skip
            rows.append(row[: len(heads)])
    return _table(heads, rows) if rows else "It has no keys."


def about(name: str) -> str:
    """Return what a section says of itself."""
    return (_sections()[name].__doc__ or "").strip()


def state(name: str) -> str:
    """Return the table of the columns of a record: `PERSON`, `CASE`, `STORY` or `LETTER`."""
    kind = _object(f"sim.population.{name}")
    said = _said(name.lower(), kind.names)
    rows = [[f"`{column}`", f"{kind[column]}", *said[column]] for column in kind.names]
    return _table(("column", "type", "range", "start", "meaning"), rows)


def constant(path: str) -> str:
    """Return a constant or the default of a parameter, such as `sim.policy.Policy.delay`."""
    owner, _, name = path.rpartition(".")
    fields = getattr(_object(owner), "model_fields", {})
    return _value(fields[name].default if name in fields else _object(path))


def movements() -> str:
    """Return the table of what SERVQUAL gaps move unless a file says otherwise."""
    from experiments.sections.servqual import mapping

    rows = [(each.dimension, f"`{each.key}`", each.form, each.per_point) for each in mapping()]
    return _table(("dimension", "key", "form", "per_point"), rows)


def phases() -> str:
    """Return the phases of a day in their order, under the list's numbers and not their own."""
    listed = _numbered((phase.__name__, phase) for phase in _object("sim.day.PHASES"))
    return re.sub(r": Phase \d+: (.)", lambda found: f": {found[1].upper()}", listed)


def behaviours() -> str:
    """Return the behaviours of a customer in the order of the day."""
    customer = _object("sim.customer.Customer")
    return _numbered((name, getattr(customer, name)) for name in _object("sim.customer.BEHAVIOURS"))


def _numbered(things: Iterable[tuple[str, Any]]) -> str:
    lines = [
        f"{i}. `{name}`: {(thing.__doc__ or '').strip().splitlines()[0]}"
        for i, (name, thing) in enumerate(things, start=1)
    ]
    return "\n".join(lines)


def purposes() -> str:
    """Return the table of all draws."""
    names = [purpose.name for purpose in _object("sim.draws.Purpose")]
    said = _said("purpose", names)
    numbers = _object("sim.draws.Purpose")
    rows = [[int(numbers[name]), f"`{name}`", *said[name]] for name in names]
    return _table(("number", "purpose", "decides", "distribution", "keyed on"), rows)


def outcomes() -> str:
    """Return the table of the figures of a run and of a comparison."""
    measures = _object("experiments.outcomes.MEASURES")
    said = _said("formula", measures)
    better = {1: "higher", -1: "lower", 0: "neither"}
    rows = [
        [f"`{name}`", one.meaning, one.unit or "–", better[one.direction], said[name]]
        for name, one in measures.items()
    ]
    return _table(("name", "meaning", "unit", "better", "formula"), rows)


def series() -> str:
    """Return the table of the columns of a series, in their order."""
    levels = (*_object("sim.state.LEVELS")[:-1], "stars")
    flows = [name for name in _object("sim.outcome.COLUMNS") if name not in levels]
    measures = _object("experiments.outcomes.MEASURES")
    said = _said("series", (*levels, *(name for name in flows if name not in measures)))
    rows = [[f"`{name}`", "on the day", said[name]] for name in levels]
    rows += [
        [f"`{name}`", "since the row before", said.get(name, "see the table of outcomes")]
        for name in flows
    ]
    return _table(("column", "when", "meaning"), rows)


def names(path: str) -> str:
    """Return a tuple of names as code, parted by commas."""
    return ", ".join(f"`{name}`" for name in _object(path))


@cache
def measured() -> Sequence[Any]:
    """Return every fact, measured once."""
    found: Sequence[Any] = _object("experiments.evidence.facts.measure_facts")()
    return found


def facts(used_for: str = "calibration") -> str:
    """Return the facts used for `calibration` or `held out`, measured now."""
    verdicts = {True: "holds", False: "**missed**"}
    rows = [
        [
            fact.id, fact.fact, fact.source, fact.target,
            f"{fact.low:g} to {fact.high:g}",
            "–" if fact.value is None else f"{fact.value:.3g}",
            verdicts[fact.holds] + (", by rule" if fact.by_rule else ""),
        ]
        for fact in measured() if fact.used_for == used_for
    ]  # fmt: skip
    return _table(("", "fact", "source", "published", "band", "measured", ""), rows)


def tally() -> str:
    """Return in a sentence how many of the facts held out hold."""
    apart = {rule: [f for f in measured() if f.used_for == "held out" and f.by_rule == rule]
             for rule in (False, True)}  # fmt: skip
    free, ruled = (f"{sum(f.holds for f in apart[x])} of {len(apart[x])}" for x in (False, True))
    return (
        f"Of the findings that no rule has in it, {free} hold; of those that a rule says by itself, "
        f"{ruled}."
    )


def listed(path: str) -> str:
    """Return sentences as a list."""
    return "\n".join(f"- {sentence}" for sentence in _object(path))


def commands() -> str:
    """Return the reference of the command line, a section a command."""
    group = _object("experiments.cli.amends")
    context = click.Context(group, info_name="amends")
    parts = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        arguments = [p for p in command.params if isinstance(p, click.Argument)]
        options = [p for p in command.params if isinstance(p, click.Option)]
        asked = " ".join(p.make_metavar(context) for p in arguments)
        usage = " ".join(filter(None, ("amends", name, asked, "[options]")))
        rows = [[_spelt(option, context), option.help] for option in options]
        options_table = _table(("option", "meaning"), rows)
        parts += [f"## amends {name}", f"    {usage}", _prose(command.help or ""), options_table]
    return "\n\n".join(parts)


def _spelt(option: click.Option, context: click.Context) -> str:
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    usual = f" (default `{option.default}`)" if option.show_default else ""
    return f"`{', '.join(option.opts)}{value}`{usual}"


def _prose(text: str) -> str:
    """Return the help of a command as Markdown; what click must not re-wrap becomes a code block."""
    parts = []
    for block in inspect.cleandoc(text).split("\n\n"):
        verbatim = block.startswith("\b")
        lines = block.removeprefix("\b").strip("\n").splitlines()
        if not verbatim:
            parts.append(block)
        elif lines[0].startswith(" "):
            parts.append("\n".join(("```", *lines, "```")))
        else:
            parts.append("\n".join((lines[0], "", "```", *lines[1:], "```")))
    return "\n\n".join(parts)


_MAKERS: dict[str, Callable[..., str]] = {
    maker.__name__: maker
    for maker in (
        parameters, keys, about, state, constant, movements, phases, behaviours, purposes, outcomes, series,
        names, facts, tally, listed, commands,
    )
}  # fmt: skip


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a page is out of date.")
def main(check: bool) -> None:
    """Write the reference pages that are made from the code."""
    if not TEMPLATES.is_dir():
        raise click.ClickException(f"{TEMPLATES} is missing: this works in the repository alone")
    found = stale()
    for path in found:
        click.echo(f"{path.relative_to(ROOT)} is out of date", err=True)
    if check:
        raise SystemExit(1 if found else 0)
    PAGES.mkdir(parents=True, exist_ok=True)
    pages = rendered()
    for path in found:
        if path in pages:
            path.write_text(pages[path], encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
