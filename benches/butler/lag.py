"""How long after a commit in a Butler's PostgreSQL its change is seen through
`/tap/sync`: 200 datasets a second for a minute, in transactions of 1 to 200,
additions, removals and moved regions among them.

    lag.py OBSTAP [--datasets 1000000] [--seconds 60] [--triggers] [--interval 0.1] [--sweep 5]

Prints medians and 99th percentiles for each kind, and the CPU that the
Butler's server spent on us beside what it spends on the changes alone.
"""

import argparse
import csv
import io
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "conformance" / "butler"), str(ROOT / "conformance")]

import large
from repository import CAMERA, RAW_RUN, VISIT_RUN
from servers import Archive, Place, Postgres, expect

FIRST = 900_000  # visits of the run


class Changes:
    def __init__(self, repository):
        self.tables = large.Tables(repository)
        one = lambda sql: self.tables.rows(sql)[0]
        kind = one("SELECT id, tag_association_table AS tags FROM dataset_type WHERE name = 'calexp'")
        self.type, self.tags = kind["id"], kind["tags"]
        self.run = one(f"SELECT collection_id AS id FROM collection WHERE name = '{VISIT_RUN}'")["id"]
        self.visit = one("SELECT * FROM visit WHERE id = 1")
        self.dataset = one(f"SELECT * FROM dataset WHERE dataset_type_id = {self.type} LIMIT 1")
        self.file = one("SELECT * FROM file_datastore_records LIMIT 1")
        self.location = one("SELECT * FROM dataset_location LIMIT 1")
        self.next = FIRST
        self.alive = []

    def insert(self, cursor, table, rows):
        names = list(rows[0])
        columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join(["%s"] * len(names))
        cursor.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})',
                           [tuple(row.values()) for row in rows])

    def add(self, count):
        v, self.next = self.next, self.next + 1
        tables, cursor = self.tables, self.tables.connection.cursor()
        self.insert(cursor, "visit", [{
            **self.visit, "id": v, "name": f"lag-{v}", "region": large.region(v, 90),
            **tables.shifted(self.visit, v * large.SPACING)}])
        detectors = range(min(count, large.DETECTORS))
        self.insert(cursor, "visit_detector_region", [
            {"instrument": CAMERA, "detector": d, "visit": v, "region": large.region(v, d)} for d in detectors])
        ids = [tables.key(f"lag-{v}-{d}") for d in detectors]
        self.insert(cursor, "dataset", [
            {**self.dataset, "id": id, "run_id": self.run, "ingest_date": time.time_ns()} for id in ids])
        self.insert(cursor, self.tags, [
            {"dataset_type_id": self.type, "dataset_id": id, "collection_id": self.run,
             "instrument": CAMERA, "detector": d, "visit": v} for d, id in zip(detectors, ids)])
        self.insert(cursor, "file_datastore_records", [
            {**self.file, "dataset_id": id, "path": f"lag/{id}.fits"} for id in ids])
        self.insert(cursor, "dataset_location", [{**self.location, "dataset_id": id} for id in ids])
        tables.connection.commit()
        self.alive.append((v, len(ids)))
        return ("added", v, (len(ids), None))

    def remove(self):
        v, count = self.alive.pop(0)
        cursor = self.tables.connection.cursor()
        ids = [self.tables.key(f"lag-{v}-{d}") for d in range(count)]
        for table in ("file_datastore_records", "dataset_location"):
            cursor.execute(f"DELETE FROM {table} WHERE dataset_id = ANY(%s)", (ids,))
        cursor.execute("DELETE FROM dataset WHERE id = ANY(%s)", (ids,))
        self.tables.connection.commit()
        return ("removed", v, (0, None))

    def move(self, chance):
        v, count = chance.choice(self.alive[len(self.alive) // 2:])
        cursor, other = self.tables.connection.cursor(), v + 50_000 + chance.randrange(40_000)
        cursor.executemany(
            "UPDATE visit_detector_region SET region = %s WHERE instrument = %s AND visit = %s AND detector = %s",
            [(large.region(other, d), CAMERA, v, d) for d in range(count)])
        self.tables.connection.commit()
        return ("moved", v, (count, other))


def centre(visit):
    """Declination of the middle of the first detector's square."""
    import base64
    import math
    import struct

    corners = struct.unpack("<12d", base64.b64decode(large.region(visit, 0))[1:])
    x, y, z = (sum(corners[i::3]) for i in range(3))
    return math.degrees(math.atan2(z, math.hypot(x, y)))


class Watch(threading.Thread):
    """Asks again and again what there is of the visits."""

    def __init__(self, base):
        super().__init__(daemon=True)
        self.base, self.open, self.lags = base, {}, {}
        self.lock, self.over = threading.Lock(), threading.Event()
        self.asked = 0

    def expect(self, change, committed):
        kind, visit, state = change
        with self.lock:
            self.open[visit] = (kind, state, committed)

    def run(self):
        query = ("SELECT lsst_visit, COUNT(*) AS n, MAX(CASE WHEN lsst_detector = 0 THEN s_dec END) AS d "
                 f"FROM ivoa.obscore WHERE lsst_visit >= {FIRST} GROUP BY lsst_visit")
        body = urllib.parse.urlencode({"LANG": "ADQL", "QUERY": query, "FORMAT": "csv", "MAXREC": 100000}).encode()
        while not self.over.is_set() or (self.open and time.monotonic() < self.end):
            with urllib.request.urlopen(f"{self.base}/sync", body) as answer:
                text = answer.read().decode()
            seen = time.monotonic()
            self.asked += 1
            rows = {int(row["lsst_visit"]): row for row in csv.DictReader(io.StringIO(text))}
            with self.lock:
                for visit, (kind, (count, other), committed) in list(self.open.items()):
                    row = rows.get(visit)
                    if (int(row["n"]) if row else 0) != count:
                        continue
                    if other is not None and abs(float(row["d"]) - centre(other)) > 0.01:
                        continue
                    self.lags.setdefault(kind, []).append(seen - committed)
                    del self.open[visit]
            time.sleep(0.02)

    def finish(self, seconds):
        self.end = time.monotonic() + seconds
        self.over.set()
        self.join()


def server_cpu(postgres, database):
    """CPU seconds of the backends of one database, ended ones not counted."""
    pids = postgres.psql(f"SELECT pid FROM pg_stat_activity WHERE datname = '{database}'").split()
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return ticks / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("obstap")
    parser.add_argument("--datasets", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--triggers", action="store_true")
    parser.add_argument("--interval", default="0.1")
    parser.add_argument("--sweep", default="5")
    options = parser.parse_args()
    chance = random.Random(3)
    with Place(options.obstap) as place:
        postgres = Postgres(place)
        database, ours = postgres.fresh(), postgres.fresh()
        name = database.rsplit("/", 1)[1]
        postgres.psql("CREATE EXTENSION btree_gist", name)
        begun = time.monotonic()
        repository = large.make(place.folder("repository"), options.datasets, database)
        print(f"a repository of {options.datasets} datasets made in {time.monotonic() - begun:.0f} s", flush=True)
        archive = Archive(place, "service", ours)
        command = [place.obstap, "--database-url", ours, "--data-dir", str(archive.folder / "data")]

        def obstap(*arguments):
            done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
            expect(done.returncode == 0, f"obstap {' '.join(arguments)}: {done.stderr}")
            return done.stdout

        obstap("butler", "attach", str(repository.folder), "--label", "large")
        if options.triggers:
            postgres.psql(obstap("butler", "triggers", str(repository.folder)), name)
        used, begun = os.times(), time.monotonic()
        obstap("sync", "large")
        took, now = time.monotonic() - begun, os.times()
        print(f"initial build: {took:.1f} s, {options.datasets / took:.0f} rows/s, "
              f"CPU of obstap {now.children_user + now.children_system - used.children_user - used.children_system:.1f} s",
              flush=True)
        begun = time.monotonic()
        obstap("sync", "large")
        print(f"nothing new: {time.monotonic() - begun:.2f} s", flush=True)
        service = archive.serve()
        log = (archive.folder / "follow.log").open("w")
        follower = subprocess.Popen([*command, "follow", "large", "--interval", options.interval,
                                     "--sweep", options.sweep],
                                    stdout=log, stderr=log)
        try:
            time.sleep(3)
            changes, watch = Changes(repository), Watch(service.base)
            watch.start()
            spent, begun, done, transactions = server_cpu(postgres, name), time.monotonic(), 0, 0
            while (passed := time.monotonic() - begun) < options.seconds:
                if done > 200 * passed:
                    time.sleep(0.005)
                    continue
                free = [visit for visit in changes.alive[:1] if visit[0] not in watch.open]
                what = chance.random()
                if what < 0.1 and len(changes.alive) > 20 and free:
                    change = changes.remove()
                elif what < 0.25 and len(changes.alive) > 20:
                    change = changes.move(chance)
                    if change[1] in watch.open:
                        continue
                else:
                    change = changes.add(chance.choice([1, 2, 5, 10, 50, 100, 200]))
                watch.expect(change, time.monotonic())
                done += max(1, change[2][0])
                transactions += 1
            spent = server_cpu(postgres, name) - spent
            watch.finish(60)
            expect(follower.poll() is None, Path(log.name).read_text()[-2000:])
        finally:
            follower.terminate()
            follower.wait()
        print(f"{done} datasets in {transactions} transactions in {options.seconds} s; "
              f"asked {watch.asked} times; not seen: {len(watch.open)}")
        for kind, lags in sorted(watch.lags.items()):
            lags.sort()
            print(f"{kind}: {len(lags)}, median {statistics.median(lags):.3f} s, "
                  f"p99 {lags[min(len(lags) - 1, int(0.99 * len(lags)))]:.3f} s, longest {lags[-1]:.3f} s")
        print(f"CPU of the Butler's server, changes and our reading: {spent:.1f} s in {options.seconds} s")
        repository.close()


if __name__ == "__main__":
    main()
