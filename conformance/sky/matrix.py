"""The exactness matrix: kinds of regions x predicates x special places.

    matrix.py PROGRAM [--cases N] [--seed S] [--sql COMMAND]...

PROGRAM is the example sky_matrix of the crate adql. Its answers are compared
with an oracle of 240 bits that shares no code with it, and with lsst-sphgeom
where that has an answer. Every difference belongs to a class that is explained
below, or the run fails.
"""

import argparse
import collections
import math
import multiprocessing
import shlex
import subprocess
import sys

import oracle
import sphgeom_side
from cases import KINDS, Maker, drawn, text, truth
from positions import depth

# Radians: the documented tolerance, and what is granted twice where several
# shapes are looked at together.
TOLERANCE = 1e-14
BAND = 2.6e-14
# Edges of ellipses and of cells, drawn within an arcsecond on each side.
DRAWN = 1.3e-5

EXPLAINED = {
    "tolerance": "apart by less than the tolerance of 1e-14 rad, counted as touching",
    "drawn": "an edge of an ellipse or a cell, drawn within an arcsecond",
    "cell edge": "a position on the edge of a cell is in one of the cells that meet there",
    "degenerate": "an intersection of shapes that only touch, without area",
    "seam": "a union holds it, but no single part of the union does",
    "sliver": "an intersection's corner is so sharp that the tolerance reaches beyond it",
    "rounding": "sphgeom has no tolerance: an edge that rounding moves by less than 1e-15",
    "pole": "sphgeom tells ranges that reach the same pole apart by their longitudes",
    "conservative": "sphgeom leaves open what it cannot show at once",
}


def sliver(far, *regions):
    """Whether shapes in common have a corner that explains an error of `far`."""
    if not any(map(has_common, regions)):
        return False
    whole = [truth(region) for region in regions if region[0] != "position"]
    return far <= 2 * BAND / oracle.sharpness(*whole)


def has_common(region):
    """Whether shapes in common are a part of it."""
    kind, *values = region
    if kind == "union":
        return any(map(has_common, values[0]))
    return kind in ("range", "intersection", "not")


def judged(claim, margin, band):
    """The class of an answer. `margin` is None when the claim is exactly true,
    else by how much it is false."""
    if margin is None:
        return "agrees" if claim else "WRONG: no"
    if not claim:
        return "agrees"
    if margin <= BAND:
        return "tolerance"
    return "drawn" if margin <= band else "WRONG: yes"


def judge(job):
    """Compares the answers about one case."""
    case, answer = job
    a, b = case["a"], case["b"]
    found = []
    if answer.startswith("!refused"):
        region = a if answer.startswith("!refused A") else b
        # An intersection of shapes with nothing in common is no region.
        empty = "nothing in common" in answer and truth(region).degenerate
        return [("refused", "agrees" if empty else "WRONG: " + answer, None)]
    letters, degrees, *_ = answer.split("\t")
    yes = [letter == "1" for letter in letters]
    band = DRAWN if drawn(a) or drawn(b) else BAND
    if any(r[0] != "position" and has_common(r) and truth(r).degenerate for r in (a, b)):
        return [("meets", "degenerate", None)]
    if b[0] == "position":
        if a[0] == "position":
            p, q = oracle.vector(*a[1:]), oracle.vector(*b[1:])
            far = -oracle.angle(p, q)
        else:
            far = depth(a, b)
        margin = None if far is None or far >= 0 else -far
        edge = far is not None and abs(far) < 1e-16
        claims = [("meets", yes[0]), ("contains", yes[1]), ("point in", yes[9])]
        for name, claim in claims:
            # A position on an edge is in: the oracle decides with its doubles.
            verdict = judged(claim, None if edge else margin, BAND)
            if far is None:
                verdict = "cell edge"
            if verdict == "WRONG: yes" and sliver(margin, a):
                verdict = "sliver"
            found.append((name, verdict, far))
        if not drawn(a):
            gap = abs(float(degrees) - float(max(-(far or 0), 0) * 180 / oracle.PI))
            right = gap <= 1e-12 + 1e-12 * abs(float(degrees))
            verdict = "agrees" if right else f"WRONG: by {gap}"
            if not right and sliver(math.radians(gap), a):
                verdict = "sliver"
            found.append(("distance", verdict, far))
        truths = [yes[0], yes[1], yes[2]]
        if yes[9] and not yes[10]:
            found.append(("index", "WRONG: position not found", far))
    elif a[0] == "position":
        far = depth(b, a)
        margin = None if far is None or far >= -1e-16 else -far
        for name, claim in (("meets", yes[0]), ("within", yes[2])):
            verdict = "cell edge" if far is None else judged(claim, margin, BAND)
            if verdict == "WRONG: yes" and sliver(margin, b):
                verdict = "sliver"
            found.append((name, verdict, far))
        truths = [yes[0], yes[1], yes[2]]
    else:
        p, q = truth(a), truth(b)
        gap = oracle.meets(p, q)
        # What is well apart holds nothing of the other.
        apart = gap is not None and gap > 1e-9
        for name, claim, margin in (
            ("meets", yes[0], gap),
            ("contains", yes[1], gap if apart else oracle.holds(p, q)),
            ("within", yes[2], gap if apart else oracle.holds(q, p)),
        ):
            verdict = judged(claim, margin, band)
            if verdict == "WRONG: yes" and name != "meets":
                outer, inner = (p, q) if name == "contains" else (q, p)
                verdict = judged(claim, oracle.thickness(outer, inner), band)
            if verdict == "WRONG: yes" and sliver(margin, a, b):
                verdict = "sliver"
            if verdict == "WRONG: no" and band == DRAWN and near_edge(name, p, q):
                verdict = "drawn"
            if verdict == "WRONG: no" and name != "meets" and seams(a if name == "contains" else b):
                verdict = "seam"
            found.append((name, verdict, margin))
        truths = yes[:3]
    # The road through the index gives the same, and the index finds the row.
    for i, name in enumerate(("meets", "contains", "within")):
        if yes[3 + i] != truths[i]:
            found.append(("radii", f"WRONG: {name} {yes[3 + i]}", None))
        if truths[i] and not yes[6 + i]:
            found.append(("index", f"WRONG: {name} not found", None))
    return found + sphgeom_side.compare(a, b, yes, found)


def seams(region):
    """Whether it is made of several parts."""
    kind, *values = region
    if kind == "range":
        west, east, *_ = values
        return (east - west) % 360.0 > 180.0
    if kind == "intersection":
        return any(map(seams, values[0]))
    if kind == "union":
        return any(part[0] != "circle" for part in values[0])
    return kind == "moc"


def near_edge(name, p, q):
    """Whether two drawn regions come within the drawing of another answer."""
    shift = 2 * DRAWN
    edges = [(arc, other) for arc in p.edges for other in q.edges]
    return any(arc.apart(other) <= shift or any(True for _ in arc.crossings(other)) for arc, other in edges)


def ask_sql(command, cases, answers, most):
    """The same questions in ADQL, of a service with its database: how many of
    the answers are the same, and those that are not."""
    chosen = [(c, a) for c, a in zip(cases, answers) if not a.startswith("!")]
    step = max(len(chosen) // most, 1)
    chosen = chosen[::step][:most]
    same, other = 0, []
    for start in range(0, len(chosen), 20):
        some = chosen[start : start + 20]
        columns = []
        for i, (case, _) in enumerate(some):
            a, b = f"REGION('{text(case['a'])}')", f"REGION('{text(case['b'])}')"
            for j, question in enumerate((f"INTERSECTS({a}, {b})", f"CONTAINS({b}, {a})", f"CONTAINS({a}, {b})")):
                columns.append(f"{question} AS c{i}_{j}")
        query = f"SELECT TOP 1 {', '.join(columns)} FROM tap_schema.schemas"
        done = subprocess.run([*shlex.split(command), query], text=True, stdout=subprocess.PIPE)
        values = done.stdout.splitlines()[-1].split(",") if done.returncode == 0 else []
        for i, (case, answer) in enumerate(some):
            if values[3 * i : 3 * i + 3] == list(answer[:3]):
                same += 1
            else:
                other.append((case, answer[:3], values[3 * i : 3 * i + 3]))
    return same, other


def ask(program, lines):
    result = subprocess.run([program], input="\n".join(lines) + "\n", text=True,
                            stdout=subprocess.PIPE, check=True)
    return result.stdout.splitlines()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--cases", type=int, default=24000)
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--sql", action="append", default=[])
    parser.add_argument("--sql-cases", type=int, default=2000)
    options = parser.parse_args()
    maker = Maker(options.seed)
    kinds = options.kinds.split(",")
    pairs = [(a, b) for a in kinds for b in kinds]
    cases = [maker.case(*pairs[i % len(pairs)]) for i in range(options.cases)]
    lines = [f"{text(case['a'])}\t{text(case['b'])}" for case in cases]
    answers = ask(options.program, lines)
    table = collections.Counter()
    classes = collections.Counter()
    wrong = []
    with multiprocessing.Pool() as pool:
        jobs = zip(cases, answers)
        for case, line, found in zip(cases, lines, pool.imap(judge, jobs, chunksize=64)):
            for name, verdict, margin in found:
                short = verdict.split(":")[0]
                table[case["kinds"], name, short] += 1
                classes[name, short] += 1
                if short == "WRONG":
                    wrong.append((case, line, name, verdict, margin))
                    print("|", name, verdict, margin and float(margin), case["place"], case["way"], line, sep="\t", flush=True)
    refusals = [maker.refused() for _ in range(max(options.cases // 50, 40))]
    for case, answer in zip(refusals, ask(options.program, [f"{c['text']}\tPOSITION 0 0" for c in refusals])):
        good = answer.startswith("!refused A") and case["word"] in answer
        classes["refused", "agrees" if good else "WRONG"] += 1
        if not good:
            wrong.append((case, case["text"], "refused", f"WRONG: {answer[:200]}", None))
    for command in options.sql:
        same, other = ask_sql(command, cases, answers, options.sql_cases)
        print(f"{same} pairs are answered alike by {command.split('--')[-1].strip() or command}", flush=True)
        for case, program, database in other:
            classes["SQL", "WRONG"] += 1
            line = f"{text(case['a'])}\t{text(case['b'])}"
            wrong.append((case, line, "SQL", f"WRONG: {database}, not {program}", None))
        classes["SQL", "agrees"] += same
    report(cases, table, classes, wrong)
    return 1 if wrong else 0


def report(cases, table, classes, wrong):
    print(f"{len(cases)} pairs of regions")
    names = sorted({kind for case in cases for kind in case["kinds"]})
    print(f"{'answers that agree':>20} " + " ".join(f"{name:>12}" for name in names))
    for first in names:
        row = []
        for second in names:
            of = {k: n for k, n in table.items() if k[0] == (first, second)}
            good = sum(n for k, n in of.items() if k[2] != "WRONG")
            row.append(f"{good}/{sum(of.values())}")
        print(f"{first:>20} " + " ".join(f"{cell:>12}" for cell in row))
    for (name, verdict), count in sorted(classes.items()):
        print(f"{name:>12} {verdict:<14} {count:>7}  {EXPLAINED.get(verdict, '')}")
    kinds = collections.Counter((w[0].get("kinds"), w[2], w[3][:24]) for w in wrong)
    for kind, count in kinds.most_common(60):
        print("unexplained:", count, *kind)
    for case, line, name, verdict, margin in wrong[:25]:
        shown = None if margin is None else float(margin)
        print(f"\n{name} {verdict} margin {shown} {case.get('place')} {case.get('size')} {case.get('way')}")
        print("  " + line.replace("\t", "\n  "))


if __name__ == "__main__":
    sys.exit(main())
