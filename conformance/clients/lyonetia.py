"""Asks `obstap adql check` about every query of the public corpus ivoa/lyonetia.

    lyonetia.py OBSTAP [CHECKOUT] [--run "obstap query …"]…

OBSTAP is the program; CHECKOUT a checkout of https://github.com/ivoa/lyonetia
(or the variable LYONETIA names one). Without either it is cloned, and where
there is no network the corpus is skipped with a word. Each file says of each
query whether it is ADQL, and which functions of the service's own it may call;
names are open. With --run, the queries of X1_obscore_eso.xml that keep to the
tables and columns every ObsCore service has are also run by that command (the
query is its last argument), once per --run; all commands must answer alike.

Every departure is printed. The exit code is 1 if one is not listed, by its
uuid, in conformance/deviations.md, or if one that is listed is none any more.
"""

import argparse
import csv
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

SOURCE = "https://github.com/ivoa/lyonetia"
DEVIATIONS = Path(__file__).resolve().parents[1] / "deviations.md"
OBSCORE = "X1_obscore_eso.xml"
PATIENCE = 600  # seconds for one command
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Query:
    file: str
    uuid: str
    text: str
    valid: bool
    version: str
    functions: tuple


def inner(element):
    return "".join(element.itertext()).strip()


def forms(element):
    """The signatures that a file or a query declares."""
    return tuple(inner(form) for form in element.findall("functions/function/form"))


def queries_of(folder):
    for path in sorted(folder.rglob("*.xml")):
        root = ElementTree.parse(path).getroot()
        for query in root.iter("query"):
            adql = query.find("adql")
            if adql is None:
                continue
            yield Query(
                file=str(path.relative_to(folder)),
                uuid=query.get("uuid", ""),
                text="".join(adql.itertext()),
                valid=adql.get("valid", "false") == "true",
                version=adql.get("version", "adql-2.1"),
                functions=forms(root) + forms(query),
            )


def checkout(named, folder):
    """Where the corpus is, cloned into `folder` if it is nowhere; or nothing."""
    named = named or os.environ.get("LYONETIA")
    if named:
        return Path(named)
    command = ["git", "clone", "--quiet", "--depth", "1", SOURCE, folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        print(f"lyonetia: skipped, {SOURCE} cannot be cloned: {done.stderr.strip()}")
        return None
    return Path(folder)


def check(obstap, query):
    """What is wrong with the query, or nothing."""
    command = [obstap, "adql", "check"]
    for form in query.functions:
        command += ["--udf", form]
    done = subprocess.run(
        command, input=query.text, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{query.uuid}: exit code {done.returncode}\n{done.stderr}")
    return done.stderr.strip() if done.returncode else None


def shown(query):
    return " ".join(line.strip() for line in query.text.splitlines() if line.strip())


def judged(obstap, queries):
    """The departures, after a table of what each file has."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(lambda query: check(obstap, query), queries))
    good, bad, wrong = Counter(), Counter(), Counter()
    departures = []
    for query, answer in zip(queries, answers):
        (good if query.valid else bad)[query.file] += 1
        if (answer is None) != query.valid:
            wrong[query.file] += 1
            departures.append((query, answer))
    print(f"{'file':44} {'valid':>6} {'invalid':>8} {'departures':>11}")
    for file in sorted(good | bad):
        print(f"{file:44} {good[file]:6} {bad[file]:8} {wrong[file]:11}")
    print(f"{'all':44} {good.total():6} {bad.total():8} {wrong.total():11}")
    return departures


def answer_of(command, query):
    done = subprocess.run(
        [*shlex.split(command), "--", query.text],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    if done.returncode:
        return None, done.stderr.strip()
    return list(csv.reader(io.StringIO(done.stdout))), None


def run_everywhere(commands, queries):
    """The ObsCore queries that could not be run, or were answered differently.

    A query of which every engine says that it names a table, column or function
    we do not have is one about ESO's own, and is passed over.
    """
    failures, ran, rows, foreign = [], 0, 0, 0
    for query in queries:
        if not query.file.endswith(OBSCORE) or not query.valid:
            continue
        answers = [answer_of(command, query) for command in commands]
        codes = [re.findall(r"ADQL-(\d+)", error) if error else [] for _, error in answers]
        if all(set(found) & {"201", "203", "208"} for found in codes):
            foreign += 1
            continue
        errors = [error for _, error in answers if error]
        if errors:
            failures.append((query, errors[0]))
            continue
        tables = [table for table, _ in answers]
        ordered = "order by" in query.text.lower()
        if not ordered:
            tables = [[table[0], *sorted(table[1:])] for table in tables]
        # TOP without an order may choose any rows.
        chosen = re.search(r"\btop\b", query.text, re.IGNORECASE) and not ordered
        same = {len(table) for table in tables} if chosen else {repr(table) for table in tables}
        if len(same) > 1:
            failures.append((query, "the answers differ"))
            continue
        ran += 1
        rows += len(tables[0]) - 1
    print(
        f"lyonetia: {ran} queries of {OBSCORE} ran on {len(commands)} databases alike "
        f"({rows} rows); {foreign} ask for ESO's own tables, columns or functions"
    )
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("obstap")
    parser.add_argument("checkout", nargs="?")
    parser.add_argument("--run", action="append", default=[], metavar="COMMAND")
    asked = parser.parse_args()
    listed = set(UUID.findall(DEVIATIONS.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        corpus = checkout(asked.checkout, folder)
        if corpus is None:
            return 0
        queries = list(queries_of(corpus / "src" / "adql"))
    departures = judged(asked.obstap, queries)
    if asked.run:
        refused = {query for query, _ in departures}
        departures += run_everywhere(asked.run, [q for q in queries if q not in refused])
    code = 0
    for query, answer in departures:
        said = "valid" if query.valid else "invalid"
        where = "listed" if query.uuid in listed else "NOT LISTED"
        code = code or int(query.uuid not in listed)
        print(f"\n{query.file} {query.uuid} ({said}, {where})\n  {shown(query)}")
        print("  " + (answer or "is accepted").replace("\n", "\n  "))
    for uuid in sorted(listed - {query.uuid for query, _ in departures}):
        print(f"\n{uuid} is listed as a departure and is none")
        code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
