"""Pairs of regions, in the places where arithmetic on the sphere goes wrong.

A region is a tuple of its kind and its numbers (degrees), which are doubles:
the service and the oracle read the same ones.
"""

import math
import random

import gmpy2

import healpix
import oracle

CORNER = 41.810314895778596  # where the polar caps of HEALPix begin

# name, longitude, latitude
PLACES = [
    ("north pole", 0.0, 90.0),
    ("south pole", 0.0, -90.0),
    ("near a pole", 123.4, 89.99995),
    ("longitude 0", 0.0, 20.0),
    ("longitude 360", 359.9999999, -35.0),
    ("cell corner", 90.0, CORNER),
    ("cell corner", 45.0, 0.0),
    ("equator", 200.0, 0.0),
    ("anywhere", None, None),
    ("anywhere", None, None),
]

MAS = 1 / 3.6e6
SIZES = {
    "mas": (MAS, 100 * MAS),
    "arcsec": (1 / 3600, 1 / 60),
    "degree": (0.02, 5.0),
    "large": (5.0, 60.0),
    "hemisphere": (60.0, 89.9),
}

KINDS = [
    "point", "circle", "wide", "convex", "concave", "box", "range", "ellipse",
    "union", "intersection", "not", "moc",
]
# Kinds whose edges are no circles: with other regions they are drawn as
# polygons within an arcsecond, with positions they are exact.
DRAWN = {"ellipse", "moc"}


def at(lon, lat, distance, bearing):
    """The position at a distance and bearing, in doubles."""
    f, d, b = math.radians(lat), math.radians(distance), math.radians(bearing)
    # Without the loss of an arc sine near a pole.
    x = math.cos(f) * math.cos(d) - math.sin(f) * math.sin(d) * math.cos(b)
    y = math.sin(d) * math.sin(b)
    z = math.sin(f) * math.cos(d) + math.cos(f) * math.sin(d) * math.cos(b)
    turn = math.degrees(math.atan2(y, x))
    return (lon + turn) % 360.0, math.degrees(math.atan2(z, math.hypot(x, y)))


def text(region):
    kind, *values = region
    words = lambda numbers: " ".join(repr(float(n)) for n in numbers)
    if kind == "polygon":
        return "POLYGON " + words(n for vertex in values[0] for n in vertex)
    if kind in ("union", "intersection"):
        return f"{kind.upper()} ({' '.join(text(part) for part in values[0])})"
    if kind == "not":
        return f"NOT ({text(values[0])})"
    if kind == "moc":
        order, cells = values
        return f"MOC {order}/{','.join(map(str, cells))}"
    return f"{kind.upper()} {words(values)}"


def drawn(region):
    """Whether an ellipse or a MOC has a part in it."""
    kind, *values = region
    if kind in ("union", "intersection"):
        return any(map(drawn, values[0]))
    return kind in DRAWN or (kind == "not" and drawn(values[0]))


class Ellipse(oracle.Polygon):
    """Drawn as a polygon; its inside is that of the cone."""

    def __init__(self, lon, lat, major, minor, bearing):
        self.centre = oracle.vector(lon, lat)
        north = oracle.vector(lon, gmpy2.mpfr(lat) + 90)
        east = oracle.cross(north, self.centre)
        b = oracle.radians(bearing)
        cos, sin = gmpy2.cos(b), gmpy2.sin(b)
        self.along = oracle.sum_of((cos, north), (sin, east))
        self.across = oracle.sum_of((-sin, north), (cos, east))
        self.major, self.minor = gmpy2.tan(oracle.radians(major)), gmpy2.tan(oracle.radians(minor))
        ring = []
        steps = 24
        for i in range(steps):
            t = 2 * oracle.PI * i / steps
            ring.append(oracle.unit(oracle.sum_of(
                (1, self.centre),
                (self.major * gmpy2.cos(t), self.along),
                (self.minor * gmpy2.sin(t), self.across),
            )))
        super().__init__(ring, self.centre)

    def depth(self, p):
        """About how far inside a position is, radians."""
        z = oracle.dot(p, self.centre)
        if z <= 0:
            return gmpy2.mpfr(-1)
        x, y = oracle.dot(p, self.along) / z, oracle.dot(p, self.across) / z
        value = (x / self.major) ** 2 + (y / self.minor) ** 2 - 1
        slope = 2 * gmpy2.sqrt((x / self.major**2) ** 2 + (y / self.minor**2) ** 2)
        if slope == 0:
            return min(self.major, self.minor)
        return -value / slope / (1 + x * x + y * y)


def truth(region):
    """The region for the oracle."""
    kind, *values = region
    if kind in ("box", "ellipse") and abs(values[1]) == 90:
        # The pole is one position, whatever longitude it is said with.
        values[0] = 0.0
    if kind in ("position", "point"):
        raise ValueError("a position has no edges")
    if kind == "circle":
        if values[2] >= 180:
            return oracle.Region(oracle.Whole())
        return oracle.Region(oracle.Circle(*values))
    if kind == "polygon":
        vertices, inner = values
        ring = [oracle.vector(*vertex) for vertex in vertices]
        return oracle.Region(oracle.Polygon(ring, oracle.vector(*inner)))
    if kind == "box":
        lon, lat, width, height = values
        centre = oracle.vector(lon, lat)
        north = oracle.vector(lon, gmpy2.mpfr(lat) + 90)
        east = oracle.cross(north, centre)
        x, y = gmpy2.tan(oracle.radians(width) / 2), gmpy2.tan(oracle.radians(height) / 2)
        corner = lambda i, j: oracle.unit(
            oracle.sum_of((1, centre), (i * x, east), (j * y, north))
        )
        ring = [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)]
        return oracle.Region(oracle.Polygon(ring, centre))
    if kind == "range":
        return oracle.Region(oracle.Range(*values))
    if kind == "ellipse":
        return oracle.Region(Ellipse(*values))
    if kind == "moc":
        order, cells = values
        parts = [oracle.Region(healpix.outline(order, cell, 2)) for cell in cells]
        return oracle.Region(("or", *parts))
    if kind == "not":
        return oracle.Region(("not", truth(values[0])))
    word = "or" if kind == "union" else "and"
    return oracle.Region((word, *map(truth, values[0])))


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def place(self):
        name, lon, lat = self.random.choice(PLACES)
        if lon is None:
            lon = self.random.uniform(0, 360)
            lat = math.degrees(math.asin(self.random.uniform(-1, 1)))
        return name, lon, lat

    def size(self):
        name = self.random.choice(list(SIZES))
        low, high = SIZES[name]
        return name, math.exp(self.random.uniform(math.log(low), math.log(high)))

    def star(self, lon, lat, size, least, count=None):
        count = count or self.random.choice([3, 4, 4, 5, 6, 8, 11])
        turn = self.random.uniform(0, 360)
        way = self.random.choice([1, -1])
        vertices = []
        for i in range(count):
            reach = size * self.random.uniform(least, 1)
            vertices.append(at(lon, lat, reach, turn + way * 360 * i / count))
        return ("polygon", vertices, (lon, lat))

    def region(self, kind, lon, lat, size):
        uniform = self.random.uniform
        if kind == "point":
            return ("position", lon, lat)
        if kind == "circle":
            return ("circle", lon, lat, size)
        if kind == "wide":
            return ("circle", lon, lat, self.random.choice([90.0, 180.0 - size, 179.0, 120.0]))
        if kind == "convex":
            return self.star(lon, lat, size, 1.0)
        if kind == "concave":
            return self.star(lon, lat, size, 0.15)
        if kind == "box":
            return ("box", lon, lat, size * uniform(0.2, 1.9), size * uniform(0.2, 1.9))
        if kind == "range":
            south = max(lat - size * uniform(0.2, 1), -90.0)
            north = min(lat + size * uniform(0.2, 1), 90.0)
            wide = min(size / max(math.cos(math.radians(lat)), 0.01), 175.0)
            west = (lon - wide * uniform(0.1, 1)) % 360.0
            east = (lon + wide * uniform(0.1, 1)) % 360.0
            if self.random.random() < 0.05:
                west, east = 0.0, 360.0
            return ("range", west, east, south, north)
        if kind == "ellipse":
            major = min(size, 0.5)
            return ("ellipse", lon, lat, major, major * uniform(0.2, 1), uniform(0, 180))
        if kind in ("union", "intersection"):
            parts = []
            for _ in range(self.random.choice([2, 2, 3])):
                sub = self.random.choice(["circle", "convex", "concave", "range", "box"])
                near = at(lon, lat, size * uniform(0, 0.9), uniform(0, 360))
                parts.append(self.region(sub, *near, size * uniform(0.3, 1)))
            return (kind, parts)
        if kind == "not":
            sub = self.random.choice(["circle", "convex", "range", "box"])
            return ("not", self.region(sub, lon, lat, size))
        order = max(8, min(20, int(math.log2(58.6 / size))))
        cells = {healpix.cell(order, *at(lon, lat, 2**-order * 50 * i, 70 * i))[0] for i in range(3)}
        return ("moc", order, sorted(cells))

    def corner(self, region):
        """A position at a vertex or on an edge, rounded to doubles."""
        kind, *values = region
        pick = self.random
        if kind in ("position", "point"):
            return "vertex", tuple(values)
        if kind == "polygon":
            ring = values[0]
            i = pick.randrange(len(ring))
            if pick.random() < 0.5:
                return "vertex", ring[i]
            a, b = oracle.vector(*ring[i - 1]), oracle.vector(*ring[i])
            t = pick.random()
            return "edge", degrees(oracle.sum_of((1 - t, a), (t, b)))
        if kind == "circle":
            lon, lat, radius = values
            return "edge", at(lon, lat, radius, pick.uniform(0, 360))
        if kind == "range":
            west, east, south, north = values
            if pick.random() < 0.5:
                return "vertex", (pick.choice([west, east]), pick.choice([south, north]))
            share = pick.random() * ((east - west) % 360.0)
            return "edge", ((west + share) % 360.0, pick.choice([south, north]))
        if kind in ("union", "intersection"):
            return self.corner(pick.choice(values[0]))
        if kind == "not":
            return self.corner(values[0])
        if kind == "moc":
            order, cells = values
            ring = healpix.outline(order, pick.choice(cells), 1).vertices
            return "edge", degrees(pick.choice(ring))
        arcs = truth(region).shapes[0].arcs
        return "edge", degrees(pick.choice(arcs).ends[0])

    def respelled(self, region):
        kind, *values = region
        if kind == "polygon":
            ring = list(values[0])
            if self.random.random() < 0.5:
                ring.reverse()
            k = self.random.randrange(len(ring))
            ring = ring[k:] + ring[:k]
            if self.random.random() < 0.5:
                ring = ring + [ring[0]]
            if self.random.random() < 0.5:
                ring.insert(1, ring[1])
            return ("polygon", ring, values[1])
        return region

    def second(self, a, kind, lon, lat, size):
        """A region that has to do with the first one, and how."""
        pick = self.random
        way = pick.choice(
            ["near", "near", "near", "inside", "around", "same", "touch", "touch", "edge",
             "tangent", "antipode", "far"]
        )
        if way == "same" and kind != "point":
            return way, self.respelled(a)
        if way == "antipode":
            return way, self.region(kind, (lon + 180) % 360, -lat, size * pick.uniform(0.1, 1))
        if way == "far":
            place = at(lon, lat, pick.uniform(0, 180), pick.uniform(0, 360))
            return way, self.region(kind, *place, self.size()[1])
        if way == "inside":
            place = at(lon, lat, size * pick.uniform(0, 0.1), pick.uniform(0, 360))
            return way, self.region(kind, *place, size * pick.uniform(0.01, 0.1))
        if way == "around":
            return way, self.region(kind, lon, lat, min(size * pick.uniform(1, 2), 89.9))
        if way in ("touch", "edge", "tangent"):
            spot, place = self.corner(a)
            if kind == "point":
                return spot, ("position", *place)
            if kind in ("convex", "concave") and a[0] == "polygon" and way == "edge":
                # An edge in common, and a third corner on either side of it.
                ring = a[1]
                i = pick.randrange(len(ring))
                middle = degrees(
                    oracle.sum_of((1, oracle.vector(*ring[i - 1])), (1, oracle.vector(*ring[i])))
                )
                third = at(*middle, size * pick.uniform(0.01, 0.5), pick.uniform(0, 360))
                return "shared edge", ("polygon", [ring[i - 1], ring[i], third], middle)
            if kind in ("convex", "concave"):
                _, ring, inner = self.star(*place, size * pick.uniform(0.1, 1), 0.6, 3)
                ring[0] = place
                return "shared vertex", ("polygon", ring, degrees(centre_of(ring)))
            if kind == "circle":
                # Its rim passes the spot: away from it by the radius, as exactly
                # as doubles have it.
                middle = at(*place, min(size * pick.uniform(0.1, 1), 89), pick.uniform(0, 360))
                radius = oracle.angle(oracle.vector(*place), oracle.vector(*middle))
                radius = float(radius * 180 / oracle.PI)
                if way == "tangent" and a[0] == "circle":
                    gap = oracle.angle(oracle.vector(*a[1:3]), oracle.vector(*middle))
                    radius = abs(float(gap * 180 / oracle.PI) - a[3])
                return "tangent", ("circle", *middle, min(radius, 180.0))
            return "touch", self.region(kind, *place, size * pick.uniform(0.05, 1))
        place = at(lon, lat, size * pick.uniform(0, 2), pick.uniform(0, 360))
        ratio = pick.choice([1, 0.3, 0.02, pick.uniform(0.1, 1.2)])
        return way, self.region(kind, *place, min(size * ratio, 89.9))

    def case(self, first, second):
        where, lon, lat = self.place()
        scale, size = self.size()
        a = self.region(first, lon, lat, size)
        # Sizes that the kind has limited.
        size = {"ellipse": min(size, 0.5), "moc": min(size, 0.2)}.get(first, size)
        way, b = self.second(a, second, lon, lat, size)
        return {"a": a, "b": b, "kinds": (first, second), "place": where, "size": scale, "way": way}

    def refused(self):
        """What is no region, and a word of what is to be said of it."""
        where, lon, lat = self.place()
        scale, size = self.size()
        ring = [at(lon, lat, size, 45 + 90 * i) for i in range(4)]
        way = self.random.choice(["crossing", "beyond a hemisphere", "a line", "two corners"])
        if way == "crossing":
            ring[1], ring[2] = ring[2], ring[1]
            word = "cross"
        elif way == "beyond a hemisphere":
            ring = [at(lon, lat, self.random.uniform(91, 120), 72 * i) for i in range(5)]
            ring += [at(lon, lat, 20, 300)]
            word = "hemisphere"
        elif way == "a line":
            ring = [(10.0 + i, 0.0) for i in range(4)]
            word = "no area"
        else:
            ring = [ring[0], ring[1], ring[0], ring[0]]
            word = "3 distinct"
        return {"text": text(("polygon", ring)), "way": way, "word": word, "place": where}


def degrees(p):
    p = oracle.unit(p)
    lon = gmpy2.atan2(p[1], p[0]) * 180 / oracle.PI
    lat = gmpy2.atan2(p[2], gmpy2.sqrt(p[0] ** 2 + p[1] ** 2)) * 180 / oracle.PI
    return float(lon) % 360.0, float(lat)


def centre_of(ring):
    return oracle.sum_of(*((1, oracle.vector(*vertex)) for vertex in ring))
