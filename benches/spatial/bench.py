"""The spatial queries of the service beside pgSphere and Q3C in one PostgreSQL.

    bench.py load  DATABASE SKY.parquet     the service's table, by `obstap load`
    bench.py peers DATABASE                 the same rows with pgSphere's and Q3C's indexes
    bench.py run   DATABASE [KIND]          the mix, candidates in turn in one session
    bench.py lite  DATABASE [KIND]          the service's SQL alone
    bench.py pages DATABASE                 candidates per row, beside the geometric limit
    bench.py inserts DATABASE               what a new row costs
    bench.py positions DATABASE [POINTS]    positions against all footprints
    bench.py growth DATABASE                 regions that give about 1,000 and 100 rows at any size
    bench.py served URL [URL …]             the mix over HTTP; equal answers of two services?

DATABASE is postgresql://user@host:port/name on this machine (the time of the
backend is read from /proc, so be root or the server's user). OBSTAP names the
program (default: obstap). See README.md.
"""

import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import psycopg
from psycopg.types.numeric import Float8, FloatBinaryDumper, Int8

from mix import place, questions

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
    # Bound in binary, as the service does.
    session.adapters.register_dumper(float, FloatBinaryDumper)
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
        f"CREATE TABLE peer.obscore AS SELECT spoly('{{' || {corners} || '}}') AS shape, "
        f"spoint(radians(s_ra), radians(s_dec)) AS place, {COLUMNS} FROM ivoa.obscore"
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


def keys_of(sql):
    """The ranges of keys in the service's SQL, whichever way they are written."""
    joined = re.search(r"unnest\(CAST\('\{(.*?)\}' AS bigint\[\]\), CAST\('\{(.*?)\}'", sql)
    if joined:
        low, high = ([int(key) for key in text.split(",")] for text in joined.groups())
        return low, high
    listed = re.findall(r'"fp_key" BETWEEN (-?\d+) AND (-?\d+)', sql)
    return [int(low) for low, _ in listed], [int(high) for _, high in listed]


def pages(database):
    """Of the detectors alone: rows whose keys are in the ranges, rows whose circle meets
    the region's (no index on centres and radii can do with fewer), rows that fulfil it."""
    session = connect(database)
    # A detector's circumscribed radius is 0.158°.
    detector = "fp_crad BETWEEN 0.00274 AND 0.00278"
    print(f"{'detectors':28}{'ranges':>8}{'keys':>9}{'circles':>9}{'rows':>9}{'keys/circles':>14}")
    for kind in ("point in footprint", "circle 0.01° meets", "circle 0.1° meets", "circle 0.5° meets", "circle 5° meets"):
        total = [0, 0, 0, 0]
        for question in questions():
            if question.kind != kind:
                continue
            sql, parameters = sent(database, adql_of(question))
            low, high = keys_of(sql)
            (keys,) = session.execute(
                "SELECT count(*) FROM unnest($1::bigint[], $2::bigint[]) AS r (low, high) CROSS JOIN LATERAL "
                f"(SELECT 1 FROM ivoa.obscore WHERE fp_key BETWEEN low AND high AND {detector} OFFSET 0) AS o",
                ([Int8(it) for it in low], [Int8(it) for it in high]),
            ).fetchone()
            where = sql[sql.index(" WHERE ") + 7:sql.index(" LIMIT ")]
            count = f"SELECT count(*) FROM ivoa.obscore AS t1 WHERE {detector} AND {where}"
            (rows,) = session.execute(count, parameters).fetchone()
            near = re.search(r"CIRCLE\(([^,]+), ([^,]+), ([^)]+)\)|POINT\(([^,]+), ([^)]+)\)", question.adql).groups()
            lon, lat, radius = (near[0], near[1], near[2]) if near[0] else (near[3], near[4], "0")
            (circles,) = session.execute(
                f"SELECT count(*) FROM peer.obscore WHERE place <@ scircle '<({lon}d,{lat}d),{float(radius) + 0.1584}d>' "
                "AND obs_publisher_did IN (SELECT obs_publisher_did FROM ivoa.obscore "
                f"WHERE {detector})"
            ).fetchone() if float(radius) < 1 else (0,)
            total = [a + b for a, b in zip(total, (len(low), keys, circles, rows))]
        ratio = f"{total[1] / total[2]:14.2f}" if total[2] else ""
        print(f"{kind:28}" + "".join(f"{it / 5:{width}.0f}" for it, width in zip(total, (8, 9, 9, 9))) + ratio, flush=True)


def inserts(database, rows=100_000):
    """CPU of one INSERT … SELECT into copies of 300,000 rows with their indexes."""
    session = connect(database)
    ours = "fp_key, fp_x, fp_y, fp_z, fp_crad, fp_crin, fp_v, pt_hpx"
    bare = None
    for what, table, hidden, indexes in (
        ("the columns of ObsCore alone", "ivoa.obscore", "", ()),
        ("with obstap's index", "ivoa.obscore", ", " + ours, ("btree (fp_key)", "btree (pt_hpx)")),
        ("with pgSphere's", "peer.obscore", ", shape, place", ("gist (shape)", "gist (place)")),
    ):
        session.execute("DROP TABLE IF EXISTS bench_copy, bench_new")
        new = f"SELECT {COLUMNS}{hidden} FROM {table} WHERE hashtext(obs_publisher_did) % 16 ="
        session.execute(f"CREATE TABLE bench_copy AS {new} 1 LIMIT 300000")
        session.execute(f"CREATE TABLE bench_new AS {new} 2 LIMIT {rows}")
        for index in indexes:
            session.execute(f"CREATE INDEX ON bench_copy USING {index}")
        (count,) = session.execute("SELECT count(*) FROM bench_new").fetchone()
        _, cpu, _ = ask(session, "INSERT INTO bench_copy SELECT * FROM bench_new")
        each = 1000 * cpu / count
        bare = bare or each
        print(f"{what:32}{each:8.1f} µs a row, {each - bare:+8.1f}", flush=True)
    session.execute("DROP TABLE bench_copy, bench_new")


def positions(database, points="10000"):
    """Positions in a table of their own against all footprints."""
    session = connect(database)
    session.execute("DROP TABLE IF EXISTS peer.points")
    session.execute(
        "CREATE TABLE peer.points AS SELECT n, ra, dec, spoint(radians(ra), radians(dec)) AS place FROM (SELECT n, "
        "360 * random() AS ra, degrees(asin(sin(radians(-70)) + random() * (sin(radians(10)) - sin(radians(-70))))) AS dec "
        f"FROM generate_series(1, {int(points)}) AS n, setseed(0.5)) AS p"
    )
    session.execute("ANALYZE peer.points")
    rows, cpu, wall = ask(session, "SELECT count(*) FROM peer.points AS p JOIN peer.obscore AS o ON o.shape @> p.place")
    print(f"pgSphere: {rows:,} pairs of {int(points):,} positions, {cpu / 1000:.1f} s CPU ({wall / 1000:.1f} s)")


def growth(database):
    """The larger the table, the smaller the region: the answers stay as many."""
    session = connect(database)
    (total,) = session.execute("SELECT count(*) FROM ivoa.obscore").fetchone()
    rng = random.Random(7)
    places = [place(rng) for _ in range(12)]
    for kind, degrees, condition in (
        ("inside a circle", 5.0, "CONTAINS(s_region, CIRCLE({}, {}, {})) = 1"),
        ("inside a small circle", 1.5, "CONTAINS(s_region, CIRCLE({}, {}, {})) = 1"),
        ("cone", 5.0, "CONTAINS(POINT(s_ra, s_dec), CIRCLE({}, {}, {})) = 1"),
    ):
        radius = round(degrees * (300_000 / total) ** 0.5, 4)
        counts, times = [], []
        for lon, lat in places:
            adql = f"SELECT obs_publisher_did FROM ivoa.obscore WHERE {condition.format(lon, lat, radius)}"
            sql, parameters = sent(database, adql)
            asked = [ask(session, sql, parameters) for _ in range(2 * ROUNDS + 1)][1:]
            counts.append(asked[0][0])
            times.append(min(cpu for _, cpu, _ in asked))
        print(f"{total:>12,} rows, {kind:22} {radius:7.3f}°: {statistics.mean(counts):6.0f} rows in "
              f"{statistics.mean(times):6.2f} ms", flush=True)


def served(*urls):
    """The same questions of services that run, in turn: rows and wall milliseconds."""
    print(f"{'':28}{'rows':>9}" + "".join(f"{url.split('/')[2]:>24}" for url in urls))
    kinds = {}
    for question in questions():
        kinds.setdefault(question.kind, []).append(question)
    for kind, asked in kinds.items():
        times, counts = {url: [] for url in urls}, []
        for question in asked:
            answers = {}
            for url in urls:
                body = urllib.parse.urlencode({
                    "LANG": "ADQL", "RESPONSEFORMAT": "csv", "MAXREC": MAXREC, "QUERY": adql_of(question)})
                best = []
                for _ in range(ROUNDS + 1):
                    started = time.perf_counter()
                    with urllib.request.urlopen(f"{url}/sync", body.encode()) as answer:
                        lines = answer.read().decode().splitlines()[1:]
                    best.append(1000 * (time.perf_counter() - started))
                times[url].append(min(best))
                answers[url] = sorted(lines)
            counts.append(len(lines))
            if len({tuple(lines) for lines in answers.values()}) > 1:
                print(f"    answers differ: {question.adql}")
        shown = "".join(f"{statistics.mean(times[url]):21.1f} ms" for url in urls)
        print(f"{kind:28}{statistics.mean(counts):9.0f}{shown}", flush=True)


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
        case "pages":
            pages(*arguments)
        case "inserts":
            inserts(*arguments)
        case "positions":
            positions(*arguments)
        case "growth":
            growth(*arguments)
        case "served":
            served(*arguments)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
