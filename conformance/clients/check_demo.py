"""Asks a running demo what a user would ask, with the users' own clients.

    check_demo.py URL --query "obstap query …"

URL is the address of the TAP service (…/tap); --query is the command that
answers one ADQL query on the same database as CSV, the query being its last
argument. Every line says ok or FAILED; the exit code is 1 if one failed.
conformance/README.md says which claim each check is for.
"""

import argparse
import csv
import io
import shlex
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy
import pyvo

import oracle
from checks import PATIENCE, Failed, expect, report, run

VOTABLE = "{http://www.ivoa.net/xml/VOTable/v1.3}"
ALLOWED = Path(__file__).resolve().parents[1] / "taplint-allowed.txt"

CIRCLE = "INTERSECTS(CIRCLE('ICRS', {0}, {1}, {2}), s_region) = 1"
POINT = "CONTAINS(POINT('ICRS', {0}, {1}), s_region) = 1"


class Demo:
    def __init__(self, url, query):
        self.url = url.rstrip("/")
        self.query = shlex.split(query)
        self.service = pyvo.dal.TAPService(self.url)

    def identifiers(self, condition):
        """What pyvo answers, which must not hold a row twice."""
        adql = f"SELECT obs_publisher_did FROM ivoa.obscore WHERE {condition}"
        table = self.service.search(adql, maxrec=100_000).to_table()
        found = [str(did) for did in table["obs_publisher_did"]]
        expect(len(found) == len(set(found)), "a row came twice")
        return set(found)

    def get(self, path, **parameters):
        """Status, content type and body."""
        address = f"{self.url}/{path}"
        if parameters:
            address += "?" + urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
                return answer.status, answer.headers.get_content_type(), answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers.get_content_type(), answer.read()


def compare(found, expected):
    if found != expected:
        lost, extra = sorted(expected - found), sorted(found - expected)
        raise Failed(
            f"{len(lost)} CCDs are missing {lost[:3]}, {len(extra)} are too many {extra[:3]}"
        )


def circle_round_the_pole(demo):
    expected = oracle.meeting(*oracle.CIRCLE)
    expect(len(expected) >= oracle.FEWEST, "the question is too small")
    compare(demo.identifiers(CIRCLE.format(*oracle.CIRCLE)), expected)
    return f"{len(expected)} CCDs"


def points(demo, places):
    counts = []
    for place in places:
        expected = oracle.containing(*place)
        expect(len(expected) >= oracle.FEWEST, f"the question at {place} is too small")
        try:
            compare(demo.identifiers(POINT.format(*place)), expected)
        except Failed as failure:
            raise Failed(f"at {place}: {failure}") from failure
        counts.append(len(expected))
    return f"{', '.join(map(str, counts))} CCDs"


def points_near_the_pole(demo):
    return points(demo, oracle.NEAR_POLE)


def points_on_right_ascension_zero(demo):
    return points(demo, oracle.ON_ZERO)


def the_pole_itself_is_empty(demo):
    expect(not oracle.containing(*oracle.POLE), "the arithmetic finds CCDs over the pole")
    compare(demo.identifiers(POINT.format(*oracle.POLE)), set())
    return "0 CCDs"


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


def rows_of_csv(text):
    lines = list(csv.reader(io.StringIO(text)))
    return [name.lower() for name in lines[0]], [[number(cell) for cell in row] for row in lines[1:]]


def four_clients_one_answer(demo):
    adql = (
        "SELECT obs_publisher_did, s_ra, s_dec, t_min, em_max, calib_level, target_name, s_region "
        f"FROM ivoa.obscore WHERE {POINT.format(*oracle.NEAR_POLE[0])} "
        "ORDER BY obs_publisher_did"
    )
    table = demo.service.search(adql).to_table()
    # A null is a masked cell in astropy and an empty field in CSV.
    by_pyvo = (
        [name.lower() for name in table.colnames],
        [
            ["" if numpy.ma.is_masked(cell) else number(str(cell)) for cell in row]
            for row in table.iterrows()
        ],
    )
    others = {
        "stilts": run("stilts", "tapquery", "sync=true", f"tapurl={demo.url}", f"adql={adql}", "ofmt=csv"),
        "curl": run(
            "curl", "-sS", "--fail-with-body", f"{demo.url}/sync", "-d", "LANG=ADQL",
            "-d", "RESPONSEFORMAT=csv", "--data-urlencode", f"QUERY={adql}",
        ),
        "obstap query": run(*demo.query, adql),
    }
    expect(len(by_pyvo[1]) >= oracle.FEWEST, f"pyvo has {len(by_pyvo[1])} rows")
    for name, text in others.items():
        columns, rows = rows_of_csv(text)
        expect(columns == by_pyvo[0], f"{name} has the columns {columns}, pyvo {by_pyvo[0]}")
        expect(len(rows) == len(by_pyvo[1]), f"{name} has {len(rows)} rows, pyvo {len(by_pyvo[1])}")
        for mine, other in zip(rows, by_pyvo[1]):
            expect(mine == other, f"{name} has\n{mine}\npyvo\n{other}")
    return f"{len(by_pyvo[1])} rows"


def tables_and_tap_schema_agree(demo):
    status, _, body = demo.get("tables")
    expect(status == 200, f"/tables answers {status}")
    told = set()
    for table in ElementTree.fromstring(body).iter("table"):
        for column in table.findall("column"):
            kind = column.find("dataType")
            told.add(
                (
                    table.findtext("name").lower(),
                    column.findtext("name").lower(),
                    column.findtext("unit") or "",
                    column.findtext("ucd") or "",
                    column.findtext("utype") or "",
                    "" if kind is None else kind.get("extendedType", ""),
                )
            )
    names = ("table_name", "column_name", "unit", "ucd", "utype", "xtype")
    adql = f"SELECT {', '.join(names)} FROM TAP_SCHEMA.columns"
    _, _, body = demo.get("sync", LANG="ADQL", QUERY=adql, RESPONSEFORMAT="csv")
    _, rows = rows_of_csv(body.decode())
    kept = {(str(r[0]).lower(), str(r[1]).lower(), *(str(cell) for cell in r[2:])) for r in rows}
    expect(len(kept) > 60, f"TAP_SCHEMA.columns has {len(kept)} rows")
    difference = sorted(told ^ kept)
    expect(not difference, f"{len(difference)} columns differ: {difference[:4]}")
    return f"{len(kept)} columns"


WRONG = [
    ("not ADQL", {"LANG": "ADQL", "QUERY": "SELEKT 1"}),
    ("an unknown table", {"LANG": "ADQL", "QUERY": "SELECT a FROM nowhere"}),
    ("an unknown column", {"LANG": "ADQL", "QUERY": "SELECT s_raa FROM ivoa.obscore"}),
    ("a missing QUERY", {"LANG": "ADQL"}),
    ("an unknown LANG", {"LANG": "PQL", "QUERY": "SELECT 1"}),
    ("a MAXREC that is no number", {"LANG": "ADQL", "QUERY": "SELECT 1", "MAXREC": "x"}),
]


def errors_are_votables(demo):
    for what, parameters in WRONG:
        status, kind, body = demo.get("sync", **parameters)
        expect(status == 400, f"{what}: HTTP status {status}")
        expect(kind in ("application/x-votable+xml", "text/xml"), f"{what}: content type {kind}")
        infos = ElementTree.fromstring(body).findall(f"{VOTABLE}RESOURCE/{VOTABLE}INFO")
        errors = [i for i in infos if (i.get("name"), i.get("value")) == ("QUERY_STATUS", "ERROR")]
        expect(len(errors) == 1, f"{what}: no QUERY_STATUS ERROR in\n{body.decode()}")
        expect(errors[0].text and errors[0].text.strip(), f"{what}: the error has no text")
    return f"{len(WRONG)} kinds"


def documents_are_well_formed(demo):
    adql = f"SELECT TOP 50 * FROM ivoa.obscore WHERE {POINT.format(*oracle.ON_ZERO[0])}"
    asked = [(path, {}) for path in ("availability", "capabilities", "tables")]
    for form in ("votable", "application/x-votable+xml;serialization=TABLEDATA",
                 "application/x-votable+xml;serialization=BINARY2"):
        asked.append(("sync", {"LANG": "ADQL", "QUERY": adql, "RESPONSEFORMAT": form}))
    asked.append(("sync", {"LANG": "ADQL", "QUERY": "SELECT '<&\"' FROM"}))
    with tempfile.TemporaryDirectory() as folder:
        for place, (path, parameters) in enumerate(asked):
            file = Path(folder) / f"{place}-{path}.xml"
            file.write_bytes(demo.get(path, **parameters)[2])
            run("xmllint", "--nonet", "--noout", str(file))
    return f"{len(asked)} documents"


def taplint_finds_nothing_new(demo):
    """Every stage, every error, warning and failure."""
    allowed = {
        line.split()[0]
        for line in ALLOWED.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    }
    # taplint ends with an exit code when it finds errors; its lines say which.
    done = subprocess.run(
        ["stilts", "taplint", f"tapurl={demo.url}", "report=EWFS", "maxrepeat=1000"],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )
    lines = done.stdout.splitlines()
    expect(any(line.startswith("Totals") for line in lines),
           f"taplint did not finish:\n{done.stdout}\n{done.stderr}")
    found = [line for line in lines if line.startswith(("E-", "W-", "F-"))]
    new = [line for line in found if not line.startswith(tuple(allowed))]
    expect(not new, "\n  ".join([f"{len(new)} findings:", *new]))
    stages = [line.split()[1].rstrip(":") for line in lines if line.startswith("Section ")]
    expect({"UPL", "EXA", "UWS", "OBS"} <= set(stages), f"only the stages {stages}")
    return f"{len(stages)} stages, {len(found)} lines, all of them allowed"


CHECKS = [
    circle_round_the_pole,
    points_near_the_pole,
    points_on_right_ascension_zero,
    the_pole_itself_is_empty,
    four_clients_one_answer,
    tables_and_tap_schema_agree,
    errors_are_votables,
    documents_are_well_formed,
    taplint_finds_nothing_new,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--query", required=True)
    arguments = parser.parse_args()
    demo = Demo(arguments.url, arguments.query)
    report(CHECKS, demo)


if __name__ == "__main__":
    main()
