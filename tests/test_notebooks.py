"""The notebooks run, in miniature; they teach, keep their pictures, and hold no logic of their own."""

import ast
import base64
import os
import re
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import numpy as np
import pandas as pd
import pytest

from experiments.plots import lives, town
from sim.network import build_network
from sim.world import Network

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
LESSONS = (
    "1-one-customer",
    "2-one-story",
    "3-one-town",
    "4-the-paradox",
    "5-which-policy",
    "6-your-own-customer",
)
OWN = {"6-your-own-customer": {"Loyal", "complain", "Unchanged"}}
"""What a notebook may define: the customers of the last one, and what they do otherwise."""

LARGEST = 700_000
"""Bytes of a notebook with its pictures."""


@pytest.fixture(params=LESSONS)
def lesson(request: pytest.FixtureRequest) -> Any:
    return request.param, nbformat.read(FOLDER / f"{request.param}.ipynb", as_version=4)


def _code(book: Any) -> list[Any]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def _plain(source: str) -> str:
    """Return Python without the lines that only IPython understands."""
    return "\n".join(line for line in source.splitlines() if not line.startswith("%"))


def test_these_are_all_of_them_and_the_readme_names_each() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == list(LESSONS)
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name in LESSONS:
        book = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
        question = book.cells[0].source.splitlines()[0].split(". ", 1)[1]
        assert f"]({name}.ipynb) | {question} |" in readme


def test_it_runs_to_its_end_and_shows_what_the_kept_one_shows(
    lesson: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, kept = lesson
    monkeypatch.setenv("AMENDS_SMALL", "1")
    # The package beside the notebooks, and not one that happens to be installed.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    book = nbformat.from_dict(kept)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(book, timeout=600, kernel_name="python3", resources=resources).execute()
    for run, shown in zip(_code(book), _code(kept), strict=True):
        assert _kinds(run) == _kinds(shown)
    assert not list(tmp_path.iterdir()), "a lesson leaves no files behind"


def _kinds(cell: Any) -> list[Any]:
    return [sorted(output.get("data", {output.get("name"): ""})) for output in cell.outputs]


def test_it_opens_with_a_question_and_ends_with_exercises(lesson: Any) -> None:
    _, book = lesson
    assert re.match(r"# \d\. .+\?\n", book.cells[0].source)
    last = book.cells[-1]
    assert last.cell_type == "markdown"
    exercises = last.source.split("## Exercises\n")[1]
    assert len(re.findall(r"^\d\. ", exercises, re.MULTILINE)) >= 3


def test_it_defines_no_logic_of_its_own(lesson: Any) -> None:
    name, book = lesson
    source = "\n".join(_plain(cell.source) for cell in _code(book))
    defined = {
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    assert defined == OWN.get(name, set())


def test_it_cites_its_sources_and_speaks_of_no_machine(lesson: Any) -> None:
    name, book = lesson
    words = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    assert re.search(r"[A-Z]\w+ \(?(19|20)\d\d", words)
    said = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    said = re.sub(r'"image/png": "[^"]*"', "", said)
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work|usr|opt|Users)\b|[A-Z]:\\\\", said)


def test_it_keeps_what_it_shows_in_order_and_without_errors(lesson: Any) -> None:
    name, book = lesson
    cells = _code(book)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {
        "display_data",
        "execute_result",
        "stream",
    }
    assert not any(output.get("name") == "stderr" for output in outputs)
    pictures = [
        output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= 2
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures)
    assert (FOLDER / f"{name}.ipynb").stat().st_size < LARGEST
    assert not any("execution" in cell.metadata for cell in cells), "no times of day"


class TestPictures:
    def test_the_spread_of_a_story_draws_a_line_for_each_telling(self) -> None:
        network = build_network(Network(degree=2, rewiring=0.0), 12, 1)
        tellings = pd.DataFrame(
            {"teller": [3, 3, 4], "listener": [4, 9, 5], "hop": [0, 0, 1], "tie": [0, 1, 0]}
        )
        axes = town.spread(network, {"it": tellings}, "One story").axes[0]
        lines = {
            tuple(map(tuple, ends)) for each in axes.collections for ends in each.get_segments()
        }
        places = [tuple(place) for place in town.ring(12)]
        told = {
            (places[a], places[b]) for a, b in zip(tellings.teller, tellings.listener, strict=True)
        }
        assert told <= lines
        assert len(lines - told) >= 12 - 2, "and the ties of the ring, of which two are told over"

    def test_concentration_gives_the_strongest_first_and_all_at_the_end(self) -> None:
        points = pd.Series([-8.0, 1.0, 0.0, -1.0, 1.0, -1.0])
        harm, benefit = lives.concentration(points, "Two sides").axes[0].get_lines()
        assert np.interp(100 / 3, *harm.get_data()) == pytest.approx(80.0, abs=1.0)
        assert benefit.get_ydata() == pytest.approx(benefit.get_xdata())
        assert harm.get_ydata()[-1] == pytest.approx(100.0)
