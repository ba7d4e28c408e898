"""Which CCDs of the demo sky answer a question: arithmetic of its own.

Shares nothing with the service but the embedded lists of exposures and of the
camera's corners, and goes another way:

- a point is brought onto the tangent plane of the exposure (the forward
  gnomonic projection, in spherical trigonometry), where the CCD is a plain
  quadrilateral, because great circles are straight lines there. The service
  computes the corners on the sky and works with vectors on the sphere.
- the distance of a CCD from a point is the smallest great-circle distance
  (Vincenty's formula) over points laid along its sides, closer and closer
  round the nearest one.

Every answer also says by how much it was decided (`margin`, degrees), so that
a question which rounding could decide is refused instead of asked.
"""

import csv
import gzip
import math
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parents[2] / "src" / "demo" / "data"

# The service writes corners with seven decimals.
SMALLEST_MARGIN = 2e-7


def exposures():
    with gzip.open(DATA / "decam_exposures.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return [(row["base"], float(row["ra"]), float(row["dec"])) for row in csv.DictReader(file)]


def ccds():
    with open(DATA / "decam_ccds.csv", encoding="utf-8", newline="") as file:
        return [
            (
                int(row["ccdnum"]),
                np.array([(float(row[f"xi{i}_deg"]), float(row[f"eta{i}_deg"])) for i in range(4)]),
            )
            for row in csv.DictReader(file)
        ]


def identifier(base, ccd):
    return f"ivo://obstap.demo/decam?{base}/{ccd}"


def distance(ra1, dec1, ra2, dec2):
    """Great-circle distance in degrees, by Vincenty's formula."""
    l1, b1, l2, b2 = (np.radians(x) for x in (ra1, dec1, ra2, dec2))
    across = np.hypot(
        np.cos(b2) * np.sin(l2 - l1),
        np.cos(b1) * np.sin(b2) - np.sin(b1) * np.cos(b2) * np.cos(l2 - l1),
    )
    along = np.sin(b1) * np.sin(b2) + np.cos(b1) * np.cos(b2) * np.cos(l2 - l1)
    return np.degrees(np.arctan2(across, along))


def on_plane(ra, dec, ra0, dec0):
    """Gnomonic projection about (ra0, dec0): degrees on the plane, or None
    for the other half of the sky."""
    l, b, b0 = math.radians(ra - ra0), math.radians(dec), math.radians(dec0)
    cosine = math.sin(b0) * math.sin(b) + math.cos(b0) * math.cos(b) * math.cos(l)
    if cosine <= 0.1:
        return None
    xi = math.cos(b) * math.sin(l) / cosine
    eta = (math.cos(b0) * math.sin(b) - math.sin(b0) * math.cos(b) * math.cos(l)) / cosine
    return np.degrees(np.array((xi, eta)))


def on_sky(plane, ra0, dec0):
    """The inverse, for an array (…, 2)."""
    xi, eta = np.radians(plane[..., 0]), np.radians(plane[..., 1])
    rho = np.hypot(xi, eta)
    c, b0 = np.arctan(rho), math.radians(dec0)
    safe = np.where(rho == 0, 1.0, rho)
    dec = np.arcsin(np.cos(c) * math.sin(b0) + eta * np.sin(c) * math.cos(b0) / safe)
    ra = np.arctan2(xi * np.sin(c), rho * math.cos(b0) * np.cos(c) - eta * math.sin(b0) * np.sin(c))
    return ra0 + np.degrees(ra), np.degrees(dec)


def inside(point, corners):
    """How far inside the convex quadrilateral a point of the plane lies, in
    degrees; negative outside."""
    start, end = corners, np.roll(corners, -1, axis=0)
    side = end - start
    cross = side[:, 0] * (point - start)[:, 1] - side[:, 1] * (point - start)[:, 0]
    heights = cross / np.hypot(side[:, 0], side[:, 1])
    middle = corners.mean(axis=0)
    turn = side[0, 0] * (middle - start[0])[1] - side[0, 1] * (middle - start[0])[0]
    return float((heights * np.sign(turn)).min())


def decide(found, base, ccd, margin):
    if abs(margin) < SMALLEST_MARGIN:
        raise ValueError(f"rounding could decide {base} CCD {ccd}: choose another question")
    if margin > 0:
        found.add(identifier(base, ccd))


def containing(ra, dec):
    """Identifiers of the CCDs that cover a point."""
    found = set()
    layout = ccds()
    for base, ra0, dec0 in exposures():
        point = on_plane(ra, dec, ra0, dec0)
        if point is None or np.abs(point).max() > 2:
            continue
        for ccd, corners in layout:
            decide(found, base, ccd, inside(point, corners))
    return found


def nearest(ra, dec, ra0, dec0, corners):
    """Smallest distance in degrees from a point to the sides of a CCD."""
    low, high = np.zeros(4), np.ones(4)
    best = None
    for _ in range(4):
        steps = np.linspace(low, high, 101)
        start, end = corners, np.roll(corners, -1, axis=0)
        places = start + steps[..., None] * (end - start)
        far = distance(ra, dec, *on_sky(places, ra0, dec0))
        best = far.min(axis=0)
        at = far.argmin(axis=0)
        sides = np.arange(4)
        low = steps[np.maximum(at - 1, 0), sides]
        high = steps[np.minimum(at + 1, 100), sides]
    return float(best.min())


def meeting(ra, dec, radius):
    """Identifiers of the CCDs that have a point in common with a circle."""
    found = set()
    layout = ccds()
    # No corner is farther than this from the pointing.
    reach = 1.3
    for base, ra0, dec0 in exposures():
        if distance(ra, dec, ra0, dec0) > radius + reach:
            continue
        point = on_plane(ra, dec, ra0, dec0)
        for ccd, corners in layout:
            if inside(point, corners) > 0:
                margin = radius
            else:
                margin = radius - nearest(ra, dec, ra0, dec0, corners)
            decide(found, base, ccd, margin)
    return found


# The questions that are asked of the service: near the pole (several right
# ascensions), and on right ascension 0.
NEAR_POLE = [(50.0, -88.7), (90.0, -88.7), (115.0, -88.7), (285.0, -88.7), (315.0, -88.7)]
ON_ZERO = [(0.0, dec) for dec in (-81.1, -77.6, -69.9, -68.5, -65.7, -63.6, -60.8, -58.9)]
# Every one of those questions is about at least so many CCDs.
FEWEST = 20
CIRCLE = (0.0, -90.0, 1.5)
POLE = (0.0, -90.0)

if __name__ == "__main__":
    print("circle", CIRCLE, len(meeting(*CIRCLE)))
    for place in [POLE, *NEAR_POLE, *ON_ZERO]:
        print("point", place, len(containing(*place)))
