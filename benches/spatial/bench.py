"""The spatial queries of the service beside pgSphere and Q3C in one PostgreSQL.

    bench.py load  DATABASE SKY.parquet     the service's table, by `obstap load`
    bench.py peers DATABASE                 the same rows with pgSphere's and Q3C's indexes
    bench.py run   DATABASE [KIND]          the mix, candidates in turn in one session
    bench.py lite  DATABASE [KIND]          the service's SQL alone
    bench.py sqlite FILE DATABASE           the same questions of SQLite, same answers?
    bench.py pages DATABASE                 candidates and pages per row

DATABASE is postgresql://user@host:port/name on this machine (the time of the
backend is read from /proc, so be root or the server's user). OBSTAP names the
program (default: obstap). See README.md.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import time

import psycopg
from psycopg.types.numeric import Float8, Int8

from mix import questions

OBSTAP = os.environ.get("OBSTAP", "obstap")
MAXREC = 10_000_000
ROUNDS = int(os.environ.get("ROUNDS", "3"))

COLUMNS = """dataproduct_type, dataproduct_subtype, calib_level, obs_collection, obs_id,
    obs_publisher_did, target_name, access_url, access_format, access_estsize, s_ra, s_dec, s_fov,
    s_resolution, s_region, s_xel1, s_xel2, t_min, t_max, t_exptime, em_min, em_max,
    facility_name, instrument_name"""


def obstap(database, *arguments):
    command = [OBSTAP, *arguments, "--database-url", database, "--data-dir", "/tmp/obstap-bench"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def connect(database):
    session = psycopg.connect(database, autocommit=True, cursor_factory=psycopg.RawCursor)
    session.prepare_threshold = None
    # What a reader of the service sets.
    session.execute("SET jit = off")
    session.execute("SET plan_cache_mode = force_custom_plan")
    return session


class Backend:
    """CPU seconds that the session's process has used, by nanoseconds."""

    def __init__(self, session):
        self.path = f"/proc/{session.info.backend_pid}/schedstat"

    def cpu(self):
        with open(self.path) as file:
            return int(file.read().split()[0]) / 1e9


def ask(session, sql, parameters=()):
    """Rows, CPU and wall milliseconds of one statement, answered in binary."""
    backend = Backend(session)
    cursor = session.cursor(binary=True)
    wall, cpu = time.perf_counter(), backend.cpu()
    cursor.execute(sql, parameters, prepare=False)
    wall, cpu = time.perf_counter() - wall, backend.cpu() - cpu
    result = cursor.pgresult
    rows = result.ntuples
    if rows == 1 and result.nfields == 1 and "count" in sql.lower()[:60]:
        rows = int.from_bytes(result.get_value(0, 0), "big")
    return rows, 1000 * cpu, 1000 * wall


def sent(database, adql):
    """The SQL and parameters that the service sends for a query."""
    shown = obstap(database, "query", "--maxrec", str(MAXREC), "--explain", adql)
    sql = re.search(r"^SQL\n\n(.*?)\n\nParameters\n", shown, re.M | re.S).group(1)
    values = []
    for number, text in re.findall(r"^  \$(\d+) = (.*)$", shown, re.M):
        assert int(number) == len(values) + 1
        if text.startswith("["):
            value = json.loads(text)
            value = [Float8(it) if isinstance(it, float) else Int8(it) for it in value]
        elif re.fullmatch(r"-?\d+", text) and f"${number}::bigint" in sql:
            value = Int8(int(text))
        else:
            value = Float8(float(text))
        values.append(value)
    return sql, values


def peer_sql(question, condition):
    what = "count(*)" if question.count else "obs_publisher_did"
    return f"SELECT {what} FROM peer.obscore WHERE {condition} LIMIT {MAXREC + 1}"


def adql_of(question):
    what = "COUNT(*)" if question.count else "obs_publisher_did"
    return f"SELECT {what} FROM ivoa.obscore WHERE {question.adql}"


def run(database, only=None, alone=False):
    session = connect(database)
    (version,) = session.execute("SELECT version()").fetchone()
    (total,) = session.execute("SELECT count(*) FROM ivoa.obscore").fetchone()
    print(f"{total:,} rows; {version.split(' on ')[0]}; CPU ms of the backend (wall)")
    if not alone:
        extensions = "SELECT extname, extversion FROM pg_extension WHERE extname IN ('pg_sphere', 'q3c')"
        print(", ".join(" ".join(row) for row in session.execute(extensions)))
    print(f"{'':28}{'rows':>9}{'obstap':>18}{'pgSphere':>20}{'Q3C':>18}{'ratio':>8}")
    kinds = {}
    for question in questions():
        if only is None or only in question.kind:
            kinds.setdefault(question.kind, []).append(question)
    for kind, asked in kinds.items():
        figures = {}
        rows_of = {}
        for place, question in enumerate(asked):
            candidates = {"obstap": sent(database, adql_of(question))}
            if not alone:
                candidates["pgSphere"] = peer_sql(question, question.pgsphere), ()
                if question.q3c:
                    candidates["Q3C"] = peer_sql(question, question.q3c), ()
            for round in range(ROUNDS + 1):
                for name, (sql, parameters) in candidates.items():
                    if name != "obstap" and round > 1 and figures[name, place][-1][0] > 2000:
                        continue
                    rows, cpu, wall = ask(session, sql, parameters)
                    rows_of[name, place] = rows
                    # The first round warms the caches.
                    if round > 0:
                        figures.setdefault((name, place), []).append((cpu, wall))

        def of(name):
            """The median of the rounds, the mean of the questions."""
            per = [
                [statistics.median(column) for column in zip(*figures[key])]
                for key in figures if key[0] == name
            ]
            return [statistics.mean(column) for column in zip(*per)] if per else None

        ours, sphere, q3c = of("obstap"), of("pgSphere"), of("Q3C")
        rows = [rows_of["obstap", place] for place in range(len(asked))]
        show = lambda it: f"{it[0]:10.2f} ({it[1]:.1f})" if it else ""
        peers = [it[0] for it in (sphere, q3c) if it]
        ratio = f"{ours[0] / sphere[0]:8.3f}" if sphere else ""
        print(f"{kind:28}{statistics.mean(rows):9.0f}{show(ours):>18}{show(sphere):>20}{show(q3c):>18}{ratio}", flush=True)
        for place in range(len(asked)):
            for name in ("pgSphere", "Q3C"):
                other = rows_of.get((name, place))
                if other is not None and other != rows[place]:
                    print(f"    {name} finds {other}, obstap {rows[place]}: {asked[place].adql}")


def load(database, sky):
    obstap(database, "migrate")
    started = time.perf_counter()
    obstap(database, "load", sky)
    print(f"obstap load: {time.perf_counter() - started:.1f} s wall, indexes among them")


def timed(session, what, sql):
    _, cpu, wall = ask(session, sql)
    print(f"{what:44}{cpu / 1000:10.1f} s CPU {wall / 1000:10.1f} s wall", flush=True)


def size(session, relation):
    (text,) = session.execute("SELECT pg_size_pretty(pg_relation_size($1::text::regclass))", (relation,)).fetchone()
    print(f"    {relation}: {text}")


def peers(database):
    session = connect(database)
    for name, package in (("pg_sphere", "postgresql-15-pgsphere"), ("q3c", "postgresql-15-q3c")):
        there = session.execute("SELECT 1 FROM pg_available_extensions WHERE name = $1", (name,)).fetchone()
        if there is None:
            sys.exit(f"the server has no extension {name}: install Debian's {package} (or its like for your version)")
        session.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
    session.execute("CREATE SCHEMA IF NOT EXISTS peer")
    session.execute("DROP TABLE IF EXISTS peer.obscore")
    corners = r"rtrim(regexp_replace(substr(s_region, 14), '(\S+) (\S+) ?', '(\1d,\2d),', 'g'), ',')"
    session.execute(
        f"CREATE TABLE peer.obscore AS SELECT {COLUMNS}, spoly('{{' || {corners} || '}}') AS shape, "
        "spoint(radians(s_ra), radians(s_dec)) AS place FROM ivoa.obscore"
    )
    session.execute("SET maintenance_work_mem = '1GB'")
    for what, sql in (
        ("pgSphere, spoint GiST", "CREATE INDEX peer_place ON peer.obscore USING gist (place)"),
        ("Q3C", "CREATE INDEX peer_q3c ON peer.obscore (q3c_ang2ipix(s_ra, s_dec))"),
        ("obstap, fp_key once more", "CREATE INDEX again ON ivoa.obscore (fp_key)"),
        ("obstap, pt_hpx once more", "CREATE INDEX again_pt ON ivoa.obscore (pt_hpx)"),
        ("pgSphere, spoly GiST", "CREATE INDEX peer_shape ON peer.obscore USING gist (shape)"),
    ):
        timed(session, what, sql)
    for relation in ("peer.peer_shape", "peer.peer_place", "peer.peer_q3c", "ivoa.again", "ivoa.again_pt"):
        size(session, relation)
    session.execute("DROP INDEX ivoa.again, ivoa.again_pt")
    session.execute("ANALYZE peer.obscore")


def main():
    command, *arguments = sys.argv[1:]
    match command:
        case "load":
            load(*arguments)
        case "peers":
            peers(*arguments)
        case "run":
            run(*arguments)
        case "lite":
            run(*arguments, alone=True)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
