"""The sphere in 240 bits: what is true of two regions, and by how much.

Shares neither code nor method with the service. A region is a tree of "or",
"and" and "not" over shapes; a shape is the arcs of circles that bound it, and
a way to tell on which side of them a position is. To compare two regions, all
their edges are cut where they meet, and the positions beside the middle of
every piece are asked in which region they are.
"""

from functools import cached_property

import gmpy2
from gmpy2 import mpfr

gmpy2.get_context().precision = 240
# Pi through atan2, so that the constant too is MPFR's own.
PI = gmpy2.const_pi()
# What is closer than this is on an edge; a step aside from an edge.
ON = mpfr("1e-55")
ASIDE = mpfr("1e-40")


def radians(degrees):
    return mpfr(degrees) * PI / 180


def vector(lon, lat):
    lon, lat = radians(lon), radians(lat)
    c = gmpy2.cos(lat)
    return (c * gmpy2.cos(lon), c * gmpy2.sin(lon), gmpy2.sin(lat))


def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a, b):
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


def sum_of(*terms):
    """The sum of (factor, vector)."""
    return tuple(sum(k * v[i] for k, v in terms) for i in range(3))


def unit(a):
    length = gmpy2.sqrt(dot(a, a))
    return (a[0] / length, a[1] / length, a[2] / length)


def angle(a, b):
    c = cross(a, b)
    return gmpy2.atan2(gmpy2.sqrt(dot(c, c)), dot(a, b))


def across(a):
    """A unit vector at right angles."""
    i = min(range(3), key=lambda i: abs(a[i]))
    axis = tuple(mpfr(1 if k == i else 0) for k in range(3))
    return unit(cross(a, axis))


class Arc:
    """Part of a circle round an axis, counter-clockwise; all of it by default."""

    def __init__(self, axis, radius, start=None, length=None):
        self.axis, self.radius = axis, radius
        self.sin, self.cos = gmpy2.sin(radius), gmpy2.cos(radius)
        self.e1 = start if start is not None else across(axis)
        self.e2 = cross(axis, self.e1)
        self.length = 2 * PI if length is None else length
        self.full = length is None

    @staticmethod
    def great(a, b):
        return Arc(unit(cross(a, b)), PI / 2, a, angle(a, b))

    def at(self, t, aside=0):
        radius = self.radius + aside
        s = gmpy2.sin(radius)
        return sum_of(
            (gmpy2.cos(radius), self.axis),
            (s * gmpy2.cos(t), self.e1),
            (s * gmpy2.sin(t), self.e2),
        )

    def where(self, p):
        """The parameter of the point of the circle nearest to p, if on the arc."""
        x, y = dot(p, self.e1), dot(p, self.e2)
        t = gmpy2.atan2(y, x)
        if t < 0:
            t += 2 * PI
        if self.full or t <= self.length + ON:
            return t
        return mpfr(0) if t > 2 * PI - ON else None

    @cached_property
    def ends(self):
        return [self.at(0), self.at(self.length)]

    def holds(self, p):
        if abs(dot(p, self.axis) - self.cos) > ON:
            return None
        return self.where(p)

    def distance(self, p):
        if self.where(p) is not None:
            return abs(angle(p, self.axis) - self.radius)
        return min(angle(p, end) for end in self.ends)

    def crossings(self, other):
        g = dot(self.axis, other.axis)
        rest = 1 - g * g
        if rest < mpfr("1e-100"):
            return
        alpha = (self.cos - other.cos * g) / rest
        beta = (other.cos - self.cos * g) / rest
        p = sum_of((alpha, self.axis), (beta, other.axis))
        height = 1 - dot(p, p)
        if height < -ON:
            return
        h = gmpy2.sqrt(max(height, mpfr(0)) / rest)
        n = cross(self.axis, other.axis)
        for k in (h, -h) if h > 0 else (h,):
            q = sum_of((1, p), (k, n))
            s, t = self.where(q), other.where(q)
            if s is not None and t is not None:
                yield s, q

    def apart(self, other):
        """The least distance between two arcs that do not cross."""
        least = min(
            [other.distance(p) for p in self.ends] + [self.distance(p) for p in other.ends]
        )
        w = cross(cross(self.axis, other.axis), self.axis)
        if dot(w, w) < mpfr("1e-100"):
            return min(least, abs(self.radius - other.radius))
        w = unit(w)
        v = unit(cross(cross(other.axis, self.axis), other.axis))
        for i in (1, -1):
            p = sum_of((self.cos, self.axis), (i * self.sin, w))
            if self.where(p) is None:
                continue
            for j in (1, -1):
                q = sum_of((other.cos, other.axis), (j * other.sin, v))
                if other.where(q) is not None:
                    least = min(least, angle(p, q))
        return least

    def pieces(self, others):
        """The parameters of the middles of the pieces into which others cut it."""
        cuts = [mpfr(0), self.length]
        for other in others:
            if other is self:
                continue
            cuts += [t for t, _ in self.crossings(other)]
            for end in () if other.full else other.ends:
                t = self.holds(end)
                if t is not None:
                    cuts.append(t)
        cuts.sort()
        for s, t in zip(cuts, cuts[1:]):
            if t - s > mpfr("1e-45"):
                yield s, t


class Whole:
    """The sky."""

    arcs = ()

    def side(self, p):
        return 1


class Circle:
    def __init__(self, lon, lat, degrees):
        self.centre, self.radius = vector(lon, lat), radians(degrees)
        self.arcs = [Arc(self.centre, self.radius)]

    def side(self, p):
        depth = self.radius - angle(p, self.centre)
        return 0 if abs(depth) < ON else (1 if depth > 0 else -1)


class Polygon:
    """Simple, within the open hemisphere around `inner`."""

    def __init__(self, vertices, inner):
        ring = [v for i, v in enumerate(vertices) if v != vertices[i - 1]]
        self.vertices, self.inner = ring, inner
        self.arcs = [Arc.great(ring[i - 1], v) for i, v in enumerate(ring)]
        self.east = across(inner)
        self.north = cross(inner, self.east)
        self.flat = [self.seen(v) for v in ring]

    def seen(self, p):
        """Where a position is in the plane that touches the sphere at `inner`."""
        depth = dot(p, self.inner)
        return dot(p, self.east) / depth, dot(p, self.north) / depth

    def side(self, p):
        if dot(p, self.inner) <= 0:
            return -1
        if any(abs(dot(p, arc.axis)) < ON and arc.distance(p) < ON for arc in self.arcs):
            return 0
        # Edges are straight there: how many are to the east of it?
        x, y = self.seen(p)
        odd = False
        for i, (bx, by) in enumerate(self.flat):
            ax, ay = self.flat[i - 1]
            if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
                odd = not odd
        return 1 if odd else -1


class Range:
    """Between meridians, eastward, and parallels."""

    def __init__(self, west, east, south, north):
        span = mpfr(east) - mpfr(west)
        self.round = abs(span) >= 360
        self.width = 2 * PI if self.round else radians(span - 360 * gmpy2.floor(span / 360))
        self.west = radians(west)
        self.south, self.north = radians(south), radians(north)
        self.arcs = []
        pole = (mpfr(0), mpfr(0), mpfr(1))
        for lat in (south, north):
            if abs(lat) < 90:
                start = None if self.round else vector(west, 0)
                width = None if self.round else self.width
                self.arcs.append(Arc(pole, PI / 2 - radians(lat), start, width))
        if not self.round:
            for lon in (west, east):
                axis = vector(mpfr(lon) - 90, 0)
                self.arcs.append(Arc(axis, PI / 2, vector(lon, south), self.north - self.south))

    def side(self, p):
        if any(arc.distance(p) < ON for arc in self.arcs):
            return 0
        lat = gmpy2.atan2(p[2], gmpy2.sqrt(p[0] * p[0] + p[1] * p[1]))
        if not self.south <= lat <= self.north:
            return -1
        turn = gmpy2.atan2(p[1], p[0]) - self.west
        turn -= 2 * PI * gmpy2.floor(turn / (2 * PI))
        return 1 if turn <= self.width else -1


class Region:
    """A tree: a shape, or ("or"|"and", regions…), or ("not", region)."""

    def __init__(self, tree):
        self.tree = tree

    @cached_property
    def shapes(self):
        if isinstance(self.tree, tuple):
            return [shape for branch in self.tree[1:] for shape in branch.shapes]
        return [self.tree]

    def side(self, p):
        if not isinstance(self.tree, tuple):
            return self.tree.side(p)
        sides = [branch.side(p) for branch in self.tree[1:]]
        word = self.tree[0]
        return max(sides) if word == "or" else min(sides) if word == "and" else -sides[0]

    @cached_property
    def edges(self):
        """The arcs with the region on just one side."""
        arcs = [arc for shape in self.shapes for arc in shape.arcs]
        if not isinstance(self.tree, tuple):
            return arcs
        edges = []
        for arc in arcs:
            for s, t in arc.pieces(arcs):
                sides = {self.side(arc.at((s + t) / 2, k * ASIDE)) > 0 for k in (1, -1)}
                if len(sides) == 2:
                    if arc.full and t - s > 2 * PI - ON:
                        edges.append(arc)
                    else:
                        at = sum_of((gmpy2.cos(s), arc.e1), (gmpy2.sin(s), arc.e2))
                        edges.append(Arc(arc.axis, arc.radius, at, t - s))
        return edges

    @cached_property
    def degenerate(self):
        """Nothing, or positions without area: shapes that only touch."""
        return not self.edges and self.side(vector("12.3", "45.6")) <= 0

    def distance(self, p):
        """To the nearest edge: below zero outside."""
        least = min((arc.distance(p) for arc in self.edges), default=PI)
        return -least if self.side(p) < 0 else least


def holds_point(region, p):
    """How far inside (outside: below zero) a position is."""
    return region.distance(p)


def meets(a, b):
    """None when they have a point in common, else the gap between them."""
    if not a.edges or not b.edges:
        return None
    for first, second in ((a, b), (b, a)):
        for arc in first.edges:
            if any(second.side(p) >= 0 for p in [*arc.ends, arc.at(arc.length / 2)]):
                return None
    for arc in a.edges:
        for other in b.edges:
            if any(True for _ in arc.crossings(other)):
                return None
    return min(arc.apart(other) for arc in a.edges for other in b.edges)


def holds(outer, inner):
    """None when `inner` lies in `outer`, else about how far it reaches out."""
    if not inner.edges and outer.edges:
        return PI
    excess = None
    for region, other in ((inner, outer), (outer, inner)):
        for arc in region.edges:
            for s, t in arc.pieces(other.edges):
                middle = (s + t) / 2
                for k in (1, -1):
                    p = arc.at(middle, k * ASIDE)
                    if inner.side(p) > 0 and outer.side(p) < 0:
                        reach = min((edge.distance(p) for edge in other.edges), default=PI)
                        excess = reach if excess is None else max(excess, reach)
    return excess


def thickness(outer, inner):
    """About how far `inner` reaches out of `outer` where it fills a gap in that:
    as far as the gap is deep, which a sliver hardly is."""
    deepest = mpfr(0)
    for arc in inner.edges:
        for s, t in arc.pieces(outer.edges):
            for k in (1, -1):
                p = arc.at((s + t) / 2, k * ASIDE)
                if inner.side(p) > 0 and outer.side(p) < 0:
                    deepest = max(deepest, -outer.distance(p))
    for arc in outer.edges:
        for s, t in arc.pieces(inner.edges):
            for step in range(60):
                for k in (1, -1):
                    p = arc.at((s + t) / 2, k * PI / 2 / 2**step)
                    if inner.side(p) > 0 and outer.side(p) < 0:
                        deepest = max(deepest, -outer.distance(p))
    return deepest


def sharpness(*regions):
    """The sine of the sharpest angle between two edges of the regions where
    they cross or end: a tolerance across an edge reaches so much further along
    it, beyond such a corner."""
    sharpest = mpfr(1)
    for region in regions:
        arcs = [arc for shape in region.shapes for arc in shape.arcs]
        for i, arc in enumerate(arcs):
            for other in arcs[i + 1 :]:
                for _, q in arc.crossings(other):
                    one, two = unit(cross(arc.axis, q)), unit(cross(other.axis, q))
                    n = cross(one, two)
                    sine = gmpy2.sqrt(dot(n, n))
                    if sine > 1e-40:
                        sharpest = min(sharpest, sine)
    return sharpest
