"""The documentation is true: made pages are up to date, examples run, links lead somewhere."""

import importlib.util
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from experiments import reference
from sim.scenario import Scenario
from sim.world import World

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("**/*.md"))]
BY_HAND = [page for page in PAGES if page.parent.name not in ("reference", "templates")]


def _examples() -> Any:
    spec = importlib.util.spec_from_file_location("docs_examples", ROOT / "docs" / "examples.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


examples = _examples()


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the templates and pages of the reference that the generator works on."""
    for folder in ("templates", "reference"):
        shutil.copytree(ROOT / "docs" / folder, tmp_path / "docs" / folder)
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    monkeypatch.setattr(reference, "TEMPLATES", tmp_path / "docs" / "templates")
    monkeypatch.setattr(reference, "PAGES", tmp_path / "docs" / "reference")
    return tmp_path / "docs"


class TestReference:
    def test_the_committed_pages_are_up_to_date(self) -> None:
        stale = [_name(path) for path in reference.stale()]
        assert not stale, "run `python -m experiments.reference`"

    def test_a_page_that_was_edited_left_over_or_lost_is_found_and_mended(self, copy: Path) -> None:
        (copy / "templates" / "model.md").unlink()
        pages = copy / "reference"
        with (pages / "files.md").open("a") as page:
            page.write("by hand\n")
        (pages / "json.md").unlink()
        run = CliRunner().invoke(reference.main, ["--check"])
        assert run.exit_code == 1
        for name in ("files", "json", "model"):
            assert f"docs/reference/{name}.md is out of date" in run.stderr
        assert not (pages / "json.md").exists(), "--check writes nothing"
        assert CliRunner().invoke(reference.main, []).exit_code == 0
        assert reference.stale() == [pages / "model.md"]

    def test_every_page_says_first_that_it_is_made(self) -> None:
        for path in reference.PAGES.glob("*.md"):
            assert path.read_text().startswith("<!-- Made by `python -m experiments.reference`")

    @pytest.mark.parametrize("placeholder", ["{{nothing}}", "{{parameters weather}}"])
    def test_a_placeholder_that_names_nothing_is_an_error(
        self, copy: Path, placeholder: str
    ) -> None:
        (copy / "templates" / "json.md").write_text(placeholder)
        with pytest.raises((ValueError, KeyError)):
            reference._page(copy / "templates" / "json.md")

    def test_words_for_what_is_no_longer_there_are_an_error(
        self, copy: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = yaml.safe_load((copy / "templates" / "words.yaml").read_text())
        words["story"]["colour"] = ["", "", "nothing has a colour"]
        monkeypatch.setattr(reference, "_words", lambda: words)
        with pytest.raises(ValueError, match="left over \\['colour'\\]"):
            reference.state("STORY")

    @pytest.mark.parametrize("page", ["model.md", "parameters.md"])
    def test_every_parameter_is_described_with_its_default(self, page: str) -> None:
        text = (reference.PAGES / page).read_text()
        sections = {
            name: type(getattr(Scenario(), name))
            for name in (*World.model_fields, "policy")
            if name != "outages"
        }
        for name, section in sections.items():
            assert reference.parameters(name) in text, name
            for key in section.model_fields:
                assert f"| `{key}` | " in text

    def test_the_model_has_the_elements_of_the_protocol_in_their_order(self) -> None:
        text = (reference.PAGES / "model.md").read_text()
        elements = [
            "1. Purpose and patterns", "2. Entities, state variables, and scales",
            "3. Process overview and scheduling", "4. Design concepts", "5. Initialisation",
            "6. Input data", "7. Submodels",
        ]  # fmt: skip
        assert re.findall(r"^## (\d\. .*)$", text, re.MULTILINE) == elements
        concepts = [
            "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction",
            "Sensing", "Interaction", "Stochasticity", "Collectives", "Observation",
        ]  # fmt: skip
        inside = text.split("## 4.")[1].split("## 5.")[0]
        assert re.findall(r"^\*\*([\w ]+)\.\*\*", inside, re.MULTILINE) == concepts


class TestExamples:
    @pytest.mark.parametrize("page", examples.pages(), ids=_name)
    def test_an_example_prints_what_the_page_says(self, page: Path) -> None:
        for example in examples.run_page(page, refresh=False):
            assert example.said == example.now, "run `python docs/examples.py`, and read the page"

    def test_output_that_differs_is_found_and_renewed(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text("```python\nprint(6 * 7)\n```\n\n```text\n43\n```\n")
        (found,) = examples.run_page(page, refresh=True)
        assert (found.said, found.now) == ("43\n", "42\n")
        assert "42" in page.read_text()
        assert examples.run_page(page, refresh=False) == []

    def test_a_file_of_the_page_is_there_for_its_commands(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text(
            "```yaml\n# bad.yaml\nfixx: 1\n```\n\n"
            "```console\n$ amends run bakery --policy bad.yaml\n```\n"
        )
        (found,) = examples.run_page(page, refresh=False)
        assert "bad.yaml:2" in found.now
        assert "did you mean fix" in found.now

    def test_a_command_goes_on_after_a_backslash(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text("```console\n$ amends list \\\n    --helpp\n...\nx\n```\n")
        (found,) = examples.run_page(page, refresh=False)
        assert "No such option '--helpp'" in found.now or "No such option: --helpp" in found.now

    def test_a_failure_is_not_left_out_unseen(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text("```console\n$ amends run nowhere\n...\n```\n")
        with pytest.raises(ValueError, match="the page does not say so"):
            examples.run_page(page, refresh=False)

    def test_what_is_left_out_stays_left_out(self) -> None:
        output = "a\nb\nc\nd\n"
        assert examples._shortened(output, "x\n...\ny\n") == "a\n...\nd\n"
        assert examples._shortened(output, "x\n") == output
        assert examples._shortened(output, "1\n2\n3\n4\n...\n") == output


class TestPages:
    @pytest.mark.parametrize("page", BY_HAND, ids=_name)
    def test_every_link_leads_somewhere(self, page: Path) -> None:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if target.startswith("http"):
                continue
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            assert file.exists(), target
            if anchor:
                assert anchor in _anchors(file), target

    @pytest.mark.parametrize("page", sorted(reference.PAGES.glob("*.md")), ids=_name)
    def test_every_link_of_a_made_page_leads_somewhere(self, page: Path) -> None:
        self.test_every_link_leads_somewhere(page)

    def test_every_page_is_in_the_table_of_contents(self) -> None:
        contents = (ROOT / "docs" / "README.md").read_text()
        for page in (ROOT / "docs").glob("*/*.md"):
            if page.parent.name != "templates":
                assert f"({page.relative_to(ROOT / 'docs')})" in contents

    def test_no_page_names_a_machine(self) -> None:
        for page in PAGES:
            assert not re.search(r"(?<![\w.])/(work|home|root|tmp)/", page.read_text()), page


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class TestVersions:
    def test_the_version_is_the_same_everywhere(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
        assert citation["version"] == project["version"]
        assert citation["license"] == project["license"]
        released = re.findall(r"^## (\d\S*) - (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
        assert released[0] == (project["version"], citation["date-released"])

    def test_the_citation_has_what_its_format_asks_for(self) -> None:
        citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
        assert citation["cff-version"] == "1.2.0"
        assert {"message", "title", "authors"} <= set(citation)
        assert all("name" in author or "family-names" in author for author in citation["authors"])

    def test_the_vision_has_three_lines(self) -> None:
        assert len((ROOT / "VISION.md").read_text().splitlines()) == 3
