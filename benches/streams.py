"""Whole answers through the service, beside psql copying the same rows out.

    streams.py TAP_URL PID OBSTAP_QUERY PSQL [ROUNDS]

PID is the service's process, OBSTAP_QUERY the command `obstap query …` for the
same database, PSQL the command that connects to it. Every round asks for the
rows once by `psql -c 'COPY (the service's SQL) TO STDOUT BINARY'` and once in
each format by curl, in turn, everything into /dev/null. Printed are medians:
rows and megabytes a second, the share of COPY's rows a second, processor
seconds of the service, seconds until the first byte, and the most memory the
process ever held.
"""

import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

FORMATS = ["votable/b2", "votable/b", "votable/td", "csv", "tsv"]
NARROW = "obs_id, s_ra, s_dec, t_min, t_max, t_exptime, em_min, em_max, calib_level, facility_name"
TICK = 100  # of /proc/PID/stat, a second


def columns(url, count):
    """The first columns of ObsCore, as /tables lists them."""
    text = urllib.request.urlopen(url + "/tables").read().decode()
    names = re.findall(r"<column[^>]*>\s*<name>(\w+)</name>", text.split("obscore", 1)[1])
    return ", ".join(names[:count])


def sql_of(adql, command):
    """The SQL the service sends for a query without parameters."""
    shown = subprocess.run(
        [*command, "--maxrec", "10000000", "--explain", adql],
        capture_output=True, text=True, check=True,
    ).stdout
    return re.search(r"^SELECT .*?$", shown, re.M).group(0)


def by_copy(sql, psql, out=subprocess.DEVNULL):
    start = time.perf_counter()
    copy = f"COPY ({sql}) TO STDOUT (FORMAT BINARY)"
    subprocess.run([*psql, "-qX", "-c", "SET jit=off", "-c", copy], stdout=out, check=True)
    return time.perf_counter() - start


def size_of(sql, psql):
    """Bytes that COPY gives."""
    with tempfile.TemporaryFile() as file:
        by_copy(sql, psql, file)
        return file.seek(0, 2)


def cpu(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def peak(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s*(\d+)", status.read()).group(1)) / 1024


def by_service(adql, form, url, pid):
    parameters = ["LANG=ADQL", f"RESPONSEFORMAT={form}", "MAXREC=10000000", f"QUERY={adql}"]
    data = [word for text in parameters for word in ("--data-urlencode", text)]
    told = "%{time_starttransfer} %{size_download} %{http_code}"
    used, start = cpu(pid), time.perf_counter()
    curl = ["curl", "-sS", "-o", "/dev/null", "-w", told, *data, url + "/sync"]
    told = subprocess.run(curl, capture_output=True, text=True, check=True).stdout
    wall, (first, size, status) = time.perf_counter() - start, told.split()
    assert status == "200", status
    return wall, int(size), cpu(pid) - used, float(first)


def shown(name, rows, wall, size):
    return f"  {name:18} {rows / wall:9,.0f} rows/s  {size / wall / 1e6:6.0f} MB/s"


def measure(title, adql, rows, url, pid, command, psql, rounds):
    sql = sql_of(adql, command)
    copies, answers = [], {form: [] for form in FORMATS}
    for _ in range(rounds):
        copies.append(by_copy(sql, psql))
        for form in FORMATS:
            answers[form].append(by_service(adql, form, url, pid))
    copy = statistics.median(copies)
    print(f"{title}: {rows:,} rows, {rounds} rounds in turn, median")
    print(shown("psql COPY BINARY", rows, copy, size_of(sql, psql)))
    for form, runs in answers.items():
        wall, count, used, first = (statistics.median(run[i] for run in runs) for i in range(4))
        share = f"{100 * copy / wall:4.0f} % of COPY"
        rest = f"CPU {used:5.2f} s  first byte {1000 * first:4.0f} ms"
        print(f"{shown(form, rows, wall, count)}  {share}  {rest}")


def main():
    url, pid = sys.argv[1], int(sys.argv[2])
    command, psql = shlex.split(sys.argv[3]), shlex.split(sys.argv[4])
    rounds = int(sys.argv[5]) if len(sys.argv) > 5 else 5
    for title, names, rows in [
        ("ObsCore, 38 columns", columns(url, 38), 100_000),
        ("ObsCore, 10 columns", NARROW, 250_000),
    ]:
        adql = f"SELECT TOP {rows} {names} FROM ivoa.obscore"
        measure(title, adql, rows, url, pid, command, psql, rounds)
    adql = (
        "SELECT TOP 10000000 a.s_ra, a.s_dec, b.obs_id, b.t_min "
        "FROM ivoa.obscore AS a, ivoa.obscore AS b"
    )
    measure("cross join, 4 columns", adql, 10_000_000, url, pid, command, psql, 1)
    print(f"most memory of the service: {peak(pid):.0f} MB")


if __name__ == "__main__":
    main()
