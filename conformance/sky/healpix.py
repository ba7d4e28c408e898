"""HEALPix cells in nested order, from the equations of Górski et al. 2005
(ApJ 622, 759, sections 4 and 5.3), in the precision of the oracle."""

import gmpy2
from gmpy2 import mpfr

from oracle import ON, PI, Polygon, unit, vector


def cell(order, lon, lat):
    """The cell of a position in degrees, and whether it is well inside of it."""
    sides = 1 << order
    z = gmpy2.sin(mpfr(lat) * PI / 180)
    turn = mpfr(lon) / 90
    turn -= 4 * gmpy2.floor(turn / 4)
    if abs(z) <= mpfr(2) / 3:
        # Counted from the line of the base cells that lie on the equator.
        rising = sides * (mpfr("0.5") + turn - z * 3 / 4)
        falling = sides * (mpfr("0.5") + turn + z * 3 / 4)
        up, down = int(gmpy2.floor(rising)), int(gmpy2.floor(falling))
        face_up, face_down = up // sides, down // sides
        if face_up == face_down:
            face = (face_up & 3) + 4
        elif face_up < face_down:
            face = face_up & 3
        else:
            face = (face_down & 3) + 8
        x, y = down % sides, sides - up % sides - 1
        parts = (rising, falling)
    else:
        quarter = int(gmpy2.floor(turn)) & 3
        part = turn - gmpy2.floor(turn)
        reach = sides * gmpy2.sqrt(3 * (1 - abs(z)))
        rising, falling = part * reach, (1 - part) * reach
        up = min(int(gmpy2.floor(rising)), sides - 1)
        down = min(int(gmpy2.floor(falling)), sides - 1)
        if z > 0:
            face, x, y = quarter, sides - down - 1, sides - up - 1
        else:
            face, x, y = quarter + 8, up, down
        parts = (rising, falling)
    clear = all(abs(p - gmpy2.rint(p)) / sides > mpfr("1e-13") for p in parts)
    number = face * sides * sides
    for bit in range(order):
        number |= ((x >> bit) & 1) << (2 * bit) | ((y >> bit) & 1) << (2 * bit + 1)
    return number, clear


def place(face, x, y):
    """Longitude and latitude (degrees) of a position in a base cell, 0…1 each."""
    row = face // 4 + 2
    column = (face % 4) * 2 + (0 if 4 <= face < 8 else 1)
    ring = row - x - y
    if ring < 1:
        width, z = ring, 1 - ring * ring / 3
    elif ring > 3:
        width, z = 4 - ring, (4 - ring) * (4 - ring) / 3 - 1
    else:
        width, z = mpfr(1), (2 - ring) * 2 / 3
    across = (column * width + x - y) / width if width > ON else mpfr(column)
    return across * 45, gmpy2.asin(max(min(z, mpfr(1)), mpfr(-1))) * 180 / PI


def outline(order, number, steps):
    """A cell as a polygon with so many edges to a side."""
    sides = 1 << order
    face, within = divmod(number, sides * sides)
    x = sum(((within >> (2 * bit)) & 1) << bit for bit in range(order))
    y = sum(((within >> (2 * bit + 1)) & 1) << bit for bit in range(order))
    ring = []
    for i in range(4 * steps):
        along, side = mpfr(i % steps) / steps, i // steps
        u = [along, mpfr(1), 1 - along, mpfr(0)][side]
        v = [mpfr(0), along, mpfr(1), 1 - along][side]
        ring.append(vector(*place(face, (x + u) / sides, (y + v) / sides)))
    total = tuple(sum(p[i] for p in ring) for i in range(3))
    return Polygon(ring, unit(total))
