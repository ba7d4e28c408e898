"""A Butler repository of many datasets. The real Butler makes it with one visit;
the other rows are copies of what it wrote, by its own schema, with other keys,
regions and times: through the Butler a million would take an hour.

    large.py FOLDER [--datasets 1000000] [--database URL]

Half of the datasets are raws and half calexps, 189 to a visit; all have a file
record, and no file.
"""

import argparse
import base64
import math
import sqlite3
import struct
import sys
import uuid
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "conformance" / part) for part in ("butler", "")]

from repository import CAMERA, RAW_RUN, VISIT_RUN, Repository

DETECTORS = 189
SPACING = 40 * 10**9  # ns between visits


class Tables:
    """Rows in and out of the repository's database."""

    def __init__(self, repository):
        self.postgres = repository.database is not None
        if self.postgres:
            import psycopg

            self.connection = psycopg.connect(repository.database)
            if repository.namespace:
                self.connection.execute(f"SET search_path TO {repository.namespace}")
        else:
            self.connection = sqlite3.connect(repository.folder / "gen3.sqlite3")

    def rows(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def append(self, table, rows):
        """Rows as dictionaries with the same keys."""
        rows = iter(rows)
        first = next(rows, None)
        if first is None:
            return
        names = list(first)
        columns = ", ".join(f'"{name}"' for name in names)
        everything = (tuple(row[name] for name in names) for row in self.chain(first, rows))
        cursor = self.connection.cursor()
        if self.postgres:
            with cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
                for row in everything:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(names))
            cursor.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', everything)
        self.connection.commit()

    @staticmethod
    def chain(first, rows):
        yield first
        yield from rows

    def key(self, number):
        """A dataset's UUID, the same every time, in this engine's spelling."""
        made = uuid.uuid5(uuid.NAMESPACE_OID, str(number))
        return made if self.postgres else made.hex

    def shifted(self, row, by):
        """The timespan of a row, later."""
        if self.postgres:
            from psycopg.types.range import Int8Range

            span = row["timespan"]
            return {"timespan": Int8Range(span.lower + by, span.upper + by)}
        return {"timespan_begin": row["timespan_begin"] + by, "timespan_end": row["timespan_end"] + by}


def region(visit, detector):
    """A square detector of 0.2 degrees in a camera of 3.5, as the Butler keeps it."""
    lon = (visit * 137.50776405) % 360
    lat = math.degrees(math.asin(((visit * 0.6180339887) % 1) * 1.8 - 0.9))
    x, y = detector % 14, detector // 14
    wide = 1 / math.cos(math.radians(lat))
    corners = []
    for dx, dy in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
        a = math.radians(lon + (x - 6.5 + dx * 0.95) * 0.23 * wide)
        d = math.radians(lat + (y - 6.5 + dy * 0.95) * 0.23)
        corners += [math.cos(d) * math.cos(a), math.cos(d) * math.sin(a), math.sin(d)]
    return base64.b64encode(b"p" + struct.pack("<12d", *corners)).decode()


def make(folder, datasets, database=None, namespace=None):
    repository = Repository(folder, database, namespace)
    (number,) = repository.observe(1)
    repository.define_visits([number])
    repository.reduce([number])
    repository.next_exposure = 10**5
    tables = Tables(repository)
    detector = tables.rows("SELECT * FROM detector WHERE id = 0")[0]
    tables.append("detector", (
        {**detector, "id": i, "full_name": f"D{i:03d}"} for i in range(4, DETECTORS)))
    count = max(1, datasets // (2 * DETECTORS))
    visits = range(number + 1, number + 1 + count)
    group = tables.rows('SELECT * FROM "group"')[0]
    tables.append("group", ({**group, "name": f"l{v}"} for v in visits))
    exposure = tables.rows("SELECT * FROM exposure")[0]
    tables.append("exposure", ({
        **exposure, "id": v, "obs_id": f"L_{v:06d}", "group": f"l{v}", "seq_num": v,
        **tables.shifted(exposure, (v - number) * SPACING)} for v in visits))
    visit = tables.rows("SELECT * FROM visit")[0]
    tables.append("visit", ({
        **visit, "id": v, "name": f"large-{v}", "seq_num": v, "region": region(v, 90),
        **tables.shifted(visit, (v - number) * SPACING)} for v in visits))
    definition = tables.rows("SELECT * FROM visit_definition")[0]
    tables.append("visit_definition", ({**definition, "exposure": v, "visit": v} for v in visits))
    tables.append("visit_detector_region", (
        {"instrument": CAMERA, "detector": d, "visit": v, "region": region(v, d)}
        for v in visits for d in range(DETECTORS)))
    for kind, run, key in [("raw", RAW_RUN, "exposure"), ("calexp", VISIT_RUN, "visit")]:
        tags, = tables.rows(f"SELECT id, tag_association_table FROM dataset_type WHERE name = '{kind}'")
        run_id = tables.rows(f"SELECT collection_id FROM collection WHERE name = '{run}'")[0]["collection_id"]
        old = tables.rows(f"SELECT * FROM dataset WHERE dataset_type_id = {tags['id']}")[0]
        tag = tables.rows(f"SELECT * FROM {tags['tag_association_table']} WHERE dataset_type_id = {tags['id']}")[0]
        file = tables.rows("SELECT * FROM file_datastore_records")[0]
        location = tables.rows("SELECT * FROM dataset_location")[0]

        def each(kind=kind):
            for v in visits:
                for d in range(DETECTORS):
                    yield v, d, tables.key(f"{kind}-{v}-{d}")

        tables.append("dataset", ({**old, "id": id, "run_id": run_id} for _, _, id in each()))
        tables.append(tags["tag_association_table"], (
            {**tag, "dataset_id": id, "collection_id": run_id, key: v, "detector": d} for v, d, id in each()))
        tables.append("file_datastore_records", (
            {**file, "dataset_id": id, "path": f"{run}/{kind}/{v}/{kind}_{v}_{d}.fits", "file_size": 16_000_000}
            for v, d, id in each()))
        tables.append("dataset_location", ({**location, "dataset_id": id} for _, _, id in each()))
    tables.connection.execute("ANALYZE")
    tables.connection.commit()
    tables.connection.close()
    return repository


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--datasets", type=int, default=1_000_000)
    parser.add_argument("--database")
    options = parser.parse_args()
    make(options.folder, options.datasets, options.database).close()
