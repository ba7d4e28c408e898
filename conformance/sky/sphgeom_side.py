"""The same questions to lsst-sphgeom, which answers in doubles."""

import lsst.sphgeom as sg

import oracle
from cases import truth


def point(lon, lat):
    return sg.UnitVector3d(sg.LonLat.fromDegrees(lon, lat))


def region(spec):
    """A region of sphgeom, or None where it has none."""
    kind, *values = spec
    try:
        if kind == "circle":
            return sg.Circle(point(*values[:2]), sg.Angle.fromDegrees(values[2]))
        if kind == "polygon":
            ring = values[0]
            made = sg.ConvexPolygon([point(*vertex) for vertex in ring])
            # It takes the hull: of the same polygon only when none is lost.
            return made if len(made.getVertices()) == len(set(ring)) else None
        if kind == "range":
            west, east, south, north = values
            lats = sg.AngleInterval.fromDegrees(south, north)
            if abs(east - west) >= 360:
                return sg.Box(sg.NormalizedAngleInterval.full(), lats)
            lons = sg.NormalizedAngleInterval.fromDegrees(west, east)
            return sg.Box(lons, lats)
        if kind == "ellipse":
            lon, lat, major, minor, bearing = values
            degrees = sg.Angle.fromDegrees
            if abs(lat) == 90.0:
                # What is north at a pole is a convention.
                return None
            return sg.Ellipse(point(lon, lat), degrees(major), degrees(minor), degrees(bearing))
        if kind in ("union", "intersection"):
            parts = [region(part) for part in values[0]]
            if any(part is None for part in parts):
                return None
            of = sg.UnionRegion if kind == "union" else sg.IntersectionRegion
            return of(*parts)
    except Exception:
        return None
    return None


def compare(a, b, yes, found):
    """What sphgeom says of the answers `yes`; `found` has the oracle's margins."""
    x = region(a)
    if x is None:
        return []
    margins = {name: margin for name, _, margin in found}
    if b[0] == "position":
        inside = x.contains(point(*b[1:]))
        return [("sphgeom point in", verdict(yes[9], inside, margins.get("point in"), (a,)), margins.get("point in"))]
    y = region(b)
    if y is None:
        return []
    flags = x.relate(y)
    results = []
    for name, claim, says in (
        ("meets", yes[0], False if flags & sg.DISJOINT else None),
        ("contains", yes[1], True if flags & sg.CONTAINS else None),
        ("within", yes[2], True if flags & sg.WITHIN else None),
    ):
        margin = margins.get(name)
        if says is None:
            results.append((f"sphgeom {name}", "conservative", margin))
        else:
            if claim and not says and name == "meets" and margin is None:
                # They do: by how much?
                margin = oracle.thickness(oracle.Region(("not", truth(b))), truth(a))
            results.append((f"sphgeom {name}", verdict(claim, says, margin, (a, b)), margin))
    return results


def poles(spec):
    """The poles that ranges in a region reach."""
    kind, *values = spec
    if kind == "range":
        return {lat for lat in values[2:] if abs(lat) == 90.0}
    if kind in ("union", "intersection"):
        return set().union(*map(poles, values[0]))
    return set()


def verdict(ours, theirs, margin, regions):
    if ours == theirs:
        return "agrees"
    # The chord of a radius near 180 degrees has few digits.
    wide = any(r[0] == "circle" and r[3] > 179.99 for r in regions)
    reached = [poles(r) for r in regions]
    if not theirs and len(reached) == 2 and reached[0] & reached[1]:
        return "pole"
    if wide or (margin is not None and abs(margin) < 2.6e-14):
        return "rounding"
    return f"WRONG: {theirs}"
