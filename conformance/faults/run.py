"""Breaks what a service needs while it works, and looks whether anything is lost.

    run.py OBSTAP [--only NAME] [--keep DIRECTORY]

OBSTAP is the program. Every fault is tried on an embedded SQLite and on a
private PostgreSQL, where that makes sense; all servers are started here, on
127.0.0.1, and ended. After each fault: no job is lost or stuck, no half result
is served as whole, and the service has recovered by itself.
"""

import argparse
import itertools
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from servers import ENDED, Archive, Failed, Jobs, Place, Postgres, ask, expect, query, until  # noqa: E402

# Fewer where their pairs take longer.
ROWS = {"SQLite": 500, "PostgreSQL": 1500}
QUICK = "SELECT obs_id, s_ra, s_dec, t_min FROM ivoa.obscore ORDER BY obs_id"
# Pairs of rows, without a condition that an index could use: seconds of work.
SLOW = "SELECT COUNT(*) AS n FROM ivoa.obscore AS a, ivoa.obscore AS b WHERE a.s_ra * b.s_dec > {}"
# Hours of it.
ENDLESS = (
    "SELECT COUNT(*) AS n FROM ivoa.obscore AS a, ivoa.obscore AS b, ivoa.obscore AS c "
    "WHERE a.s_ra * b.s_dec > c.s_ra"
)
# A result of some 20 MB.
LARGE = (
    "SELECT TOP 200000 a.obs_publisher_did, a.obs_id, a.s_region, b.obs_id AS other, b.s_region AS there "
    "FROM ivoa.obscore AS a, ivoa.obscore AS b"
)
SETTINGS = "[jobs]\nconcurrent = 3\nconcurrent_per_user = 3\nlease_seconds = 2\n"
JOBS = 50


class Skipped(Exception):
    pass


class Load:
    """Jobs under way, and somebody who asks for their results all the time: a
    result is whole or not there."""

    def __init__(self, service, count=JOBS):
        self.jobs = Jobs(service.base)
        self.wanted = {}
        self.names = {}
        self.half = []
        queries = [QUICK, SLOW.format(0), SLOW.format(9000), QUICK, SLOW.format(-9000)]
        for adql in dict.fromkeys(queries):
            status, _, body = ask(f"{service.base}/sync", query(adql))
            expect(status == 200, body.decode())
            self.wanted[adql] = body
        for adql in itertools.islice(itertools.cycle(queries), count):
            self.names[self.jobs.run(adql)] = adql
        self.over = threading.Event()
        self.prober = threading.Thread(target=self.probe, daemon=True)
        self.prober.start()

    def probe(self):
        while not self.over.wait(0.02):
            job = random.choice(list(self.names))
            try:
                status, _, body = self.jobs.result(job)
            # Nobody answers while the service or its database is down.
            except OSError:
                continue
            if status == 200 and body != self.wanted[self.names[job]]:
                self.half.append(f"{job}: {len(body)} bytes")

    def under_way(self):
        """Until some have ended, some run and some wait."""

        def is_so():
            phases = [self.jobs.phase(job) for job in self.names]
            return {"COMPLETED", "EXECUTING", "QUEUED"} <= set(phases)

        until("jobs are under way", is_so)

    def check(self, seconds=180):
        """Every job ends well, with its whole result."""
        end = time.monotonic() + seconds
        for job, adql in self.names.items():
            phase = self.jobs.phase(job)
            while phase not in ENDED:
                expect(time.monotonic() < end, f"job {job} is still {phase}")
                time.sleep(0.1)
                phase = self.jobs.phase(job)
            expect(phase == "COMPLETED", f"{job} is {phase}: {self.jobs.get(job)[2].decode()}")
            status, _, body = self.jobs.result(job)
            expect((status, body) == (200, self.wanted[adql]), f"{job}: {status}, {len(body)} bytes")
        self.over.set()
        self.prober.join()
        expect(not self.half, f"half results were served: {self.half}")


def no_parts_left(archive):
    until("no half result is left", lambda: not list(archive.results.glob("*.part")), 30)


def the_service_is_killed(archive):
    service = archive.serve(SETTINGS)
    load = Load(service)
    for _ in range(2):
        load.under_way()
        service.kill()
        time.sleep(0.5)
        service = archive.serve(SETTINGS)
        load.jobs.base = service.base
    load.check()
    return f"{JOBS} jobs, killed twice, all complete"


def the_service_is_told_to_end(archive):
    service = archive.serve(SETTINGS)
    load = Load(service)
    endless = load.jobs.run(ENDLESS)
    load.under_way()
    took = service.terminate(50)
    no_parts_left(archive)
    service = archive.serve(SETTINGS)
    load.jobs.base = service.base
    load.check()
    until("the endless job runs again", lambda: load.jobs.phase(endless) == "EXECUTING")
    load.jobs.post(endless, PHASE="ABORT")
    return f"ended after {took:.1f} s, {JOBS} jobs complete after the next start"


def postgresql_is_restarted(archive, server):
    service = archive.serve(SETTINGS)
    load = Load(service)
    wanted = load.wanted[QUICK]
    seen, strange, over = {}, [], threading.Event()

    def someone():
        while not over.is_set():
            try:
                status, _, body = ask(f"{service.base}/sync", query(QUICK))
                if status == 200 and body != wanted:
                    strange.append(f"{len(body)} bytes")
            except OSError:
                status = "broken off"
            except Exception as failure:  # noqa: BLE001
                status = type(failure).__name__
            seen[status] = seen.get(status, 0) + 1

    people = [threading.Thread(target=someone, daemon=True) for _ in range(4)]
    for person in people:
        person.start()
    load.under_way()
    for _ in range(2):
        server.restart_at_once()
        until("the service answers again", service.is_available, 30)
        time.sleep(2)
    load.check()
    over.set()
    for person in people:
        person.join()
    expect(not strange, f"half answers as whole: {strange}")
    odd = set(seen) - {200, 503, "broken off", "IncompleteRead"}
    expect(not odd, f"answers {odd}")
    status, _, body = ask(f"{service.base}/sync", query(QUICK))
    expect((status, body) == (200, wanted), f"afterwards {status}")
    return f"{JOBS} jobs, restarted twice, all complete; /sync meanwhile: {seen}"


def one_of_two_services_is_killed(archive):
    settings = SETTINGS.replace("concurrent = 3", "concurrent = 2")
    one, two = archive.serve(settings, "one"), archive.serve(settings, "two")
    load = Load(one, 30)
    load.under_way()
    one.kill()
    load.jobs.base = two.base
    load.check()
    no_parts_left(archive)
    return "30 jobs, all completed by the other"


def large_job_is_refused(jobs):
    job = jobs.run(LARGE, MAXREC=200000)
    until("the large job has ended", lambda: jobs.phase(job) in ENDED, 120)
    document = jobs.get(job)[2].decode()
    expect(jobs.phase(job) == "ERROR", f"it is {jobs.phase(job)}")
    expect("no room left" in document, document)
    status, _, _ = jobs.result(job)
    expect(status == 404, f"its result: {status}")


def room_again(service, archive, jobs):
    job = jobs.run(LARGE, MAXREC=200000)
    until("the large job has ended", lambda: jobs.phase(job) in ENDED, 180)
    expect(jobs.phase(job) == "COMPLETED", jobs.get(job)[2].decode())
    lines = jobs.result(job)[2].count(b"\n")
    expect(lines == 200001, f"{lines} lines")
    expect(service.is_available(), "it is not available")
    no_parts_left(archive)


def files_may_not_grow(archive):
    most = 12_000_000

    def limits():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    service = archive.serve(SETTINGS, limits=limits)
    jobs = Jobs(service.base)
    small = jobs.run(QUICK)
    large_job_is_refused(jobs)
    until("the small job is complete", lambda: jobs.phase(small) == "COMPLETED")
    no_parts_left(archive)
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, unlimited)
    room_again(service, archive, jobs)
    return f"a result above {most} bytes is an error that says so; with room it is whole"


def the_disk_is_full(archive):
    if os.geteuid() != 0:
        raise Skipped("only root can mount a small disk; files_may_not_grow tries the same")
    archive.results.mkdir(parents=True)
    disk = str(archive.results)
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        raise Skipped("no small disk can be mounted here; files_may_not_grow tries the same")
    try:
        service = archive.serve(SETTINGS)
        jobs = Jobs(service.base)
        small = jobs.run(QUICK)
        large_job_is_refused(jobs)
        until("the small job is complete", lambda: jobs.phase(small) == "COMPLETED")
        no_parts_left(archive)
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        room_again(service, archive, jobs)
        service.end()
    finally:
        subprocess.run(["umount", "-l", disk], check=False)
    return "8 MB are full, and the job says so; with 200 MB the result is whole"


def clients_vanish(archive):
    settings = SETTINGS + "[pool]\nreaders = 2\n"
    service = archive.serve(settings)
    jobs = Jobs(service.base)
    pending = ask(f"{service.base}/async", {})[1]["Location"].rsplit("/", 1)[1]
    before = service.files()

    def send(text):
        client = socket.create_connection(("127.0.0.1", service.port), 10)
        client.sendall(text.encode())
        return client

    def sync(adql):
        parameters = urllib.parse.urlencode(query(adql))
        return f"GET /tap/sync?{parameters} HTTP/1.1\r\nHost: here\r\n\r\n"

    def leave(kind):
        match kind:
            # While the database looks for the first row.
            case 0:
                client = send(sync(ENDLESS))
                time.sleep(0.5)
            # In the middle of the answer.
            case 1:
                client = send(sync(LARGE).replace("TOP+200000", "TOP+20000"))
                client.recv(1000)
            # In the middle of the request.
            case 2:
                client = send("POST /tap/sync HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n"
                              "Content-Type: application/x-www-form-urlencoded\r\n\r\nLANG=ADQL&QU")
            # While waiting for a job.
            case 3:
                client = send(f"GET /tap/async/{pending}?WAIT=50 HTTP/1.1\r\nHost: here\r\n\r\n")
            # Before saying anything.
            case _:
                client = send("")
        client.close()

    for round_ in range(4):
        people = [threading.Thread(target=leave, args=(kind,)) for kind in range(5) for _ in range(3)]
        for person in people:
            person.start()
        for person in people:
            person.join()
        started = time.monotonic()
        status, _, _ = ask(f"{service.base}/sync", query(QUICK), timeout=30)
        took = time.monotonic() - started
        expect(status == 200, f"round {round_}: {status} after {took:.1f} s")
    # Twelve left in each way; connections to the database may have been opened
    # meanwhile, and stay.
    until("all they held is let go", lambda: service.files() <= before + 10, 90)
    job = jobs.run(QUICK)
    until("a job is complete", lambda: jobs.phase(job) == "COMPLETED")
    return f"60 clients left in five ways; {service.files()} files open, {before} before"


ON_BOTH = [
    the_service_is_killed,
    the_service_is_told_to_end,
    files_may_not_grow,
    the_disk_is_full,
    clients_vanish,
]


def attempt(name, fault, *what):
    started = time.monotonic()
    try:
        words, good = f"ok      {name}: {fault(*what)}", True
    except Skipped as reason:
        words, good = f"skipped {name}: {reason}", True
    except Exception as failure:  # noqa: BLE001
        words, good = f"FAILED  {name}: {failure if isinstance(failure, Failed) else repr(failure)}", False
    print(f"{words} ({time.monotonic() - started:.0f} s)", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("obstap")
    parser.add_argument("--only", default="", help="faults whose name holds this")
    parser.add_argument("--keep", help="copy what was written there, after a failure")
    asked = parser.parse_args()
    good = True
    with Place(asked.obstap) as place:
        server = Postgres(place)

        def tries(engine, fault):
            nonlocal good
            name = f"{fault.__name__} on {engine}"
            if asked.only not in name:
                return
            url = server.fresh() if engine == "PostgreSQL" else None
            archive = Archive(place, name.replace(" ", "_"), url)
            archive.load(ROWS[engine])
            extra = (server,) if fault is postgresql_is_restarted else ()
            if not attempt(name.replace("_", " "), fault, archive, *extra):
                good = False
                if asked.keep:
                    shutil.copytree(archive.folder, Path(asked.keep) / archive.folder.name)
            for it in place.started[1:]:
                it.end()
            del place.started[1:]

        for fault in ON_BOTH:
            for engine in ("SQLite", "PostgreSQL"):
                tries(engine, fault)
        tries("PostgreSQL", postgresql_is_restarted)
        tries("PostgreSQL", one_of_two_services_is_killed)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
