"""The examples in the documentation, run: `python docs/examples.py` brings their output up to date.

In a page, a block of `console` holds commands after `$` and what they print; a block of `python`
is run with the blocks before it, and a block of `text` right after it holds what it prints. A block
whose first line is a comment with a file's name (`# mine.yaml`) is saved under that name for the
commands that follow. Blocks of any other language, such as `sh`, `py` or `sql`, are not run: use
them for what needs more than amends installs. A line of three dots stands for lines that are left out. Pictures named
`docs/images/FOLDER-NAME.png` are copied from what the page's commands wrote to `results/FOLDER`.
Pages are independent of each other. `--check` writes nothing and exits with 1 if output differs.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([\w-]+\.\w+)\n")
PICTURE = re.compile(r"\((?:\.\./)*(?:docs/)?images/([\w-]+?)-(\w+)\.png\)")
LEFT_OUT = "..."


class Example(NamedTuple):
    """A documented output: where it stands in the page, what it says, and what it should say."""

    start: int
    end: int
    said: str
    now: str


def pages() -> list[Path]:
    """Return the pages that may hold examples."""
    by_hand = [path for path in ROOT.glob("docs/*/*.md") if path.parent.name != "templates"]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(by_hand)]


def run_page(page: Path, refresh: bool) -> list[Example]:
    """Run a page's examples in an empty folder, and return those whose output differs."""
    text = page.read_text(encoding="utf-8")
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            examples = [example for example in _examples(text) if example.said != example.now]
            if refresh:
                for example in reversed(examples):
                    text = text[: example.start] + example.now + text[example.end :]
                page.write_text(text, encoding="utf-8", newline="\n")
                _copy_pictures(text)
        finally:
            os.chdir(before)
    return examples


def _examples(text: str) -> Iterator[Example]:
    names: dict[str, Any] = {"__name__": "__page__"}
    printed: tuple[int, str] | None = None
    for block in BLOCK.finditer(text):
        language, content = block.groups()
        after, printed = printed, None
        named = FILE.match(content)
        if named and language != "console":
            Path(named[1]).write_text(content, encoding="utf-8")
        elif language == "console":
            now = "".join(_command(part) for part in re.split(r"^\$ ", content, flags=re.M)[1:])
            yield Example(*block.span(2), content, now)
        elif language == "python":
            printed = (block.end(), _captured(exec, compile(content, "page", "exec"), names))
        elif language == "text" and after and not text[after[0] : block.start()].strip():
            yield Example(*block.span(2), content, _shortened(after[1], content))


def _command(part: str) -> str:
    """Run one command, and return it with its output as it should stand in the page."""
    command, _, said = part.partition("\n")
    while command.endswith("\\"):
        more, _, said = said.partition("\n")
        command += "\n" + more
    # As a shell has it: a line that ends in a backslash goes on in the next one.
    program, *arguments = shlex.split(command.replace("\\\n", " "), comments=True)
    if program == "amends":
        from experiments.cli import amends

        output = _captured(amends.main, arguments, prog_name="amends")
    elif program == "python":
        source = compile(Path(arguments[0]).read_text(encoding="utf-8"), arguments[0], "exec")
        output = _captured(exec, source, {"__name__": "__main__"})
    else:
        raise ValueError(f"cannot run {command!r}: only amends and python; use a block of sh")
    if said.strip() == LEFT_OUT and "\nError: " in f"\n{output}":
        raise ValueError(f"{command!r} fails, and the page does not say so:\n{output}")
    return f"$ {command}\n{_shortened(output, said)}"


def _captured(function: Any, *arguments: Any, **keywords: Any) -> str:
    """Return what a call prints; what it says on standard error only if it fails."""
    out, err = io.StringIO(), io.StringIO()
    columns = os.environ.pop("COLUMNS", None)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            function(*arguments, **keywords)
    except SystemExit as ending:
        if ending.code not in (None, 0):
            out.write(err.getvalue())
    finally:
        if columns is not None:
            os.environ["COLUMNS"] = columns
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return "\n".join(lines).strip("\n") + "\n" if any(lines) else ""


def _shortened(output: str, said: str) -> str:
    """Return the output, with as much left out as what the page says leaves out."""
    lines, shown = output.splitlines(), said.splitlines()
    if LEFT_OUT in shown:
        first = shown.index(LEFT_OUT)
        last = len(shown) - first - 1
        if first + last < len(lines):
            lines = lines[:first] + [LEFT_OUT] + lines[len(lines) - last :]
    return "".join(f"{line}\n" for line in lines)


def _copy_pictures(text: str) -> None:
    for folder, name in PICTURE.findall(text):
        made = Path("results", folder, f"{name}.png")
        if made.exists():
            shutil.copyfile(made, ROOT / "docs" / "images" / f"{folder}-{name}.png")


def main() -> None:
    """Refresh or check the examples of all pages, or of those named."""
    sys.path.insert(0, str(ROOT))
    check = "--check" in sys.argv
    chosen = [Path(name).resolve() for name in sys.argv[1:] if name != "--check"] or pages()
    differ = 0
    for page in chosen:
        for example in run_page(page, refresh=not check):
            differ += 1
            print(f"{page.relative_to(ROOT)}: output {'differs' if check else 'refreshed'}")
            if check:
                print(f"--- page\n{example.said}--- now\n{example.now}")
    raise SystemExit(1 if check and differ else 0)


if __name__ == "__main__":
    main()
