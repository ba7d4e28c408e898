"""Datasets per second into the registry over HTTP, beside COPY of the same rows.

    ingest.py OBSTAP DATABASE_URL [PRESENT [CALLS]]

Makes a registry in the empty database at DATABASE_URL, serves it, fills it with
PRESENT datasets (1,000,000) and then measures CALLS calls (20) of 10,000
datasets each, as NDJSON with one file per dataset. On PostgreSQL the rows of
each call are taken out again and brought back with COPY, into the same tables
with their constraints and indexes, so that the two take turns on the same state.
Raws and calexps take turns. Bodies are made before the clock starts.
"""

import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SIZE, DETECTORS = 10_000, 100
TOKEN = "bench-0123456789abcdef"
TABLES = {
    "registry.dataset": "change = {last}",
    "registry.file": "dataset_id IN (SELECT id FROM registry.dataset WHERE change = {last})",
    "ivoa.obscore": "reg_id IN (SELECT uuid_send(id) FROM registry.dataset WHERE change = {last})",
}
MAPPING = """
collection_type: RUN
collections: []
facility_name: Nowhere
obs_collection: BENCH
obs_publisher_did_fmt: "ivo://example.org/bench?repo=bench&id={id}"
dataset_types:
  raw:
    dataproduct_type: image
    dataproduct_subtype: bench.raw
    calib_level: 1
    obs_id_fmt: "{records[exposure].obs_id}-{detector:03d}"
    o_ucd: phot.count
    access_format: application/x-votable+xml;content=datalink
    datalink_url_fmt: "https://example.org/datalink/links?ID=butler%3A//bench/{id}"
  calexp:
    dataproduct_type: image
    dataproduct_subtype: bench.calexp
    calib_level: 2
    obs_id_fmt: "{records[visit].name}-{detector:03d}"
    o_ucd: phot.flux.density
    access_format: application/x-votable+xml;content=datalink
    datalink_url_fmt: "https://example.org/datalink/links?ID=butler%3A//bench/{id}"
extra_columns:
  lsst_visit: {template: "{visit}", type: int}
  lsst_detector: {template: "{detector}", type: int}
spectral_ranges: {r: [552.0e-9, 691.0e-9]}
"""


class Service:
    def __init__(self, program, url):
        self.program, self.url = program, url
        self.folder = tempfile.mkdtemp(prefix="obstap-ingest-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.flags = ["--database-url", url, "--data-dir", self.folder]
        subprocess.run([program, "registry", "create", "bench", *self.flags], check=True)
        mapping = os.path.join(self.folder, "obscore.yaml")
        with open(mapping, "w") as out:
            out.write(MAPPING)
        feed = [program, "obscore", "feed", "--mapping", mapping, *self.flags]
        subprocess.run(feed, check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [program, "serve", "--listen", f"127.0.0.1:{self.port}", *self.flags],
            env={**os.environ, "OBSTAP_REGISTRY_API_TOKEN": TOKEN},
            stderr=open(os.path.join(self.folder, "log"), "w"),
        )
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                break
            except OSError:
                time.sleep(0.05)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)

    def post(self, path, body):
        """The answer, and the seconds it took."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-ndjson"}
        started = time.perf_counter()
        self.connection.request("POST", f"/registry/v1/{path}", body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        took = time.perf_counter() - started
        assert answer.status == 200, text[:2000]
        return json.loads(text), took


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def records(service, first, count):
    """Exposures and visits from a number on, each with all detectors."""
    numbers = range(first, first + count)
    about = {"instrument": "Cam", "physical_filter": "Cam-R", "day_obs": 20260131}
    service.post("records/exposure", lines(
        {**about, "id": n, "obs_id": f"O{n}", "exposure_time": 30.0, "target_name": f"field {n % 97}",
         "timespan": [n * 10**10, n * 10**10 + 3 * 10**9]} for n in numbers))
    service.post("records/visit", lines(
        {**about, "id": n, "name": f"V{n}", "exposure_time": 30.0,
         "timespan": [n * 10**10, n * 10**10 + 3 * 10**9],
         "region": f"CIRCLE ICRS {n % 360} {n % 80} 1"} for n in numbers))
    service.post("records/visit_definition", lines(
        {"instrument": "Cam", "visit": n, "exposure": n} for n in numbers))

    def region(n, d):
        ra, dec = (n * 7 + d % 10 * 0.2) % 358, n % 60 - 30 + d // 10 * 0.2
        return (f"POLYGON ICRS {ra:.9f} {dec:.9f} {ra + 0.19:.9f} {dec:.9f} "
                f"{ra + 0.19:.9f} {dec + 0.19:.9f} {ra:.9f} {dec + 0.19:.9f}")

    service.post("records/visit_detector_region", lines(
        {"instrument": "Cam", "visit": n, "detector": d, "region": region(n, d)}
        for n in numbers for d in range(DETECTORS)))


def body(kind, first):
    exposures = range(first, first + SIZE // DETECTORS)
    key = "exposure" if kind == "raw" else "visit"
    return lines(
        {"type": kind, "run": f"bench/{kind}",
         "data_id": {"instrument": "Cam", key: n, "detector": d},
         "files": [{"uri": f"file:///data/bench/{kind}/{n:08d}/{kind}_Cam_{n:08d}_{d:03d}.fits",
                    "size": 33_554_432 + d, "media_type": "image/fits"}]}
        for n in exposures for d in range(DETECTORS))


def psql(url, script):
    run = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url],
                         input=script, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def copied(url, folder):
    """Seconds that COPY takes for the rows of the last call."""
    last = psql(url, "SELECT max(change) FROM registry.dataset").strip()
    files = {name: os.path.join(folder, f"{name}.copy") for name in TABLES}
    taken = {name: condition.format(last=last) for name, condition in TABLES.items()}
    psql(url, "".join(
        f"\\copy (SELECT * FROM {name} WHERE {taken[name]}) TO '{files[name]}' BINARY\n" for name in TABLES))
    psql(url, "BEGIN;\n" + "".join(
        f"DELETE FROM {name} WHERE {taken[name]};\n" for name in reversed(TABLES)) + "COMMIT;\n")
    out = psql(url, "\\timing on\nBEGIN;\n" + "".join(
        f"\\copy {name} FROM '{files[name]}' BINARY\n" for name in TABLES) + "COMMIT;\n")
    return sum(float(ms) for ms in re.findall(r"Time: ([\d.]+) ms", out)) / 1000


def main():
    program, url = sys.argv[1:3]
    present = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    calls = int(sys.argv[4]) if len(sys.argv) > 4 else 20
    service = Service(program, url)
    try:
        for name, rows in [
            ("instrument", [{"name": "Cam"}]),
            ("detector", [{"instrument": "Cam", "id": d, "full_name": f"D{d}"} for d in range(DETECTORS)]),
            ("physical_filter", [{"instrument": "Cam", "name": "Cam-R", "band": "r"}]),
        ]:
            service.post(f"records/{name}", lines(rows))
        service.post("types", lines([
            {"name": "raw", "dimensions": ["exposure", "detector"], "storage_class": "Exposure"},
            {"name": "calexp", "dimensions": ["visit", "detector"], "storage_class": "ExposureF"}]))
        service.post("collections", lines(
            {"name": f"bench/{kind}", "kind": "RUN"} for kind in ("raw", "calexp")))
        per_call = SIZE // DETECTORS
        filling, number, filled = 0.0, 1, 0
        while filled < present:
            records(service, number, per_call)
            for kind in ("raw", "calexp"):
                filling += service.post("datasets", body(kind, number))[1]
                filled += SIZE
            number += per_call
        if filled:
            print(f"filled with {filled} datasets at {filled / filling:.0f}/s")
        is_postgres = url.startswith("postgres")
        ours, theirs = {"raw": [], "calexp": []}, {"raw": [], "calexp": []}
        for call in range(calls):
            kind = ("raw", "calexp")[call % 2]
            if kind == "raw":
                records(service, number, per_call)
                number += per_call
            done, took = service.post("datasets", body(kind, number - per_call))
            assert done["added"] == SIZE
            ours[kind].append(SIZE / took)
            if is_postgres:
                theirs[kind].append(SIZE / copied(url, service.folder))
        for kind in ours:
            line = f"{kind}: {statistics.median(ours[kind]):.0f}/s over HTTP"
            if is_postgres:
                ratio = [a / b for a, b in zip(ours[kind], theirs[kind])]
                line += (f", {statistics.median(theirs[kind]):.0f}/s by COPY, "
                         f"ratio {statistics.median(ratio):.2f}")
            print(line + f" (medians of {len(ours[kind])} calls of {SIZE}, {filled} present)")
    finally:
        service.process.terminate()
        service.process.wait()


if __name__ == "__main__":
    main()
