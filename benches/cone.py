"""Latency of a cone search through the service, beside psql running the same SQL.

    cone.py TAP_URL OBSTAP_QUERY PSQL

OBSTAP_QUERY is the command `obstap query …` for the same database, PSQL the
command that connects to it. Both are asked the same questions in turn, the
service over one kept connection, psql in one session with \\timing; the medians
and their ratio are printed.
"""

import http.client
import random
import re
import shlex
import statistics
import subprocess
import sys
import time
import urllib.parse

QUESTIONS, ROUNDS = 40, 5


def questions():
    random.seed(1)
    for _ in range(QUESTIONS):
        ra, dec = random.uniform(0, 360), random.uniform(-89, -46)
        yield (
            "SELECT obs_id, s_ra, s_dec, t_min, t_exptime FROM ivoa.obscore "
            f"WHERE INTERSECTS(s_region, CIRCLE({ra:.4f}, {dec:.4f}, 0.1)) = 1"
        )


def sql_of(adql, command):
    """The SQL the service sends for a query, its parameters put in."""
    shown = subprocess.run(
        [*command, "--maxrec", "20000", "--explain", adql],
        capture_output=True, text=True, check=True,
    ).stdout
    sql = re.search(r"^SELECT .*?(?=\n\s*\n|\n--|\Z)", shown, re.M | re.S).group(0)
    values = dict(re.findall(r"^\s*(?:-- )?\$(\d+)\s*[:=]\s*(.*)$", shown, re.M))
    return re.sub(r"\$(\d+)", lambda m: literal(values[m.group(1)]), sql).replace("\n", " ")


def literal(value):
    kind, inner = re.match(r"(\w+)\((.*)\)$", value.strip()).groups()
    if kind == "Doubles":
        return f"'{{{inner.strip('[]')}}}'::float8[]"
    if kind == "Double":
        return f"'{inner}'::float8"
    if kind == "BigInt":
        return f"'{inner}'::int8"
    raise SystemExit(f"a parameter of another kind: {value}")


def by_psql(statements, psql):
    script = "\\timing on\nSET jit=off;\n" + ";\n".join(statements) + ";\n"
    out = subprocess.run(
        [*psql, "-q", "-At", "-o", "/dev/null"], input=script,
        capture_output=True, text=True, check=True,
    ).stdout
    return [float(ms) for ms in re.findall(r"Time: ([\d.]+) ms", out)][-len(statements):]


def by_service(adqls, url):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    times = []
    for adql in adqls:
        body = urllib.parse.urlencode({"LANG": "ADQL", "RESPONSEFORMAT": "votable", "QUERY": adql})
        start = time.perf_counter()
        connection.request(
            "POST", parts.path + "/sync", body,
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        answer = connection.getresponse()
        answer.read()
        times.append(1000 * (time.perf_counter() - start))
        assert answer.status == 200
    return times


def main():
    url, command, psql = sys.argv[1], shlex.split(sys.argv[2]), shlex.split(sys.argv[3])
    adqls = list(questions())
    statements = [sql_of(adql, command) for adql in adqls]
    service, direct = [], []
    for _ in range(ROUNDS):
        direct += by_psql(statements, psql)
        service += by_service(adqls, url)
    a, b = statistics.median(service), statistics.median(direct)
    print(f"cone of 0.1 degrees, {QUESTIONS} questions x {ROUNDS} in turn, median:")
    print(f"  service {a:.2f} ms, psql with the same SQL {b:.2f} ms, ratio {a / b:.2f}")


if __name__ == "__main__":
    main()
