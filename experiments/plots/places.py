"""Where the names of lines and points go in a picture, so that none lies over another."""

from collections.abc import Sequence

Box = tuple[float, float, float, float]
"""Left, lower, right and upper edge."""

Corner = tuple[float, float, str]
"""Where a name starts from its point: across, up, and the side that touches, `left` or `right`."""

LETTER, LINE = 6.0, 11.0
"""Rough width of a letter and height of a line, in points of a text of 9.5 points."""

_AROUND: tuple[Corner, ...] = (
    (9, 6, "left"), (9, -15, "left"), (-9, 6, "right"), (-9, -15, "right"),
    (9, 20, "left"), (-9, 20, "right"), (9, -29, "left"), (-9, -29, "right"),
)  # fmt: skip


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Move places apart to at least `gap`, in their order and as little as possible.

    This is isotonic regression by pooling neighbours (Ayer et al. 1955).

    >>> [round(place, 2) for place in spread([1.0, 1.1, 5.0], 1.0)]
    [0.55, 1.55, 5.0]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    groups: list[tuple[int, float]] = []  # of names that touch: how many, and the sum of starts
    for rank, i in enumerate(order):
        count, total = 1, places[i] - rank * gap
        while groups and groups[-1][1] / groups[-1][0] > total / count:
            before = groups.pop()
            count, total = count + before[0], total + before[1]
        groups.append((count, total))
    starts = [total / count for count, total in groups for _ in range(count)]
    moved = [0.0] * len(places)
    for rank, i in enumerate(order):
        moved[i] = starts[rank] + rank * gap
    return moved


def beside_points(
    points: Sequence[tuple[float, float]],
    names: Sequence[str],
    frame: Box,
    bars: Sequence[Box] = (),
) -> list[Corner]:
    """Return for each point where its name hides no other point, bar or name, nor leaves the frame.

    Parameters
    ----------
    points, frame
        In points (1/72 inch), from the same origin.
    bars
        How far the bars of each point reach: to the left, down, to the right and up; from the same
        origin. None where there are none.
    """
    taken: list[Box] = [(x - 6, y - 6, x + 6, y + 6) for x, y in points]
    for (x, y), (left, low, right, high) in zip(points, bars, strict=False):
        taken += [(x - _THICK, low, x + _THICK, high), (left, y - _THICK, right, y + _THICK)]
    ends: Sequence[Box] = bars or [(x, y, x, y) for x, y in points]
    chosen = []
    for (x, y), name, reach in zip(points, names, ends, strict=True):
        corners = [*_AROUND, *_beyond(x, y, reach)]
        hidden = [_hidden(_box(x, y, corner, name), taken, frame) for corner in corners]
        corner = corners[hidden.index(min(hidden))]
        taken.append(_box(x, y, corner, name))
        chosen.append(corner)
    return chosen


_THICK = 3.0
"""Half of what a bar takes, and a little room."""


def _beyond(x: float, y: float, reach: Box) -> list[Corner]:
    """Return places at the ends of the bars of a point, where a name is still plainly its own."""
    left, low, right, high = reach
    up, down = high - y + 3, low - y - LINE - 3
    return [
        (-4, up, "left"), (4, up, "right"), (-4, down, "left"), (4, down, "right"),
        (right - x + 4, -LINE / 2, "left"), (left - x - 4, -LINE / 2, "right"),
    ]  # fmt: skip


def _box(x: float, y: float, corner: Corner, name: str) -> Box:
    across, up, side = corner
    width = LETTER * len(name)
    left = x + across - (width if side == "right" else 0.0)
    return left, y + up, left + width, y + up + LINE


def _hidden(box: Box, taken: Sequence[Box], frame: Box) -> float:
    """Return the area of a box that lies over others or outside the frame."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    return sum(_overlap(box, other) for other in taken) + area - _overlap(box, frame)


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, up)
