"""Requests per second of a small cone search, beside pgbench with the same SQL.

    requests.py TAP_URL OBSTAP_QUERY DATABASE_URL

OBSTAP_QUERY is the command `obstap query …` for the database at DATABASE_URL.
Eight clients each: `wrk` asks /tap/sync over kept connections, `pgbench` sends
the statements that the service sends (extended protocol, as the service does;
the parameters are put in as literals). The two take turns; medians are printed.
wrk is one thread, so that it takes no more of the machine than pgbench does.
"""

import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

from cone import questions, sql_of

CLIENTS, SECONDS, ROUNDS = 8, 10, 3

SCRIPT = """
local bodies = {%s}
local next = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
function request()
  next = next %% #bodies + 1
  return wrk.format(nil, nil, nil, bodies[next])
end
"""


def by_service(url, script):
    """Requests per second; a fault of any request ends the run."""
    out = subprocess.run(
        ["wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", "-s", script, f"{url}/sync"],
        capture_output=True, text=True, check=True,
    ).stdout
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    return float(re.search(r"Requests/sec:\s*([\d.]+)", out).group(1))


def by_pgbench(files, database):
    pgbench = Path("/usr/lib/postgresql").glob("*/bin/pgbench")
    out = subprocess.run(
        [str(max(pgbench)), "-n", "-M", "extended", "-c", str(CLIENTS), "-j", "1",
         "-T", str(SECONDS), *(part for name in files for part in ("-f", name)), database],
        capture_output=True, text=True, check=True,
        env={**os.environ, "PGOPTIONS": "-c jit=off"},
    ).stdout
    return float(re.search(r"tps = ([\d.]+)", out).group(1))


def main():
    url, command, database = sys.argv[1], shlex.split(sys.argv[2]), sys.argv[3]
    asked = list(questions())
    with tempfile.TemporaryDirectory() as folder:
        bodies = [
            urllib.parse.urlencode({"LANG": "ADQL", "RESPONSEFORMAT": "votable", "QUERY": adql})
            for adql in asked
        ]
        script = Path(folder, "cones.lua")
        script.write_text(SCRIPT % ",\n".join(f'"{body}"' for body in bodies), encoding="utf-8")
        files = []
        for number, adql in enumerate(asked):
            path = Path(folder, f"{number}.sql")
            path.write_text(sql_of(adql, command) + ";\n", encoding="utf-8")
            files.append(str(path))
        service, direct = [], []
        for _ in range(ROUNDS):
            direct.append(by_pgbench(files, database))
            service.append(by_service(url, str(script)))
    a, b = statistics.median(service), statistics.median(direct)
    print(f"cone of 0.1 degrees, {CLIENTS} clients, {SECONDS} s x {ROUNDS} in turn, median:")
    print(f"  service {a:.0f} requests/s, pgbench {b:.0f} transactions/s, ratio {a / b:.2f}")


if __name__ == "__main__":
    main()
