"""The pages of the cases, made by running them: `python docs/cases.py` writes `docs/cases`.

A page for each case, its pictures in `docs/images`, and the table of all claims; nothing in them is
typed by hand. Each page begins with a stamp of what it was made from: the case, its scenario and what
the model does. A test compares the stamps, so that a page is never older than what it tells of. Names of
cases may be given; the table is put together from all pages. All of it takes some minutes.
"""

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "cases"
IMAGES = ROOT / "docs" / "images"
MARK = "<!-- Made by `python docs/cases.py` ({stamp}): do not edit this page. -->\n\n"

TABLE = """# What the stories claim

Every claim of the practitioner literature that the project grew from, the command that tries it, what
came out, and the verdict. A claim holds if each of its measurements lies where it says, with its whole
95% interval, and does so under every assumption: whether a quickly recovered customer tells 17 or 8,
whether people act on 0.35, 0.2 or all of what they intend, and whether bad news moves 1.3, 1 or 2 times
as much as good. The table is that of `amends case --all --table`.

{table}

{tally}
"""

KINDS = {
    "holds only": "hold only if, or only for what, their verdict says", "holds": "hold",
    "does not hold": "do not hold", "not decided": "are not decided", "not tried": "cannot be tried",
}  # fmt: skip


def stamp(name: str) -> str:
    """Return, as a hash, what a page has to be made from: the case, and what the model does with it.

    That is told by the digest of a small run under each policy, so that a page need not be made anew
    for a change of the model's words.
    """
    from experiments.design import load_experiment
    from sim import simulate

    resolved = load_experiment(name, kind="cases").resolved()
    small = load_experiment(name, ["market.people=240"], days=150, kind="cases")
    runs = [simulate(small.scenario_of(policy, 1)).digest for policy in small.policies]
    text = json.dumps([resolved, runs], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stamp_of_table() -> str:
    """Return what the table of claims has to be made from: all cases."""
    from sim.shipped import shipped

    return hashlib.sha256(" ".join(map(stamp, shipped("cases"))).encode()).hexdigest()[:16]


def made_from(page: Path) -> str:
    """Return the stamp that a page bears; empty where it bears none."""
    first = page.read_text(encoding="utf-8").partition("\n")[0] if page.exists() else ""
    return first.partition("(")[2].partition(")")[0]


def write(name: str) -> None:
    """Run a case, and write its page and pictures."""
    from experiments import plots
    from experiments.cases.case import solve
    from experiments.cases.page import page
    from experiments.cases.pictures import pictures
    from experiments.design import load_experiment

    result = solve(name, load_experiment(name, kind="cases"))
    for picture, drawn in pictures(result).items():
        plots.save(drawn, IMAGES, f"case-{name}-{picture}")
        (IMAGES / f"case-{name}-{picture}.svg").unlink()
    text = page(result, f"../images/case-{name}-")
    _put(PAGES / f"{name}.md", MARK.format(stamp=stamp(name)) + text)


def write_table() -> None:
    """Write the table of all claims, put together from the pages of the cases; and how many hold."""
    from collections import Counter

    from experiments.cases.page import claims_table
    from sim.shipped import shipped

    rows = [row for name in shipped("cases") for row in _claims(PAGES / f"{name}.md")]
    counted = Counter(_kind(row.split(" | ")[-1].strip("*| ")) for row in rows)
    said = [f"{counted[kind]} {words}" for kind, words in KINDS.items() if counted[kind]]
    tally = f"Of {len(rows)} claims, {', '.join(said)}."
    text = TABLE.format(table="\n".join([claims_table([]), *rows]), tally=tally)
    _put(PAGES / "claims.md", MARK.format(stamp=stamp_of_table()) + text)


def _claims(page: Path) -> list[str]:
    """Return the rows of a page's table of claims."""
    after = page.read_text(encoding="utf-8").partition("## What the story claims\n\n")[2]
    return after.partition("\n\n")[0].splitlines()[2:]


def _kind(verdict: str) -> str:
    return next(kind for kind in KINDS if verdict.startswith(kind))


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Write the pages of all cases, or of those named, and the table of claims."""
    sys.path.insert(0, str(ROOT))
    from sim.shipped import shipped

    for name in sys.argv[1:] or list(shipped("cases")):
        write(name)
        print(f"docs/cases/{name}.md written")
    write_table()


if __name__ == "__main__":
    main()
