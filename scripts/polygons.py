"""Leaves points out of polygons that nobody would see (the method of Ramer, Douglas and Peucker)."""

from __future__ import annotations

import math

Point = tuple[int, int]
Polygon = list[Point]


def simplified(polygon: Polygon, tolerance: float) -> Polygon:
    """Return the polygon with fewer points; no line moves by more than the tolerance, in units of the points."""
    far = max(range(len(polygon)), key=lambda index: math.dist(polygon[index], polygon[0]))
    there = _line(polygon[: far + 1], tolerance)
    back = _line([*polygon[far:], polygon[0]], tolerance)
    return there[:-1] + back[:-1]


def _line(points: Polygon, tolerance: float) -> Polygon:
    """Keep both ends, and what is between only where it bends."""
    if len(points) < 3:
        return points
    distances = [_distance(point, points[0], points[-1]) for point in points[1:-1]]
    farthest = max(distances)
    if farthest <= tolerance:
        return [points[0], points[-1]]
    bend = distances.index(farthest) + 1
    return _line(points[: bend + 1], tolerance)[:-1] + _line(points[bend:], tolerance)


def _distance(point: Point, start: Point, end: Point) -> float:
    """How far a point is from the straight line through two others, or from the first if they are the same."""
    across, up = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, up)
    if length == 0:
        return math.dist(point, start)
    return abs((point[0] - start[0]) * up - (point[1] - start[1]) * across) / length
