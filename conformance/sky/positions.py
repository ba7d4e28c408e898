"""How far inside of a region a position is, with exact ellipses and cells."""

import healpix
import oracle
from cases import drawn, truth


def depth(region, position):
    """Radians, below zero outside; None for a cell's edge that is too near."""
    kind, *values = region
    p = oracle.vector(*position[1:])
    if kind in ("position", "point"):
        return -oracle.angle(oracle.vector(*values), p)
    if kind == "ellipse":
        return truth(region).shapes[0].depth(p)
    if kind == "moc":
        order, cells = values
        cell, clear = healpix.cell(order, *position[1:])
        if not clear:
            return None
        # Cells say in or out; how far is not asked.
        return oracle.PI if cell in cells else -oracle.PI
    if kind in ("union", "intersection") and drawn(region):
        depths = [depth(part, position) for part in values[0]]
        return (max if kind == "union" else min)(depths)
    return truth(region).distance(p)
