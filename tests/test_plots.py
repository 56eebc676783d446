"""Pictures: everything said is there, nothing lies over anything else, the same bytes each time."""

import itertools
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from PIL import Image

from experiments import plots
from experiments.plots.places import beside_points, spread
from experiments.plots.style import COLOURS, look, places_of

NAMES = ["none", "slow", "fast", "fast-generous", "bakery", "courier-blamer"]
UNKNOWN = math.nan


def series(days: int = 60) -> pd.DataFrame:
    day = np.arange(0, days + 1, 7)
    count = len(day)
    return pd.DataFrame({
        "day": day, "reputation": np.linspace(50, 58, count),
        "reputation_noncustomers": np.linspace(50, 58.05, count),
        "satisfaction": np.linspace(0.45, 0.5, count),
        "good_stories": np.full(count, 70.0), "bad_stories": np.full(count, 21.0),
        "customers": 2500 + day, "prospects": 2500 - day, "lapsed": day,
    })  # fmt: skip


def bands(names: list[str], seeds: int = 2) -> pd.DataFrame:
    day = np.arange(0, 71, 7.0)
    reach = 0.5 if seeds > 1 else UNKNOWN
    return pd.concat([
        pd.DataFrame({"policy": name, "day": day, "mean": 50 + 0.001 * i * day,
                      "low": 50 + 0.001 * i * day - reach, "high": 50 + 0.001 * i * day + reach})
        for i, name in enumerate(names)
    ])  # fmt: skip


OUTCOMES = (
    ("reputation", "points", 1), ("customers lost", "customers", -1),
    ("share of customers", "", 1), ("yearly loss", "", -1),
)  # fmt: skip


def differences(names: list[str], known: bool = True) -> pd.DataFrame:
    return pd.DataFrame([
        {"label": label, "unit": unit, "direction": direction, "kind": "difference", "policy": name,
         "difference": 1.0 + i, "low": 0.5 + i if known else UNKNOWN,
         "high": 1.5 + i if known else UNKNOWN}
        for label, unit, direction in OUTCOMES
        for i, name in enumerate(names)
    ])  # fmt: skip


def spending(names: list[str], known: bool = True) -> pd.DataFrame:
    reach = 0.1 if known else UNKNOWN
    return pd.DataFrame([
        {"policy": name, "spend": 0.1 * i, "spend_low": 0.1 * i - reach,
         "spend_high": 0.1 * i + reach, "value": 50.0 + i % 2, "value_low": 50.0 + i % 2 - reach,
         "value_high": 50.0 + i % 2 + reach}
        for i, name in enumerate(names)
    ])  # fmt: skip


def picture(kind: str, names: list[str], known: bool = True) -> Figure:
    if kind == "run":
        return plots.one_run(series(), "one run")
    if kind == "over_time":
        return plots.over_time(bands(names, 2 if known else 1), "q (points)", "t", "s")
    if kind == "forest":
        return plots.forest(differences(names, known), "t", "s")
    return plots.against_spend(spending(names, known), "spend (money)", "q (points)", "t")


@pytest.mark.parametrize("kind", ["run", "over_time", "forest", "spend"])
def test_the_same_numbers_give_the_same_bytes(tmp_path: Path, kind: str) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        plots.save(picture(kind, NAMES), tmp_path / name, kind)
    for suffix in ("png", "svg"):
        one, other = (tmp_path / name / f"{kind}.{suffix}" for name in ("a", "b"))
        assert one.read_bytes() == other.read_bytes()
    with Image.open(tmp_path / "a" / f"{kind}.png") as image:
        assert image.width >= 1000
        assert not image.info.keys() & {"Software", "Creation Time", "date"}
    assert "<dc:date>" not in (tmp_path / "a" / f"{kind}.svg").read_text()


def names_of(figure: Figure) -> list[Annotation]:
    return [text for axes in figure.axes for text in axes.texts if isinstance(text, Annotation)]


@pytest.mark.parametrize("kind", ["run", "over_time", "spend"])
def test_names_are_in_the_picture_and_do_not_overlap(kind: str) -> None:
    figure = picture(kind, NAMES)
    figure.draw_without_rendering()
    written = names_of(figure)
    if kind != "run":
        assert [name.get_text() for name in written] == NAMES
    # The letters alone; the box of an annotation holds its pointer too.
    boxes = [super(Annotation, name).get_window_extent() for name in written]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    for box in boxes:
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1


def test_axes_say_quantity_and_unit() -> None:
    (axes,) = picture("over_time", NAMES).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Day", "Q (points)")
    (axes,) = picture("spend", NAMES).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Spend (money)", "Q (points)")
    units = [axes.get_xlabel() for axes in picture("forest", NAMES).axes]
    assert units == ["difference (points)", "difference (customers; less is better)",
                     "difference", "difference (less is better)"]  # fmt: skip
    titles = [axes.get_title(loc="left") for axes in picture("run", NAMES).axes]
    assert [title.split("(")[1] for title in titles] == [
        "points; 50 is neutral)", "-1 to 1)", "a week)", "people)",
    ]  # fmt: skip


def test_intervals_are_drawn_where_they_are_known() -> None:
    (axes,) = picture("over_time", NAMES).axes
    lows = {float(band.get_datalim(axes.transData).ymin) for band in axes.collections}
    assert min(lows) == pytest.approx(49.5)
    for axes in picture("forest", NAMES[:2]).axes:
        ends = [line.get_xdata() for line in axes.get_lines() if len(line.get_xdata()) == 2]
        assert [0.5, 1.5] in [list(end) for end in ends]


def test_stories_are_counted_by_the_week_whatever_the_interval() -> None:
    frame = series()
    frame["day"] = [0, 14, 28, 42, 56, 63, 77, 91, 93]
    panel = plots.one_run(frame, "one run").axes[2]
    good = next(line for line in panel.get_lines() if line.get_label() == "good")
    expected = [UNKNOWN, 35, 35, 35, 35, 70, 35, 35, UNKNOWN]  # two days make no week
    assert np.asarray(good.get_ydata(), dtype=float) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "names",
    [["one"], [f"policy number {i:02}" for i in range(14)],
     ["$5 back, or $10", "[bold]a_b^c", "\\frac", "名前", "long " * 40]],
    ids=["one", "many", "odd"],
)  # fmt: skip
def test_one_seed_odd_names_and_many_policies_can_be_drawn(
    tmp_path: Path, names: list[str], recwarn: pytest.WarningsRecorder
) -> None:
    for kind in ("over_time", "forest", "spend"):
        plots.save(picture(kind, names, known=False), tmp_path, kind)
        assert (tmp_path / f"{kind}.png").stat().st_size > 10_000
    assert [str(warning.message) for warning in recwarn] == []


def test_a_shipped_policy_looks_the_same_in_every_picture() -> None:
    drawn = []
    for names in (NAMES, ["fast", "mine", "none"]):
        lines = picture("over_time", names).axes[0].get_lines()
        curve = lines[names.index("fast")].get_color()
        panel = plots.forest(differences(names[1:]), "t", "s", names).axes[0]
        marks = {
            line.get_ydata()[0]: line for line in panel.get_lines() if len(line.get_ydata()) == 1
        }
        other = next(iter(name for name in names[1:] if name in ("slow", "none")))
        drawn.append((curve, other, marks[names[1:].index(other)].get_color()))
        assert len({line.get_color() for line in lines}) == len(names)
    assert drawn[0][0] == drawn[1][0] == COLOURS[2]
    assert [each[1:] for each in drawn] == [("slow", COLOURS[1]), ("none", COLOURS[0])]


@given(st.lists(st.sampled_from([*NAMES, "a", "b", "c", "d", "e", "f", "g"]), unique=True))
def test_no_two_policies_share_a_look(names: list[str]) -> None:
    found = places_of(names)
    assert list(found) == names
    assert len(set(found.values())) == len(names)


def test_the_neutral_level_is_drawn_where_it_lies_in_the_picture() -> None:
    for low, drawn in ((-0.2, True), (3.0, False)):
        frame = bands(NAMES).assign(**{
            part: bands(NAMES)[part] + low for part in ("mean", "low", "high")
        })  # fmt: skip
        (axes,) = plots.over_time(frame, "q (points)", "t", "s", neutral=True).axes
        levels = [list(line.get_ydata()) for line in axes.get_lines()]
        assert ([50.0, 50.0] in levels) == drawn
        assert axes.get_ylim()[0] > 48


def test_what_is_undefined_or_has_no_bounds_is_said_to_be_so() -> None:
    frame = differences(NAMES[1:4])
    last = frame["label"] == "yearly loss"
    frame.loc[last, "kind"] = "ratio"
    frame.loc[last & (frame["policy"] == "slow"), ["difference", "low", "high"]] = UNKNOWN
    frame.loc[last & (frame["policy"] == "fast"), ["low", "high"]] = UNKNOWN
    *others, axes = plots.forest(frame, "t", "s").axes
    assert axes.get_xlabel() == "ratio (less is better)"
    assert [text.get_text() for text in axes.texts] == ["undefined", "no bounds"]
    assert all(not panel.texts for panel in others)
    zero = [list(line.get_xdata()) for line in axes.get_lines()].count([0.0, 0.0])
    assert zero == 0 and [0.0, 0.0] in [list(line.get_xdata()) for line in others[0].get_lines()]
    frame.loc[last, ["difference", "low", "high"]] = UNKNOWN
    *_, axes = plots.forest(frame, "t", "s").axes
    assert len(axes.texts) == 3 and list(axes.get_xticks()) == []


@pytest.mark.parametrize("count", [2, 4, 6])
def test_names_of_points_lie_on_no_bar(count: int) -> None:
    """Bars as long as they often are: of levels, which luck in common moves all alike."""
    spend = 0.1 + 0.07 * np.arange(count)
    value = 54.0 + 0.3 * np.arange(count)
    table = pd.DataFrame({
        "policy": [f"name {i} of many" for i in range(count)], "spend": spend,
        "spend_low": spend - 0.01, "spend_high": spend + 0.01, "value": value,
        "value_low": value - 1.8, "value_high": value + 1.8,
    })  # fmt: skip
    figure = plots.against_spend(table, "spend (money)", "q (points)", "t")
    figure.draw_without_rendering()
    (axes,) = figure.axes
    boxes = {text.get_text(): text.get_window_extent() for text in names_of(figure)}
    for row in table.itertuples():
        bars = axes.transData.transform([(row.spend, row.value_low), (row.spend, row.value_high)])
        for name, box in boxes.items():
            (x, low), (_, high) = bars
            inside = box.x0 < x < box.x1 and min(high, box.y1) - max(low, box.y0) > 0
            assert not inside, (name, row.policy)


def test_markers_do_not_hide_a_narrow_interval() -> None:
    for axes in picture("forest", NAMES[:2]).axes:
        (marker,) = (line for line in axes.get_lines() if line.get_marker() == "s")
        assert marker.get_markerfacecolor() == "white"
        assert marker.get_markersize() < 5


def test_lines_differ_in_more_than_colour() -> None:
    looks = [look(i) for i in range(48)]
    assert len({(each["color"], str(each["linestyle"])) for each in looks}) == 48
    for one, other in itertools.pairwise(looks[:8]):
        assert one["linestyle"] != other["linestyle"]


def test_drawing_changes_nothing_global() -> None:
    program = """
import sys
import matplotlib, pandas as pd
matplotlib.rcParams["font.size"] = 3.0
before = matplotlib.rcParams.copy()
from experiments import plots
frame = pd.DataFrame({"policy": "a", "day": [0, 1], "mean": 1.0, "low": 0.0, "high": 2.0})
plots.over_time(frame, "q", "t", "s")
assert matplotlib.rcParams.copy() == before
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


PLACES = st.lists(st.floats(-1e3, 1e3), max_size=12)


@given(PLACES, st.floats(0.01, 100))
def test_spread_keeps_order_and_gap_and_the_mean(places: list[float], gap: float) -> None:
    moved = spread(places, gap)
    order = sorted(range(len(places)), key=lambda i: places[i])
    for one, other in itertools.pairwise(order):
        assert moved[other] - moved[one] >= gap * (1 - 1e-9) - 1e-9
    if places:
        assert math.fsum(moved) == pytest.approx(math.fsum(places), abs=1e-6)


@given(PLACES)
def test_spread_moves_nothing_that_is_apart(places: list[float]) -> None:
    apart = sorted({round(place) for place in places})
    assert spread(apart, 0.9) == pytest.approx(apart)


def test_a_name_gives_way_to_a_point_and_to_the_frame() -> None:
    frame = (0.0, 0.0, 200.0, 100.0)
    assert beside_points([(50, 50)], ["abc"], frame) == [(9, 6, "left")]
    assert beside_points([(50, 50), (66, 62)], ["abc", ""], frame)[0] != (9, 6, "left")
    assert beside_points([(195, 50)], ["abc"], frame) == [(-9, 6, "right")]
