"""Links of datasets, walked from a TAP answer to the bytes of files.

    check_datalink.py OBSTAP

Makes archives of 1,000 rows whose files lie on this disk, on an embedded SQLite
and on a private PostgreSQL, serves them with the program OBSTAP and lets clients
follow the links.
"""

import functools
import random
import re
import subprocess
import sys
import time
import urllib.parse
from io import BytesIO
from pathlib import Path

import pyvo
import requests
from astropy.io.votable import parse_single_table
from checks import expect, report

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from servers import Archive, Place, Postgres  # noqa: E402

ROWS = 1000
# Terms that are in http://www.ivoa.net/rdf/datalink/core and that STILTS 3.4.7
# does not know yet.
NEWER = {"documentation"}


class Asked:
    """A service, and what it should give."""

    def __init__(self, place, archive, files):
        self.files = files
        settings = (
            f'[files]\nroots = "{archive.folder / "files"}"\n'
            '[datalink]\ncutout = "https://cut.example/sync"\n'
            'documentation = "https://www.example.org/about"\n'
        )
        self.service = archive.serve(settings)
        self.base = self.service.base.removesuffix("/tap")
        self.tap = pyvo.dal.TAPService(self.service.base)
        self.links = f"{self.base}/datalink/links"

    def post(self, ids, **more):
        return requests.post(self.links, data={"ID": ids, **more}, timeout=60)


def filled(archive):
    """So many files and rows, the same every time; gives bytes by identifier."""
    chance = random.Random(8)
    folder = archive.folder / "files"
    folder.mkdir()
    files = {}
    with (archive.folder / "rows.csv").open("w") as out:
        print(
            "obs_publisher_did,obs_id,obs_collection,calib_level,dataproduct_type,s_ra,s_dec,"
            "s_region,access_url,access_format",
            file=out,
        )
        for row in range(ROWS):
            did = f"ivo://links.example/obs?file {row}&night={row % 7}"
            path = folder / f"image {row}.fits"
            files[did] = b"SIMPLE  =                    T" + chance.randbytes(2000 + row)
            path.write_bytes(files[did])
            ra, dec = chance.uniform(0, 360), chance.uniform(-80, 80)
            url = "file://" + urllib.parse.quote(str(path))
            print(
                f"{did},o{row},links,2,image,{ra},{dec},CIRCLE ICRS {ra} {dec} 0.3,{url},"
                "application/fits",
                file=out,
            )
    done = subprocess.run(
        archive.command("load", str(archive.folder / "rows.csv")),
        capture_output=True, text=True, check=False,
    )
    expect(done.returncode == 0, done.stderr)
    return files


def lint(where, text=None):
    """Errors and warnings that datalinklint finds, but for newer terms."""
    done = subprocess.run(
        ["stilts", "datalinklint", "maxrepeat=100000", f"votable={where}"],
        input=text, capture_output=True, check=False, timeout=300,
    )
    said = (done.stdout + done.stderr).decode()
    expect("Datalink table rows checked" in said, said)
    found = []
    for line in said.splitlines():
        newer = re.match(r"E-SMCO-\d+ Unknown predicate '([\w-]+)'", line)
        if line.startswith(("E-", "W-", "F-")) and not (newer and newer[1] in NEWER):
            found.append(line)
    expect(not found, "\n".join(found[:10]))
    rows = re.search(r"rows checked: (\d+)", said)
    return int(rows[1])


def datalinklint_finds_nothing_in_a_link(asked):
    did = next(iter(asked.files))
    rows = lint(f"{asked.links}?ID={urllib.parse.quote(did, safe='')}")
    rows += lint(f"{asked.links}?ID=nobody&ID={urllib.parse.quote(did, safe='')}")
    lint(asked.links)
    return f"{rows} rows"


def datalinklint_finds_nothing_in_thousands(asked):
    answer = asked.post([*asked.files, "nobody", "butler://nowhere/x"])
    expect(answer.status_code == 200, answer.text[:500])
    return f"{lint('-', answer.content)} rows"


def pyvo_walks_to_the_bytes(asked):
    rows = asked.tap.search("SELECT * FROM ivoa.obscore", maxrec=ROWS)
    expect(len(rows) == ROWS, f"{len(rows)} rows")
    posts = []
    real = requests.Session.request

    def counted(session, method, url, **more):
        if "/datalink/" in url and method.upper() == "POST":
            posts.append(url)
        return real(session, method, url, **more)

    requests.Session.request = counted
    seen = set()
    try:
        for links in rows.iter_datalinks():
            this = next(links.bysemantics("#this", include_narrower=False))
            given = requests.get(this.access_url, timeout=60)
            expect(given.content == asked.files[this.id], f"other bytes of {this.id}")
            expect(this.content_length == len(given.content), f"length of {this.id}")
            seen.add(this.id)
    finally:
        requests.Session.request = real
    expect(seen == set(asked.files), f"{len(seen)} datasets")
    expect(len(posts) == 1, f"{len(posts)} requests for links")
    return f"{len(seen)} files, {len(posts)} request for links"


def access_url_is_a_list_of_links(asked):
    rows = asked.tap.search("SELECT TOP 20 obs_publisher_did, access_url, access_format "
                            "FROM ivoa.obscore ORDER BY obs_id")
    for row in rows:
        expect(row["access_format"] == "application/x-votable+xml;content=datalink", row["access_format"])
        links = pyvo.dal.adhoc.DatalinkResults.from_result_url(row["access_url"])
        given = requests.get(next(links.bysemantics("#this", include_narrower=False)).access_url, timeout=60)
        expect(given.content == asked.files[row["obs_publisher_did"]], "other bytes")
    return f"{len(rows)} rows"


def every_format_has_the_same_address(asked):
    query = "SELECT TOP 1 access_url FROM ivoa.obscore ORDER BY obs_id"
    seen = set()
    for form in ("votable", "votable/td", "csv", "tsv", "json", "ndjson", "fits", "parquet", "arrow"):
        answer = requests.get(
            f"{asked.service.base}/sync", timeout=60,
            params={"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": form},
        )
        if form == "votable":
            table = parse_single_table(BytesIO(answer.content)).to_table()
            seen.add(str(table["access_url"][0]))
        elif form == "csv":
            seen.add(answer.text.splitlines()[1])
        else:
            body = answer.content
            expect(b"file:" not in body, f"{form} tells where files are stored")
            if form != "parquet":
                expect(asked.links.encode() in body.replace(b"\\/", b"/"), f"{form} has no address")
    expect(len(seen) == 1, seen)
    return seen.pop()


def a_link_describes_cut_outs_for_clients(asked):
    did = next(iter(asked.files))
    url = f"{asked.links}?ID={urllib.parse.quote(did, safe='')}"
    links = pyvo.dal.adhoc.DatalinkResults.from_result_url(url)
    service = links.get_first_proc()
    names = [param.name for param in service.input_params]
    expect(names == ["ID", "CIRCLE", "POLYGON", "POS"], names)
    circle = next(param for param in service.input_params if param.name == "CIRCLE")
    expect(abs(float(circle.values.max[2]) - 0.3) < 1e-4, circle.values.max)
    return ", ".join(names)


def ten_thousand_are_answered(asked):
    ids = [*asked.files]
    ids += [f"ivo://links.example/none?{number}" for number in range(10_000 - len(ids))]
    started = time.monotonic()
    answer = asked.post(ids)
    took = time.monotonic() - started
    expect(answer.status_code == 200 and b"OVERFLOW" not in answer.content, "cut off")
    table = parse_single_table(BytesIO(answer.content)).to_table()
    order = list(dict.fromkeys(str(name) for name in table["ID"]))
    expect(len(order) == len(ids), f"{len(order)} datasets")
    return f"{len(table)} rows in {took:.2f} s"


def on_each(check):
    @functools.wraps(check)
    def checked(services):
        return "; ".join(f"{name}: {check(asked)}" for name, asked in services.items())

    return checked


def main():
    checks = [
        datalinklint_finds_nothing_in_a_link,
        datalinklint_finds_nothing_in_thousands,
        pyvo_walks_to_the_bytes,
        access_url_is_a_list_of_links,
        every_format_has_the_same_address,
        a_link_describes_cut_outs_for_clients,
        ten_thousand_are_answered,
    ]
    with Place(sys.argv[1]) as place:
        services = {}
        for name, url in [("sqlite", None), ("postgresql", Postgres(place).fresh())]:
            archive = Archive(place, name, url)
            services[name] = Asked(place, archive, filled(archive))
        report([on_each(check) for check in checks], services)


if __name__ == "__main__":
    main()
