"""A crowd of clients with cheap and costly queries, at once and as jobs.

    crowd.py OBSTAP [--seconds 60] [--clients 200] [--engine sqlite|postgresql]

OBSTAP is the program; it serves its demo on a private server. Of the clients
seven in ten ask cheap queries and think between them, as people and scripts do;
the others ask costly ones, half of them as jobs. Every client has an address of
its own (X-Forwarded-For). The exit code is 1 if

* an answer is neither right nor a limit that is declared (503 with Retry-After,
  a time limit),
* the median of the cheap queries is more than five times what it is when
  nobody else is there,
* the phase of a job is told in more than 10 ms (median) while the crowd is there,
* the quotes of fewer than 80 % of the jobs are within a factor of three.

The last three are aims: `--report` prints them and leaves the exit code alone.
"""

import argparse
import collections
import datetime
import http.client
import random
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse

from servers import ENDED, Archive, Jobs, Place, Postgres, query

# Nobody in a crowd waits for ten minutes.
SETTINGS = "[limits]\nsync_seconds = 30\n"
AIM, STATUS, QUOTES = 5.0, 10.0, 0.8
# A job that ends within this many seconds of its quote is as good as foretold.
GLANCE = 0.1


def cheap(chance):
    ra, dec, radius = chance.uniform(0, 360), chance.uniform(-89, -46), chance.uniform(0.05, 0.2)
    return chance.choice([
        f"SELECT obs_id, s_ra, s_dec, t_min FROM ivoa.obscore "
        f"WHERE INTERSECTS(s_region, CIRCLE({ra:.4f}, {dec:.4f}, {radius:.3f})) = 1",
        f"SELECT TOP 10 obs_id, t_exptime FROM ivoa.obscore "
        f"WHERE CONTAINS(POINT({ra:.4f}, {dec:.4f}), s_region) = 1",
        "SELECT table_name, description FROM TAP_SCHEMA.tables",
        f"SELECT TOP {chance.randint(1, 50)} * FROM ivoa.obscore",
    ])


def costly(chance):
    ra, dec, many = chance.uniform(0, 350), chance.uniform(-85, -50), chance.randint(2, 12)
    return chance.choice([
        f"SELECT COUNT(*) AS n, AVG(t_exptime) AS t FROM ivoa.obscore WHERE obs_id LIKE '%{many}%7%'",
        "SELECT dataproduct_type, calib_level, COUNT(*) AS n, MIN(t_min) AS t FROM ivoa.obscore "
        "GROUP BY dataproduct_type, calib_level",
        f"SELECT TOP {many * 1000} * FROM ivoa.obscore WHERE s_dec > {dec:.2f} ORDER BY t_min, obs_id",
        f"SELECT COUNT(*) AS n FROM ivoa.obscore AS a, (SELECT TOP {many} s_ra, s_dec FROM ivoa.obscore) "
        f"AS b WHERE a.s_ra + b.s_dec > {ra:.2f}",
        f"SELECT COUNT(*) AS n FROM ivoa.obscore AS a JOIN ivoa.obscore AS b "
        f"ON INTERSECTS(a.s_region, b.s_region) = 1 WHERE CONTAINS(POINT(a.s_ra, a.s_dec), "
        f"CIRCLE({ra:.2f}, {dec:.2f}, {many / 10})) = 1",
    ])


class Crowd:
    def __init__(self, service, seconds, pause):
        self.service = service
        self.end = time.monotonic() + seconds
        self.pause = pause
        self.guard = threading.Lock()
        self.closed = False
        self.times = collections.defaultdict(list)
        self.limits = collections.Counter()
        self.wrong = collections.Counter()
        # Foretold and in fact, in seconds, of every job.
        self.quotes = []
        # CPU that the clients took from the service, in seconds.
        self.own = 0.0

    def is_over(self):
        return time.monotonic() > self.end

    def note(self, kind, seconds):
        with self.guard:
            if not self.closed:
                self.times[kind].append(seconds)

    def complain(self, words):
        with self.guard:
            if not self.closed:
                self.wrong[words] += 1

    def judge(self, kind, status, headers, body):
        """Whether it is an answer; else it must be a limit."""
        if status == 200 and body.count(b"\n") > 0:
            return True
        words = body.decode(errors="replace")
        message = re.sub(r"<[^>]*>|\d+", " ", words)
        message = " ".join(message.split())[:90]
        limit = (status == 503 and headers.get("Retry-After")) or "was stopped" in words
        with self.guard:
            (self.limits if limit else self.wrong)[f"{kind} {status} {message}"] += 1
        return False

    def asks(self, kind, made, client, chance):
        """Someone at /sync, over a connection that is kept for a while."""
        connection = None
        while not self.is_over():
            pause = chance.uniform(0, 2 * self.pause)
            time.sleep(pause)
            if pause > 3:
                # The service may have closed it.
                connection = None
            body = urllib.parse.urlencode(query(made(chance)))
            headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": client}
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=600)
                started = time.monotonic()
                connection.request("POST", "/tap/sync", body, headers)
                answer = connection.getresponse()
                body = answer.read()
                took = time.monotonic() - started
                if self.judge(kind, answer.status, answer.headers, body):
                    self.note(kind, took)
                elif answer.status == 503:
                    time.sleep(float(answer.headers.get("Retry-After", 1)))
            except (OSError, http.client.HTTPException) as failure:
                connection = None
                self.complain(f"{kind}: {failure!r}")

    def sends_jobs(self, client, chance):
        jobs = Jobs(self.service.base, client)
        while not self.is_over():
            time.sleep(chance.uniform(0, 2 * self.pause))
            try:
                self.sends_job(jobs, chance)
            except Exception as failure:  # noqa: BLE001
                self.complain(f"job: {failure!r}")

    def sends_job(self, jobs, chance):
        adql = cheap(chance) if chance.random() < 0.3 else costly(chance)
        # First what it will take, as somebody asks who has to decide.
        name = jobs.make(adql)
        asked = time.time()
        quote = instant(jobs.get(name)[2].decode(), "quote")
        foretold = quote - asked
        begun = time.time()
        jobs.post(name, PHASE="RUN")
        try:
            self.follows_job(jobs, name, foretold, begun)
        finally:
            jobs.post(name, ACTION="DELETE")

    def follows_job(self, jobs, name, foretold, begun):
        while not self.is_over():
            status, _, body = jobs.get(f"{name}?WAIT=5")
            document = body.decode()
            phase = element(document, "phase")
            if status != 200 or phase in ENDED:
                break
        else:
            return
        result = jobs.result(name) if phase == "COMPLETED" else None
        if result and self.judge("job", *result):
            ended, made = instant(document, "endTime"), instant(document, "creationTime")
            with self.guard:
                self.quotes.append((foretold, ended - begun))
            self.note("job", ended - made)
        elif not result:
            self.complain(f"job {phase}: {element(document, 'message')}")

    def looks_after_a_job(self):
        """From a process of its own, so that the crowd's threads do not delay
        it."""
        jobs = Jobs(self.service.base, "192.0.2.250")
        name = jobs.make("SELECT 1 AS one")
        seconds = self.end - time.monotonic()
        command = [sys.executable, "-c", PROBE, str(self.service.port), name, str(seconds)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for line in told.split():
            self.note("status", float(line))


# The phase of a job, again and again, as polling clients ask.
PROBE = """
import http.client, sys, time
port, name, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
end = time.monotonic() + seconds
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
while time.monotonic() < end:
    started = time.monotonic()
    connection.request("GET", f"/tap/async/{name}/phase")
    connection.getresponse().read()
    print(time.monotonic() - started)
    time.sleep(0.1)
"""


def element(document, name):
    found = re.search(rf"<uws:{name}[^>]*>([^<]*)<", document)
    return found.group(1) if found else ""


def instant(document, name):
    return datetime.datetime.fromisoformat(element(document, name)).timestamp()


def milliseconds(times):
    times = sorted(times)
    if not times:
        return "none"
    return (
        f"median {1000 * statistics.median(times):.1f} ms, p95 "
        f"{1000 * times[int(0.95 * len(times))]:.1f} ms of {len(times)}"
    )


def idle(service, seconds):
    alone = Crowd(service, seconds, 0.0)
    alone.pause = 0.05
    run(alone, (alone.asks, "cheap", cheap, "192.0.2.1", random.Random(1)), (alone.looks_after_a_job,))
    return alone


def run(whole, *people):
    """Until the time is over; whoever still waits for an answer then is left
    alone, and not counted."""
    threads = [threading.Thread(target=it, args=arguments, daemon=True) for it, *arguments in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, whole.end + 5 - time.monotonic()))
    with whole.guard:
        whole.closed = True


def within(quotes, factor):
    def is_near(foretold, took):
        near = abs(foretold - took) <= GLANCE
        return near or 1 / factor <= max(foretold, 1e-3) / max(took, 1e-3) <= factor

    return sum(is_near(*it) for it in quotes) / len(quotes) if quotes else 0.0


def crowd(service, clients, seconds, pause):
    alone = idle(service, min(10, seconds))
    # The jobs of a service that has just been started have no past.
    warm = Crowd(service, min(20, seconds), 0.2)
    run(warm, *[(warm.sends_jobs, f"192.0.2.{it}", random.Random(it)) for it in range(4)])
    all_ = Crowd(service, seconds, pause)
    people = [(all_.looks_after_a_job,)]
    for number in range(clients):
        address, chance = f"198.51.{100 + number // 250}.{number % 250}", random.Random(number)
        if number % 10 < 7:
            people.append((all_.asks, "cheap", cheap, address, chance))
        elif number % 2:
            people.append((all_.asks, "costly", costly, address, chance))
        else:
            people.append((all_.sends_jobs, address, chance))
    begun = time.process_time()
    run(all_, *people)
    all_.own = time.process_time() - begun
    return alone, all_


def tell(engine, alone, all_):
    print(f"{engine}: alone: cheap {milliseconds(alone.times['cheap'])}; "
          f"status {milliseconds(alone.times['status'])}")
    for kind in ("cheap", "costly", "job", "status"):
        print(f"{engine}: in the crowd: {kind} {milliseconds(all_.times[kind])}")
    print(f"{engine}: the clients themselves took {all_.own:.1f} s of CPU")
    for what, counted in [("limit", all_.limits), ("WRONG", all_.wrong + alone.wrong)]:
        for words, number in counted.most_common():
            print(f"{engine}: {what}: {number} × {words}")
    median = statistics.median(all_.times["cheap"] or [1e9])
    ratio = median / statistics.median(alone.times["cheap"] or [1e9])
    status = 1000 * statistics.median(all_.times["status"] or [1e9])
    share = within(all_.quotes, 3)
    slow = [it for it in all_.quotes if it[1] > 1]
    print(f"{engine}: cheap queries take {ratio:.1f} times as long as alone (aim: {AIM:.0f})")
    print(f"{engine}: the phase of a job is told in {status:.1f} ms (aim: {STATUS:.0f})")
    print(f"{engine}: {100 * share:.0f} % of {len(all_.quotes)} quotes within a factor of 3 "
          f"(aim: {100 * QUOTES:.0f} %); of the {len(slow)} jobs that took more than a second "
          f"{100 * within(slow, 3):.0f} %", flush=True)
    right = not all_.wrong and not alone.wrong
    return right, ratio <= AIM and status <= STATUS and share >= QUOTES


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("obstap")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--pause", type=float, default=5.0, help="mean seconds between two queries of one client")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--report", action="store_true", help="the aims are only printed")
    parser.add_argument("--quotes", help="write what was foretold and what it took there, as CSV")
    asked = parser.parse_args()
    good = True
    with Place(asked.obstap) as place:
        for engine in asked.engine or ["sqlite", "postgresql"]:
            url = Postgres(place).url() if engine == "postgresql" else None
            archive = Archive(place, engine, url)
            service = archive.serve(SETTINGS, program="demo")
            alone, all_ = crowd(service, asked.clients, asked.seconds, asked.pause)
            right, aims = tell(engine, alone, all_)
            good = good and right and (aims or asked.report)
            if asked.quotes:
                with open(f"{asked.quotes}-{engine}.csv", "w", encoding="utf-8") as out:
                    out.writelines(f"{foretold:.3f},{took:.3f}\n" for foretold, took in all_.quotes)
            service.end()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
