"""Points and polygons on the map: which polygon holds a point, how far it is, whether two overlap, GCJ-02 to WGS-84.

Points are (longitude, latitude) in degrees. Good for areas of a few kilometres; no polygon may cross the 180th meridian.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

Point = tuple[float, float]
Polygon = Sequence[Point]

_AXIS, _SQUARED_ECCENTRICITY = 6378245.0, 0.00669342162296594323  # Krasovsky 1940, as GCJ-02 uses it
_METRES_PER_DEGREE = 111_320.0
_SHARED = 1e-7
"""Degrees (about a centimetre) by which neighbours may overlap: two drawings of one border never agree exactly."""


def in_china(lon: float, lat: float) -> bool:
    """Whether GCJ-02 differs from WGS-84 here: the rectangle the published transform is defined on."""
    return 73.66 < lon < 135.05 and 3.86 < lat < 53.55


def to_gcj02(lon: float, lat: float) -> Point:
    """The point as Chinese maps show it; unchanged outside China. Forward transform as published for GCJ-02."""
    if not in_china(lon, lat):
        return lon, lat
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def to_wgs84(lon: float, lat: float) -> Point:
    """The point a GCJ-02 position stands for; unchanged outside China.

    Iterates until the forward transform meets the position within 1e-9 degrees (0.1 mm), so going there and back
    again is exact to well under a metre; how well GCJ-02 itself is known is some metres.
    """
    if not in_china(lon, lat):
        return lon, lat
    found_lon, found_lat = lon, lat
    for _ in range(12):
        east, north = _shift(found_lon, found_lat)
        step_lon, step_lat = lon - east - found_lon, lat - north - found_lat
        found_lon, found_lat = found_lon + step_lon, found_lat + step_lat
        if abs(step_lon) < 1e-9 and abs(step_lat) < 1e-9:
            break
    return found_lon, found_lat


def _shift(lon: float, lat: float) -> Point:
    x, y = lon - 105.0, lat - 35.0
    wave = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave
    north += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave
    east += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    radians = lat / 180.0 * math.pi
    curve = 1.0 - _SQUARED_ECCENTRICITY * math.sin(radians) ** 2
    meridian = (_AXIS * (1.0 - _SQUARED_ECCENTRICITY)) / (curve * math.sqrt(curve))
    parallel = _AXIS / math.sqrt(curve) * math.cos(radians)
    return east * 180.0 / (parallel * math.pi), north * 180.0 / (meridian * math.pi)


def metres(first: Point, second: Point) -> float:
    """The distance of two points a few kilometres apart, within half a percent."""
    across = math.cos(math.radians((first[1] + second[1]) / 2.0))
    return math.hypot((first[0] - second[0]) * across, first[1] - second[1]) * _METRES_PER_DEGREE


def holds(polygon: Polygon, point: Point) -> bool:
    """Whether the point lies in the polygon.

    A point on a border between two polygons belongs to exactly one of them: the one to its east, or north of it.
    """
    lon, lat = point
    inside = False
    for (lon_a, lat_a), (lon_b, lat_b) in _edges(polygon):
        if (lat_a > lat) != (lat_b > lat):
            if lat_a > lat_b:  # one direction for both neighbours, so that they round alike
                lon_a, lat_a, lon_b, lat_b = lon_b, lat_b, lon_a, lat_a
            if lon < lon_a + (lat - lat_a) * (lon_b - lon_a) / (lat_b - lat_a):
                inside = not inside
    return inside


def distance(polygon: Polygon, point: Point) -> float:
    """Metres from the point to the border of the polygon; 0.0 inside."""
    if holds(polygon, point):
        return 0.0
    return min(metres(point, _nearest(a, b, point)) for a, b in _edges(polygon))


def _nearest(start: Point, end: Point, point: Point) -> Point:
    across = math.cos(math.radians(point[1])) ** 2
    east, north = end[0] - start[0], end[1] - start[1]
    length = east * east * across + north * north
    along = ((point[0] - start[0]) * east * across + (point[1] - start[1]) * north) / length if length else 0.0
    along = min(1.0, max(0.0, along))
    return start[0] + along * east, start[1] + along * north


def overlap(first: Polygon, second: Polygon) -> bool:
    """Whether two polygons share ground; a common border, drawn within a centimetre, is none.

    Exact: between two heights where a corner or a crossing lies, the order of the edges cannot change.
    """
    if not _boxes_meet(box(first), box(second)):
        return False
    edges = (*_edges(first), *_edges(second))
    heights = sorted({lat for polygon in (first, second) for _, lat in polygon} | set(_crossings(edges)))
    return any(
        high - low > _SHARED and _share_line(first, second, (low + high) / 2.0) for low, high in pairwise(heights)
    )


def crosses_itself(polygon: Polygon) -> bool:
    """Whether two edges that are no neighbours meet: such a drawing has no clear inside."""
    edges = list(_edges(polygon))
    last = len(edges) - 1
    for i, (a, b) in enumerate(edges):
        for j in range(i + 2, len(edges)):
            if not (i == 0 and j == last) and _meet(a, b, *edges[j]):
                return True
    return False


def box(polygon: Polygon) -> tuple[float, float, float, float]:
    """West, south, east, north."""
    lons, lats = [lon for lon, _ in polygon], [lat for _, lat in polygon]
    return min(lons), min(lats), max(lons), max(lats)


def _boxes_meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _edges(polygon: Polygon) -> Iterator[tuple[Point, Point]]:
    return zip(polygon, (*polygon[1:], polygon[0]), strict=True)


def _crossings(edges: Sequence[tuple[Point, Point]]) -> Iterator[float]:
    """The latitudes where two edges cross."""
    for i, ((ax, ay), (bx, by)) in enumerate(edges):
        for (cx, cy), (dx, dy) in edges[i + 1 :]:
            slope = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx)
            if slope:
                along = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / slope
                if 0.0 <= along <= 1.0:
                    yield ay + along * (by - ay)


def _share_line(first: Polygon, second: Polygon, lat: float) -> bool:
    """Whether a line from west to east at this latitude runs through both at once, for more than a centimetre."""
    return any(
        min(east, other_east) - max(west, other_west) > _SHARED
        for west, east in _stretches(first, lat)
        for other_west, other_east in _stretches(second, lat)
    )


def _stretches(polygon: Polygon, lat: float) -> list[Point]:
    lons = sorted(
        a[0] + (lat - a[1]) * (b[0] - a[0]) / (b[1] - a[1]) for a, b in _edges(polygon) if (a[1] > lat) != (b[1] > lat)
    )
    return list(zip(lons[::2], lons[1::2], strict=False))


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def middle(polygon: Polygon) -> Point:
    """A point in the middle of the corners: good enough to say how far away an area is."""
    return sum(lon for lon, _ in polygon) / len(polygon), sum(lat for _, lat in polygon) / len(polygon)
