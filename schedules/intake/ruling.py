"""From ruled lines to the grid of a table: which cells there are, and which are merged."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

Box = tuple[float, float, float, float]  # left, top, right, bottom
SNAP = 3.0  # lines nearer than this are one
SHORTEST = 4.0  # shorter ones are the ends of thick lines


class Edge(NamedTuple):
    """A straight line: "h" at a height from left to right, "v" at a distance from top to bottom."""

    way: Literal["h", "v"]
    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Grid:
    """A table's columns ``xs`` and rows ``ys``; ``owner`` gives for each place the first place of its merged cell."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    owner: tuple[int, ...]
    texts: Mapping[int, str] = field(default_factory=dict, hash=False)

    @property
    def top(self) -> float:
        return self.ys[0]

    @property
    def columns(self) -> int:
        return len(self.xs) - 1

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies inside the table."""
        return self.xs[0] <= x <= self.xs[-1] and self.ys[0] <= y <= self.ys[-1]

    def cell_at(self, x: float, y: float) -> int | None:
        """The cell a point lies in."""
        column, row = bisect_right(self.xs, x) - 1, bisect_right(self.ys, y) - 1
        inside = 0 <= column < self.columns and 0 <= row < len(self.ys) - 1
        return self.owner[row * self.columns + column] if inside else None

    def box(self, cell: int) -> Box:
        """The place of a cell with all it is merged with."""
        places = [at for at, first in enumerate(self.owner) if first == cell]
        rows, columns = [at // self.columns for at in places], [at % self.columns for at in places]
        return self.xs[min(columns)], self.ys[min(rows)], self.xs[max(columns) + 1], self.ys[max(rows) + 1]

    def with_texts(self, texts: Mapping[int, str]) -> Grid:
        """The same grid, filled."""
        return replace(self, texts=texts)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Row by row, the text of a merged cell in every place it covers."""
        for row in range(len(self.ys) - 1):
            places = range(row * self.columns, (row + 1) * self.columns)
            yield tuple(self.texts.get(self.owner[place], "") for place in places)


def grids(edges: Sequence[Edge]) -> list[Grid]:
    """The tables that these lines draw, from top to bottom."""
    lines = _merged(edges)
    found = (_grid(part) for part in _connected(lines))
    return sorted((grid for grid in found if grid), key=lambda grid: grid.top)


def _merged(edges: Sequence[Edge]) -> list[Edge]:
    """Lines that continue or cover one another made one, and those nearly at one place put at one place."""
    result: list[Edge] = []
    for way in ("h", "v"):
        mine = [edge for edge in edges if edge.way == way and edge.end - edge.start > SHORTEST]
        for level, group in _levels(mine):
            start = end = None
            for edge in sorted(group, key=lambda edge: edge.start):
                if end is not None and start is not None and edge.start <= end + SNAP:
                    end = max(end, edge.end)
                    continue
                if start is not None and end is not None:
                    result.append(Edge(edge.way, level, start, end))
                start, end = edge.start, edge.end
            if start is not None and end is not None:
                result.append(Edge(group[0].way, level, start, end))
    return result


def _levels(edges: Sequence[Edge]) -> Iterator[tuple[float, list[Edge]]]:
    group: list[Edge] = []
    for edge in sorted(edges, key=lambda edge: edge.at):
        if group and edge.at - group[-1].at > SNAP:
            yield group[0].at, group
            group = []
        group.append(edge)
    if group:
        yield group[0].at, group


def _connected(lines: Sequence[Edge]) -> list[list[Edge]]:
    """Lines that touch one another, however indirectly, are one table."""
    across = [line for line in lines if line.way == "h"]
    parent = list(range(len(lines)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    place = {id(line): at for at, line in enumerate(lines)}
    for at, line in enumerate(lines):
        if line.way == "v":
            for other in across:
                if _touch(other, line):
                    parent[root(place[id(other)])] = root(at)
    groups: dict[int, list[Edge]] = {}
    for at, line in enumerate(lines):
        groups.setdefault(root(at), []).append(line)
    return list(groups.values())


def _touch(across: Edge, down: Edge) -> bool:
    return across.start - SNAP <= down.at <= across.end + SNAP and down.start - SNAP <= across.at <= down.end + SNAP


def _grid(lines: Sequence[Edge]) -> Grid | None:
    across = [line for line in lines if line.way == "h"]
    down = [line for line in lines if line.way == "v"]
    xs = tuple(sorted({line.at for line in down}))
    ys = tuple(sorted({line.at for line in across}))
    if len(xs) < 2 or len(ys) < 2 or len(xs) > 60:
        return None
    return Grid(xs, ys, _owners(xs, ys, across, down))


def _owners(xs: Sequence[float], ys: Sequence[float], across: Sequence[Edge], down: Sequence[Edge]) -> tuple[int, ...]:
    """For each place the first place of its cell: neighbours without a line between them are merged."""
    columns, rows = len(xs) - 1, len(ys) - 1
    walls = {(line.at, row) for line in down for row in range(rows) if _covers(line, ys[row], ys[row + 1])}
    floors = {
        (line.at, column) for line in across for column in range(columns) if _covers(line, xs[column], xs[column + 1])
    }
    owner = list(range(columns * rows))

    def first(place: int) -> int:
        while owner[place] != place:
            place = owner[place]
        return place

    for row in range(rows):
        for column in range(columns):
            place = row * columns + column
            if column and (xs[column], row) not in walls:
                _join(owner, first(place - 1), first(place))
            if row and (ys[row], column) not in floors:
                _join(owner, first(place - columns), first(place))
    return tuple(first(place) for place in range(columns * rows))


def _join(owner: list[int], one: int, other: int) -> None:
    owner[max(one, other)] = min(one, other)


def _covers(line: Edge, start: float, end: float) -> bool:
    return line.start <= start + SNAP and line.end >= end - SNAP
