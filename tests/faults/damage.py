"""A thousand flipped bits and a hundred lost ends.

Not collected by the ordinary tests; `make faults` runs it.
"""

import random
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from experiments.storage import claims
from experiments.storage.results import Results, open_results
from experiments.storage.store import Store
from experiments.storage.verifying import verify
from sim.errors import InputError
from tests.faults.writer import KEYS, PAIRS, PLAN, work

FLIPS, CUTS = 1000, 100

EMPTY = "array([], shape=(0, 6), dtype=object)"
"""The series of a run whose file is damaged."""


def plainly(results: Results) -> dict[str, Any]:
    """Return each run that is there, and its series, to the bit."""
    series = results.series
    return {
        row["identity"]: (repr(row), repr(series[series["identity"] == row["identity"]].values))
        for row in results.runs.to_dict("records")
    }


@pytest.mark.filterwarnings("ignore:.*it is left out")
def test_no_damage_is_read_as_good(tmp_path: Path) -> None:
    luck, struck = random.Random(1), Counter[str]()
    work(tmp_path / "good")
    truth = plainly(open_results(tmp_path / "good"))
    victims = sorted(each for each in (tmp_path / "good").rglob("*") if each.is_file())
    victims = [each for each in victims if each.name != claims.NAME]
    for number in range(FLIPS + CUTS):
        path = Path(shutil.copytree(tmp_path / "good", tmp_path / "sweep"))
        victim = path / luck.choice(victims).relative_to(tmp_path / "good")
        data = bytearray(victim.read_bytes())
        if number < FLIPS:
            at = luck.randrange(8 * len(data))
            data[at // 8] ^= 1 << at % 8
        else:
            del data[luck.randrange(len(data)) :]
        victim.write_bytes(data)
        struck[victim.parent.name] += 1
        check(path, victim, truth)
        shutil.rmtree(path)
    print(f"{FLIPS} flips and {CUTS} cuts, in {dict(struck)}", file=sys.stderr)


def check(path: Path, victim: Path, truth: dict[str, Any]) -> None:
    """What is read is true, what is damaged is named, set aside and done again."""
    if victim.suffix == ".json":
        with pytest.raises(InputError, match="is no longer what was written"):
            open_results(path)
    else:
        assert any(str(victim) in each for each in verify(path).wrong)
        found = plainly(open_results(path))
        whole = {name: row for name, row in found.items() if row[1] != EMPTY}
        assert whole.items() <= truth.items() and len(whole) < len(truth)
        assert {row[0] for row in found.values()} <= {row[0] for row in truth.values()}
    with Store.open(path, PLAN.experiment, keys=KEYS) as store:
        assert any(each.startswith(str(victim)) for each in store.set_aside)
        assert (path / "set-aside" / victim.name).exists()
        store.add([pair for pair in PAIRS if store.claim(pair[0].identity)])
    assert {name: (row[0].split("'seconds'")[0], row[1]) for name, row in truth.items()} == {
        name: (row[0].split("'seconds'")[0], row[1])
        for name, row in plainly(open_results(path)).items()
    }
