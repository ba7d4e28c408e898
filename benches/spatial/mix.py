"""The questions of the bench: one ADQL text, and what the extensions would be asked.

Each kind has five questions at random places (seeded) of the densely covered sky.
"""

import math
import random
from dataclasses import dataclass

QUESTIONS = 5


@dataclass
class Question:
    kind: str
    adql: str
    # What follows WHERE for pgSphere and for Q3C; None where it has no such index.
    pgsphere: str
    q3c: str | None = None
    count: bool = False


def place(rng):
    z = rng.uniform(math.sin(math.radians(-70)), math.sin(math.radians(10)))
    return round(rng.uniform(0, 360), 6), round(math.degrees(math.asin(z)), 6)


def around(rng, lon, lat, radii):
    """Vertices at these radii (degrees) round a place, one after the other."""
    turn = rng.uniform(0, 2 * math.pi)
    vertices = []
    for number, radius in enumerate(radii):
        angle, r = turn + 2 * math.pi * number / len(radii), math.radians(radius)
        phi = math.radians(lat)
        s = math.sin(phi) * math.cos(r) + math.cos(phi) * math.sin(r) * math.cos(angle)
        d = math.atan2(math.sin(angle) * math.sin(r) * math.cos(phi), math.cos(r) - math.sin(phi) * s)
        vertices.append((round((lon + math.degrees(d)) % 360, 6), round(math.degrees(math.asin(s)), 6)))
    return vertices


def circle(lon, lat, r):
    return f"scircle '<({lon}d,{lat}d),{r}d>'"


def polygon(vertices):
    return "spoly '{" + ",".join(f"({a}d,{b}d)" for a, b in vertices) + "}'"


def adql_polygon(vertices):
    return "POLYGON(" + ", ".join(f"{a}, {b}" for a, b in vertices) + ")"


def questions():
    rng = random.Random(20261122)
    all_of = []

    def add(kind, make, few=QUESTIONS, count=False):
        for _ in range(few):
            adql, *peers = make(*place(rng))
            all_of.append(Question(kind, adql, *peers, count=count))

    add("point in footprint", lambda a, b: (
        f"CONTAINS(POINT({a}, {b}), s_region) = 1", f"shape @> spoint '({a}d,{b}d)'"))
    for r in (0.01, 0.1, 0.5, 5):
        add(f"circle {r}° meets", lambda a, b: (
            f"INTERSECTS(s_region, CIRCLE({a}, {b}, {r})) = 1", f"shape && {circle(a, b, r)}"))
    add("circle 5° meets, count", lambda a, b: (
        f"INTERSECTS(s_region, CIRCLE({a}, {b}, 5)) = 1", f"shape && {circle(a, b, 5)}"), count=True)
    add("circle 30° meets", lambda a, b: (
        f"INTERSECTS(s_region, CIRCLE({a}, {b}, 30)) = 1", f"shape && {circle(a, b, 30)}"), few=2)
    add("hemisphere meets, count", lambda a, b: (
        f"INTERSECTS(s_region, CIRCLE({a}, {b}, 89.9)) = 1", f"shape && {circle(a, b, 89.9)}"),
        few=2, count=True)
    for kind, radii in (
        ("polygon 4 v 0.5° meets", [0.5] * 4),
        ("polygon 6 v 3° meets", [3] * 6),
        ("polygon 10 v 5° meets", [5] * 10),
        ("concave 8 v 3° meets", [3, 1.2] * 4),
    ):
        def meets(a, b):
            v = around(rng, a, b, radii)
            return f"INTERSECTS(s_region, {adql_polygon(v)}) = 1", f"shape && {polygon(v)}"
        add(kind, meets)
    for r in (0.5, 5):
        add(f"inside circle {r}°", lambda a, b: (
            f"CONTAINS(s_region, CIRCLE({a}, {b}, {r})) = 1", f"shape <@ {circle(a, b, r)}"))

    def inside(a, b):
        v = around(rng, a, b, [3] * 6)
        return f"CONTAINS(s_region, {adql_polygon(v)}) = 1", f"shape <@ {polygon(v)}"
    add("inside polygon 6 v 3°", inside)
    for r in (0.1, 1, 10):
        add(f"cone {r}° on s_ra, s_dec", lambda a, b: (
            f"CONTAINS(POINT(s_ra, s_dec), CIRCLE({a}, {b}, {r})) = 1",
            f"place <@ {circle(a, b, r)}",
            f"q3c_radial_query(s_ra, s_dec, {a}, {b}, {r})"))
    return all_of
