"""Private servers on 127.0.0.1 for checks that break them: a PostgreSQL, and
services on it or on an embedded SQLite. Whoever starts one ends it; `Place`
ends what was forgotten. Python's own library is all this needs.
"""

import glob
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ENDED = ("COMPLETED", "ERROR", "ABORTED")


class Failed(Exception):
    pass


def expect(condition, words):
    if not condition:
        raise Failed(words)


def until(what, is_so, seconds=60, pause=0.1):
    """Looks again and again until it is so."""
    end = time.monotonic() + seconds
    while not is_so():
        expect(time.monotonic() < end, f"not within {seconds} s: {what}")
        time.sleep(pause)


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Place:
    """A directory for everything a run makes, removed at its end, with what
    runs in it."""

    def __init__(self, obstap):
        self.obstap = str(Path(obstap).resolve())
        self.path = Path(tempfile.mkdtemp(prefix="obstap-faults."))
        self.path.chmod(0o755)
        self.started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for it in reversed(self.started):
            it.end()
        shutil.rmtree(self.path, ignore_errors=True)

    def folder(self, name):
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True)
        return path


class Postgres:
    """A PostgreSQL of our own. It refuses to run as root; Debian's package
    makes a user for it."""

    def __init__(self, place, name="postgresql"):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        initdb = found[-1] if found else shutil.which("initdb")
        expect(initdb, "PostgreSQL is not installed")
        self.programs = Path(initdb).parent
        self.port = free_port()
        self.data = place.folder(name) / "data"
        self.data.mkdir(mode=0o700)
        self.as_user = []
        if os.geteuid() == 0:
            self.as_user = ["runuser", "-u", "postgres", "--"]
            user = pwd.getpwnam("postgres")
            os.chown(self.data, user.pw_uid, user.pw_gid)
        self.run("initdb", "-U", "obstap", "-A", "trust", "-E", "UTF8", "--locale=C")
        place.started.append(self)
        # Nothing is to outlive this run but a crash of the server, which needs
        # no fsync.
        self.options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
            "-c fsync=off -c max_connections=200"
        )
        self.ctl("start")

    def run(self, program, *arguments):
        command = [*self.as_user, str(self.programs / program), "-D", str(self.data), *arguments]
        done = subprocess.run(
            command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            check=False, timeout=120,
        )
        expect(done.returncode == 0, f"{program}: {done.stderr}")

    def ctl(self, action, *flags):
        self.run("pg_ctl", "-s", "-w", "-l", str(self.data / "log"), "-o", self.options, *flags, action)

    def restart_at_once(self):
        """As after a power cut."""
        self.ctl("restart", "-m", "immediate")

    def url(self, database="postgres"):
        return f"postgresql://obstap@127.0.0.1:{self.port}/{database}"

    def psql(self, sql, database="postgres"):
        command = [str(self.programs / "psql"), "-qAt", self.url(database), "-c", sql]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def fresh(self):
        name = f"sky{random.getrandbits(40):x}"
        self.psql(f"CREATE DATABASE {name}")
        return self.url(name)

    def end(self):
        try:
            self.ctl("stop", "-m", "immediate")
        except Failed:
            pass


class Archive:
    """A database and directories for files."""

    def __init__(self, place, name, database_url=None):
        self.place = place
        self.folder = place.folder(name)
        self.database_url = database_url or f"sqlite:{self.folder / 'sky.sqlite'}"
        self.results = self.folder / "data" / "results"

    def command(self, *arguments):
        return [
            self.place.obstap, *arguments, "--database-url", self.database_url,
            "--data-dir", str(self.folder / "data"),
        ]

    def load(self, rows):
        """So many observations, the same every time."""
        chance = random.Random(7)
        path = self.folder / "rows.csv"
        with path.open("w") as out:
            print("obs_publisher_did,obs_id,obs_collection,calib_level,s_ra,s_dec,s_region,t_min,t_max",
                  file=out)
            for row in range(rows):
                ra, dec, day = chance.uniform(0, 360), chance.uniform(-80, 80), 55000 + row / 100
                print(f"ivo://fault/{row},o{row},faults,2,{ra:.6f},{dec:.6f},"
                      f"CIRCLE ICRS {ra:.6f} {dec:.6f} 0.2,{day:.4f},{day + 0.01:.4f}", file=out)
        done = subprocess.run(self.command("load", str(path)), capture_output=True, text=True, check=False)
        expect(done.returncode == 0, done.stderr)

    def serve(self, settings="", name="service", limits=None, program="serve"):
        return Service(self, settings, name, limits, program)


class Service:
    """`obstap serve`, or `demo`."""

    def __init__(self, archive, settings, name, limits, program):
        self.archive = archive
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}/tap"
        config = archive.folder / f"{name}.toml"
        config.write_text(settings)
        self.log = archive.folder / f"{name}.log"
        command = archive.command(program, "--listen", f"127.0.0.1:{self.port}", "--config", str(config))
        with self.log.open("a") as log:
            # What a process may not write is an error for it, not its end.
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, preexec_fn=limits, restore_signals=limits is None,
            )
        archive.place.started.append(self)

        def is_up():
            expect(self.process.poll() is None, f"it does not serve: {self.last_words()}")
            return self.is_available()

        until("the service is available", is_up, 600)

    def last_words(self):
        return "\n".join(self.log.read_text().splitlines()[-20:])

    def is_available(self):
        try:
            with urllib.request.urlopen(f"{self.base}/availability", timeout=10) as answer:
                return b"available>true<" in answer.read()
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self, seconds):
        """As an administrator ends it; gives how long that took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"it has not ended {seconds} s after SIGTERM") from None
        return time.monotonic() - started

    def end(self):
        if self.process.poll() is None:
            self.kill()

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


def ask(url, parameters=None, client=None, timeout=120):
    """Status, headers and body; a connection that breaks is an OSError."""
    body = urllib.parse.urlencode(parameters).encode() if parameters is not None else None
    request = urllib.request.Request(url, body)
    if client:
        request.add_header("X-Forwarded-For", client)
    try:
        with OPENER.open(request, timeout=timeout) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def query(adql, form="csv"):
    return {"LANG": "ADQL", "QUERY": adql, "RESPONSEFORMAT": form}


class Jobs:
    """A client's view of `/async`."""

    def __init__(self, base, client=None):
        self.base = base
        self.client = client

    def run(self, adql, **more):
        """Makes a job that runs; gives its name."""
        return self.make(adql, PHASE="RUN", **more)

    def make(self, adql, **more):
        """Makes a job that waits to be told."""
        parameters = {**query(adql), **more}
        status, headers, body = ask(f"{self.base}/async", parameters, self.client)
        expect(status == 303, f"no job: {status} {body.decode(errors='replace')}")
        return headers["Location"].rsplit("/", 1)[1]

    def get(self, path):
        return ask(f"{self.base}/async/{path}", client=self.client)

    def phase(self, job):
        status, _, body = self.get(f"{job}/phase")
        expect(status == 200, f"phase of {job}: {status} {body.decode(errors='replace')}")
        return body.decode()

    def result(self, job):
        return self.get(f"{job}/results/result")

    def post(self, job, **parameters):
        return ask(f"{self.base}/async/{job}", parameters, self.client)[0]
