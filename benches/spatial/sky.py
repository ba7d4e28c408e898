"""The sky of the bench, as ObsCore rows in Parquet; the same for the same arguments.

    sky.py ROWS FILE

Visits of a camera of 189 square detectors of 0.224° (21 rafts of 9), each visit
turned at random, at declinations -75…+15. Of all rows 2 % are single detectors
anywhere, the poles and the line at 0° among them, 5 % are tiny (1″ to 5′) and
0.5 % large (1° to 60° across, one in four of them concave). Rows stand in the
order of time, as an archive gets them.
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DETECTOR = 0.224
CHUNK = 189 * 500


def vectors(lon, lat):
    lon, lat = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], -1)


def lon_lat(v):
    return (
        np.degrees(np.arctan2(v[..., 1], v[..., 0])) % 360,
        np.degrees(np.arctan2(v[..., 2], np.hypot(v[..., 0], v[..., 1]))),
    )


def placed(lon, lat, turn, x, y):
    """Points x, y (degrees in the tangent plane) round centres, turned by `turn`."""
    c = vectors(lon, lat)
    slon, clon = np.sin(np.radians(lon)), np.cos(np.radians(lon))
    east = np.stack([-slon, clon, np.zeros_like(slon)], -1)
    north = np.cross(c, east)
    x, y = np.tan(np.radians(x)), np.tan(np.radians(y))
    turn = np.radians(turn)[..., None]
    u, v = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    p = c[..., None, :] + u[..., None] * east[..., None, :] + v[..., None] * north[..., None, :]
    return p / np.linalg.norm(p, axis=-1, keepdims=True)


def anywhere(rng, n, low=-90, high=90):
    z = rng.uniform(np.sin(np.radians(low)), np.sin(np.radians(high)), n)
    return rng.uniform(0, 360, n), np.degrees(np.arcsin(z))


SQUARE = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2


def camera():
    """Centres of the detectors in degrees: 5 × 5 rafts without the corners."""
    raft = [(i, j) for i in range(5) for j in range(5) if not (i in (0, 4) and j in (0, 4))]
    return np.array([
        ((3 * i + k - 7) * 0.2355, (3 * j + m - 7) * 0.2355)
        for i, j in raft for k in range(3) for m in range(3)
    ])


def detectors(rng, rows):
    """Corners of the detectors of whole visits, (rows, 4, 3)."""
    visits = rows // 189 + 1
    lon, lat = anywhere(rng, visits, -75, 15)
    turn = rng.uniform(0, 360, visits)
    corners = camera()[:, None, :] + SQUARE[None] * DETECTOR
    corners = corners.reshape(1, -1, 2)
    p = placed(lon, lat, turn, corners[..., 0], corners[..., 1])
    return p.reshape(-1, 4, 3)[:rows]


def squares(rng, lon, lat, side):
    xy = SQUARE[None] * side[:, None, None]
    return placed(lon, lat, rng.uniform(0, 360, len(lon)), xy[..., 0], xy[..., 1])


def star(rng, lon, lat, size):
    """Eight vertices on two circles in turn."""
    angle = np.radians(np.arange(8) * 45)
    radius = np.where(np.arange(8) % 2 == 0, 0.5, 0.25) * size[:, None]
    return placed(lon, lat, rng.uniform(0, 360, len(lon)), radius * np.cos(angle), radius * np.sin(angle))


def footprints(rng, rows):
    """Polygons as lists of corners, in their order."""
    shapes = list(detectors(rng, rows))
    kind = rng.random(rows)
    single, tiny, large = (
        np.flatnonzero(kind < 0.02),
        np.flatnonzero((kind >= 0.02) & (kind < 0.07)),
        np.flatnonzero((kind >= 0.07) & (kind < 0.075)),
    )

    def put(places, polygons):
        for place, polygon in zip(places, polygons):
            shapes[place] = polygon

    lon, lat = anywhere(rng, len(single))
    # One in ten each at the poles and on the line at 0°.
    which = rng.random(len(single))
    lat = np.where(which < 0.05, 89.95, np.where(which < 0.1, -89.95, lat))
    lon = np.where((which > 0.1) & (which < 0.2), rng.uniform(-0.1, 0.1, len(single)) % 360, lon)
    put(single, squares(rng, lon, lat, np.full(len(single), DETECTOR)))
    lon, lat = anywhere(rng, len(tiny), -75, 15)
    put(tiny, squares(rng, lon, lat, np.exp(rng.uniform(np.log(1 / 3600), np.log(5 / 60), len(tiny)))))
    lon, lat = anywhere(rng, len(large))
    size = np.exp(rng.uniform(np.log(1), np.log(60), len(large)))
    concave = rng.random(len(large)) < 0.25
    put(large[~concave], squares(rng, lon[~concave], lat[~concave], size[~concave] / np.sqrt(2)))
    put(large[concave], star(rng, lon[concave], lat[concave], size[concave]))
    return shapes


def rows_of(rng, first, rows):
    shapes = footprints(rng, rows)
    middle = np.array([shape.mean(axis=0) for shape in shapes])
    ra, dec = lon_lat(middle)
    regions = []
    for shape in shapes:
        lon, lat = lon_lat(shape)
        regions.append("POLYGON ICRS " + " ".join(
            f"{round(a, 8) % 360:.8f} {b:.8f}" for a, b in zip(lon, lat)
        ))
    number = np.arange(first, first + rows)
    visit = number // 189
    start = 60980 + visit * 39 / 86400
    band = visit % 6
    low = np.array([3.2e-7, 4.0e-7, 5.5e-7, 6.9e-7, 8.2e-7, 9.2e-7])
    text = lambda form, *values: [form % row for row in zip(*values)]
    same = lambda value: pa.array([value] * rows).dictionary_encode()
    return pa.table({
        "dataproduct_type": same("image"),
        "dataproduct_subtype": same("lsst.visit_image"),
        "calib_level": pa.array(np.full(rows, 2, np.int32)),
        "obs_collection": same("LSST.DP1"),
        "obs_id": text("visit-%08d-%03d", visit, number % 189),
        "obs_publisher_did": text("ivo://example/bench?%09d", number),
        "target_name": text("field-%05d", visit // 20),
        "access_url": text("https://example.org/bench/%08d/%03d.fits", visit, number % 189),
        "access_format": same("application/fits"),
        "access_estsize": pa.array(np.full(rows, 75000, np.int64)),
        "s_ra": ra,
        "s_dec": dec,
        "s_fov": np.full(rows, 0.317),
        "s_resolution": np.full(rows, 0.7),
        "s_region": regions,
        "s_xel1": pa.array(np.full(rows, 4072, np.int64)),
        "s_xel2": pa.array(np.full(rows, 4000, np.int64)),
        "t_min": start,
        "t_max": start + 30 / 86400,
        "t_exptime": np.full(rows, 30.0),
        "em_min": low[band],
        "em_max": low[band] + 1.3e-7,
        "facility_name": same("Rubin:Simonyi"),
        "instrument_name": same("LSSTCam"),
    })


def main():
    rows, path = int(sys.argv[1]), sys.argv[2]
    writer = None
    for first in range(0, rows, CHUNK):
        # Each piece has a seed of its own, so a longer sky begins as a shorter.
        rng = np.random.default_rng([20261122, first])
        table = rows_of(rng, first, min(CHUNK, rows - first))
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    writer.close()


if __name__ == "__main__":
    main()
