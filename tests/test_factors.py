"""What keys do to an outcome: the tables are right, and the pictures say what they show."""

import itertools
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from designing import design
from matplotlib.figure import Figure
from matplotlib.text import Text

from experiments.methods.factors import (
    by_level,
    by_point,
    design_of,
    quantity,
    rank_correlations,
)
from experiments.outcomes import MEASURES
from experiments.planning.designs import Design
from experiments.plots import save
from experiments.plots.factors import factors

RANGES = {"policy.delay": [0, 10], "talk.failure": [5, 20], "market.people": {"log_uniform": [10, 900]},
          "network.kind": {"choice": ["none", "complete"]}}  # fmt: skip
DESIGNS: dict[str, Any] = {
    "one key": {"grid": {"policy.delay": [0, 2, 8]}},
    "one word": {"grid": {"network.kind": ["none", "complete"]}},
    "one switch": {"grid": {"talk.enabled": [True, False]}},
    "limit": {"grid": {"policy.authority": [None, 3, 5]}},
    "nothing": {"grid": {"policy.delay": [2]}},
    "one draw": {"lhs": {"samples": 1, "ranges": RANGES}},
    "long": {"lhs": {"samples": 9, "ranges": {
        f"policy.{name}": [0, 1] for name in ("compensation", "compensation_per_severity", "fix")}}},
    "limits": {"grid": {"policy.authority": [None, 3], "policy.fix": [0, 1]}},
    "map": {"grid": {"policy.delay": [0, 2, 8], "policy.fix": [0, 1]}},
    "holed map": {"grid": {"policy.delay": [0, 2], "policy.fix": [0, 1]},
                  "exclude": [{"policy.delay": 0, "policy.fix": 1}]},
    "three keys": {"grid": {"policy.delay": [0, 2], "policy.fix": [0, 1], "network.kind": ["none", "complete"]}},
    "zip": {"zip": {"policy.delay": [0, 2, 8], "policy.agents": [1, 2, 3]}},
    "list": {"list": [{"talk.retold": 0.1, "talk.hops": 2}, {"talk.retold": 0.2, "talk.hops": 0}]},
    "lhs": {"lhs": {"samples": 20, "ranges": RANGES}},
    "few": {"random": {"samples": 2, "ranges": RANGES}},
    "nested": {"nested": [{"grid": {"policy.fix": [0, 1]}}, {"sobol": {"samples": 8, "ranges": RANGES}}],
               "fixed": {"days": 9}},
}  # fmt: skip


def runs(
    found: Design, policies: tuple[str, ...] = ("slow", "fast"), seeds: int = 3
) -> pd.DataFrame:
    """Return runs whose outcome is known: it rises with the delay, by policy and by world."""
    return pd.DataFrame([
        {"policy": policy, "seed": seed, **point,
         "reputation": 50 + 3 * i + seed - float(point.get("policy.delay", 0))}
        for seed in range(1, seeds + 1)
        for point in found.points
        for i, policy in enumerate(policies)
    ])  # fmt: skip


def picture(data: Any, seeds: int = 3) -> Figure:
    found = design(data)
    return factors(runs(found, seeds=seeds), found, MEASURES["reputation"], "title")


@cache
def drawn(kind: str, seeds: int = 3) -> Figure:
    """Return the picture of one of the designs, laid out; not to be changed."""
    figure = picture(DESIGNS[kind], seeds)
    figure.draw_without_rendering()
    return figure


def test_levels_have_the_mean_over_all_else_and_its_interval_over_worlds() -> None:
    table = by_level(runs(design(DESIGNS["map"])), ["policy.delay"], "reputation")
    assert table["policy"].tolist() == ["slow"] * 3 + ["fast"] * 3
    for row in table.itertuples(index=False):
        mean = 52 - row[1] + 3 * (row.policy == "fast")
        reach = scipy.stats.t.ppf(0.975, 2) * 1 / math.sqrt(3)
        assert (row.mean, row.low, row.high) == pytest.approx((mean, mean - reach, mean + reach))
    one = by_level(runs(design(DESIGNS["map"]), seeds=1), ["policy.delay"], "reputation")
    assert one["low"].isna().all() and one["mean"].notna().all()


def test_points_have_the_mean_over_worlds() -> None:
    found = design(DESIGNS["lhs"])
    table = by_point(runs(found), found.keys, "reputation")
    assert len(table) == 40
    assert table["mean"].to_numpy() == pytest.approx(
        52 - table["policy.delay"] + 3 * (table["policy"] == "fast")
    )


def test_rank_correlations_are_spearmans_the_strongest_first() -> None:
    found = design(DESIGNS["lhs"])
    points = by_point(runs(found), found.keys, "reputation")
    table = rank_correlations(points, found.keys)
    assert table["key"].iloc[0] == "policy.delay"
    assert table["key"].iloc[-1] == "network.kind"  # words have no ranks
    assert table[table["key"] == "network.kind"]["rho"].isna().all()
    for row in table[table["rho"].notna()].itertuples():
        part = points[points["policy"] == row.policy]
        known = scipy.stats.spearmanr(part[row.key].astype(float), part["mean"]).statistic
        assert row.rho == pytest.approx(known)
    assert table["rho"].iloc[0] == pytest.approx(-1.0)


def test_a_design_is_made_anew_from_what_was_kept_of_it() -> None:
    for data in DESIGNS.values():
        found = design(data)
        assert design_of({"design": found.resolved()}) == found
    assert design_of({}) is None


def test_a_key_is_named_with_its_unit() -> None:
    assert quantity("policy.delay") == "policy.delay (days)"
    assert quantity("network.kind") == "network.kind"
    assert quantity("policy.compensation").endswith("(share of the price; 1 is a full refund)")


def _texts(figure: Figure) -> list[Text]:
    figure.draw_without_rendering()
    found = [
        text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()
    ]
    return [text for text in found if text.get_window_extent().width > 0]


@pytest.mark.parametrize(
    ("kind", "seeds"),
    [*((kind, 3) for kind in DESIGNS), ("one key", 1), ("map", 1), ("list", 1), ("lhs", 1)],
)
def test_every_design_can_be_drawn_and_nothing_leaves_the_picture(
    kind: str, seeds: int, recwarn: pytest.WarningsRecorder
) -> None:
    figure = drawn(kind, seeds=seeds)
    said = " ".join(text.get_text() for text in _texts(figure))
    assert [str(warning.message) for warning in recwarn] == []
    for axes in figure.axes:
        for label in (axes.xaxis.label, axes.title, axes._left_title):  # type: ignore[attr-defined]
            box = label.get_window_extent()
            assert box.x0 >= -1 and box.x1 <= figure.bbox.x1 + 1, label.get_text()
    assert ("95%" in said or "chance" in said) or seeds == 1
    assert "Reputation (points)" in said


@pytest.mark.parametrize("kind", DESIGNS)
def test_labels_of_an_axis_do_not_lie_over_each_other(kind: str) -> None:
    figure = drawn(kind)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            labels = [label for label in axis.get_ticklabels() if label.get_text()]
            boxes = [label.get_window_extent() for label in labels]
            shown = [box for box in boxes if box.width > 0]
            for one, other in itertools.pairwise(shown):
                assert not one.overlaps(other), [label.get_text() for label in labels]


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save(picture(DESIGNS["map"]), tmp_path / name, "factors")
    for suffix in ("png", "svg"):
        one, other = (tmp_path / name / f"factors.{suffix}" for name in ("a", "b"))
        assert one.read_bytes() == other.read_bytes()


def test_labels_of_panels_do_not_lie_over_each_other() -> None:
    for kind in ("long", "three keys", "nested"):
        boxes = [axes.xaxis.label.get_window_extent() for axes in drawn(kind).axes]
        for one, other in itertools.combinations(boxes, 2):
            assert not one.overlaps(other), kind


def test_no_limit_is_a_level_of_its_own() -> None:
    (axes,) = drawn("limit").axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["empty", "3", "5"]
    slow, *_ = drawn("limits").axes
    assert [label.get_text() for label in slow.get_yticklabels()] == ["empty", "3"]
    assert len(slow.texts) == 4


def test_a_line_goes_through_the_means_of_its_levels() -> None:
    (axes,) = drawn("one key").axes
    lines = {tuple(line.get_xdata()): list(line.get_ydata()) for line in axes.get_lines()}
    assert lines == {(0.0, 2.0, 8.0): [55.0, 53.0, 47.0]}
    curves = [list(line.get_ydata()) for line in axes.get_lines()]
    assert curves == [[52.0, 50.0, 44.0], [55.0, 53.0, 47.0]]
    assert axes.get_xlabel() == "policy.delay (days)"


def test_the_cells_of_a_map_say_their_means() -> None:
    slow, fast, *_ = drawn("map").axes
    assert slow.get_title(loc="left") == "slow" and fast.get_title(loc="left") == "fast"
    said = {text.get_position(): text.get_text() for text in fast.texts}
    assert said[0, 0].startswith("55.0\n± 2.5")
    assert said[1, 2].startswith("47.0\n")
    assert len(said) == 6
    assert [label.get_text() for label in slow.get_yticklabels()] == ["0", "2", "8"]


def test_what_is_left_out_of_a_map_stays_empty() -> None:
    figure = drawn("holed map")
    assert len(figure.axes[0].texts) == 3
    assert any("Empty: left out" in text.get_text() for text in _texts(figure))


def test_a_cloud_has_a_panel_for_each_key_the_strongest_first() -> None:
    figure = drawn("lhs")
    assert figure.axes[0].get_xlabel() == "policy.delay (days)"
    assert figure.axes[0].get_title(loc="left") == "r = \u22121.00"
    assert {axes.get_xlabel().split(" ")[0] for axes in figure.axes} == set(RANGES)
    people = next(axes for axes in figure.axes if axes.get_xlabel().startswith("market.people"))
    assert people.get_xscale() == "log"


def _words(figure: Figure) -> str:
    return " ".join(text.get_text() for text in _texts(figure)).replace("\n", " ")


def test_a_cloud_has_a_band_about_each_running_mean_and_a_bar_at_each_choice() -> None:
    """The outcome is a line in the key and in the world, so that the truth of it is known."""
    figure = drawn("lhs")
    delay = next(axes for axes in figure.axes if axes.get_xlabel().startswith("policy.delay"))
    assert len(delay.collections) == 2
    for band, line in zip(delay.collections, delay.get_lines()[1::2], strict=True):
        (path,) = band.get_paths()
        x, y = (np.asarray(each, dtype=float) for each in (line.get_xdata(), line.get_ydata()))
        width = 4  # a fifth of the twenty points
        delays = np.sort(
            np.array([point["policy.delay"] for point in design(DESIGNS["lhs"]).points])
        )
        for place, mean in zip(x, y, strict=True):
            ends = path.vertices[np.isclose(path.vertices[:, 0], place), 1]
            spread = delays[np.argsort(abs(delays - place))[:width]].std(ddof=1) / math.sqrt(width)
            assert ends.min() <= mean - 2 * spread and mean + 2 * spread <= ends.max()
    kinds = next(axes for axes in figure.axes if axes.get_xlabel().startswith("network.kind"))
    bars = [line for line in kinds.get_lines() if len(set(line.get_xdata())) == 1
            and len(line.get_xdata()) == 2]  # fmt: skip
    assert len(bars) >= 4
    said = _words(figure)
    assert (
        "95% intervals, over the points drawn and the worlds, but for luck that all share" in said
    )
    assert "may lie up to 2.48 points higher or lower" in said  # Student's, of worlds 1, 2 and 3
    alone = _words(drawn("lhs", seeds=1))
    assert "over the points drawn; one world cannot tell its luck" in alone


def test_each_policy_has_its_rank_correlation_with_its_interval() -> None:
    found = design(DESIGNS["lhs"])
    frame = runs(found)
    frame.loc[frame["policy"] == "fast", "reputation"] *= -1
    figure = factors(frame, found, MEASURES["reputation"], "t")
    head = figure.axes[0].get_title(loc="left")
    assert head == "slow: r = \u22121.00\nfast: r = 1.00"
    points = by_point(frame, found.keys, "reputation")
    table = rank_correlations(points, found.keys).set_index(["key", "policy"])
    row = table.loc[("talk.failure", "slow")]
    z, width = np.arctanh(row["rho"]), 1.96 * math.sqrt((1 + row["rho"] ** 2 / 2) / 17)
    assert (row["low"], row["high"]) == pytest.approx((np.tanh(z - width), np.tanh(z + width)))


def test_the_interval_of_a_rank_correlation_covers_the_truth() -> None:
    generator = np.random.default_rng(8)
    truth, trials, hits = 6 / np.pi * np.arcsin(0.6 / 2), 400, 0  # Spearman's of a normal pair
    for _ in range(trials):
        x, y = generator.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 40).T
        frame = pd.DataFrame({"policy": "p", "policy.delay": x, "mean": y})
        (row,) = rank_correlations(frame, ["policy.delay"]).itertuples()
        hits += row.low <= truth <= row.high
    assert hits >= scipy.stats.binom.ppf(0.001, trials, 0.95)


def test_listed_keys_of_a_nested_design_tell_their_paired_difference() -> None:
    figure = drawn("nested")
    fix = next(axes for axes in figure.axes if axes.get_xlabel().startswith("policy.fix"))
    assert fix.get_title(loc="left") == "1 less 0: 0 (0 to 0)"
    found = design(DESIGNS["nested"])
    frame = runs(found)
    frame["reputation"] += 2.0 * frame["policy.fix"] + frame["talk.failure"] * frame["policy.fix"]
    figure = factors(frame, found, MEASURES["reputation"], "t")
    fix = next(axes for axes in figure.axes if axes.get_xlabel().startswith("policy.fix"))
    own = 2.0 + frame.drop_duplicates("talk.failure")["talk.failure"]
    head = fix.get_title(loc="left")
    assert head.startswith(f"1 less 0: {own.mean():.1f} (")
    assert "paired" in _words(figure)


def test_only_the_strongest_six_of_many_keys_are_drawn() -> None:
    many = {
        f"policy.{name}": [0, 1]
        for name in (
            "fix",
            "apology",
            "empathy",
            "excuse",
            "follow_up",
            "updates",
            "proactive",
            "replies",
        )
    }
    figure = picture({"lhs": {"samples": 12, "ranges": many}})
    assert len(figure.axes) == 6
    assert any("The strongest 6 of 8 keys" in text.get_text().replace("\n", " ")
               for text in _texts(figure))  # fmt: skip


def test_runs_whose_outcome_is_undefined_are_left_out() -> None:
    found = design(DESIGNS["one key"])
    frame = runs(found)
    frame.loc[(frame["policy"] == "slow") & (frame["policy.delay"] == 8), "reputation"] = np.nan
    (axes,) = factors(frame, found, MEASURES["reputation"], "t").axes
    assert [len(line.get_xdata()) for line in axes.get_lines()] == [2, 3]
