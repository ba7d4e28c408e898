"""Asks a running demo for one answer in every format, and reads each back.

    check_formats.py URL

URL is the address of the TAP service (…/tap). The VOTable in BINARY2, as
astropy reads it, is what the others are compared with: values, nulls, units
and UCDs. Every line says ok or FAILED; the exit code is 1 if one failed.
"""

import argparse
import csv
import datetime
import gzip
import io
import json
import math
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import warnings
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import numpy
import pyarrow
import pyarrow.parquet
from astropy.io import fits, votable
from astropy.table import Table
from mocpy import MOC

from checks import PATIENCE, expect, report

ADQL = """SELECT TOP 150 o.*, POINT(s_ra, s_dec) AS place, CIRCLE(s_ra, s_dec, 0.1) AS disc,
POLYGON(s_ra, s_dec, s_ra + 1, s_dec, s_ra, s_dec + 0.5) AS corners,
CAST('2020-01-02T03:04:05' AS TIMESTAMP) AS moment, calib_level * 9007199254740992 AS large,
'Ω "quoted", <b> & more' AS words
FROM ivoa.obscore AS o WHERE 1 = INTERSECTS(s_region, CIRCLE(0.0, -88.7, 1.5))
ORDER BY obs_publisher_did"""
EPOCH = datetime.datetime(1970, 1, 1)


class Answers:
    """The service, and the answer as astropy reads it from BINARY2."""

    def __init__(self, url):
        self.url = url.rstrip("/")
        body = io.BytesIO(self.ask("votable/b2"))
        table = votable.parse_single_table(body)
        self.table = table.to_table(use_names_over_ids=True)
        self.fields = {field.name: field for field in table.fields}
        self.names = self.table.colnames
        self.rows = rows_of(self.table)

    def ask(self, form, adql=ADQL, headers=None, maxrec="1000"):
        data = urllib.parse.urlencode(
            {"LANG": "ADQL", "QUERY": adql, "RESPONSEFORMAT": form, "MAXREC": maxrec}
        )
        request = urllib.request.Request(f"{self.url}/sync", data.encode(), headers or {})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            self.headers = answer.headers
            return answer.read()

    def compare(self, names, rows, same=None):
        expect([n.lower() for n in names] == [n.lower() for n in self.names],
               f"the columns are {names}")
        expect(len(rows) == len(self.rows), f"{len(rows)} rows and not {len(self.rows)}")
        for place, (found, wanted) in enumerate(zip(rows, self.rows)):
            for name, one, other in zip(self.names, found, wanted):
                expect((same or equal)(one, other),
                       f"row {place}, {name}: {one!r} and not {other!r}")

    def compare_metadata(self, unit, ucd):
        """`unit` and `ucd` tell those of a column by its name."""
        for name, field in self.fields.items():
            wanted = "" if field.unit is None else str(field.unit)
            expect(unit(name) == wanted, f"{name}: unit {unit(name)!r} and not {wanted!r}")
            wanted = field.ucd or ""
            expect(ucd(name) == wanted, f"{name}: UCD {ucd(name)!r} and not {wanted!r}")


def plain(value):
    """A cell as Python has it; None is null."""
    if value is None or numpy.ma.is_masked(value) and numpy.ndim(value) == 0:
        return None
    if isinstance(value, (numpy.ndarray, list, tuple)):
        if numpy.all(numpy.ma.getmaskarray(numpy.ma.asarray(value))) and len(value):
            return None
        return [float(number) for number in numpy.ma.filled(value, math.nan)]
    if isinstance(value, numpy.generic):
        value = value.item()
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return value


def rows_of(table):
    return [[plain(cell) for cell in row] for row in table.iterrows()]


def visible(text):
    """As a column of VOTable's `char`, and FITS, hold it."""
    return "".join(c if ord(c) < 127 else f"\\u{ord(c):04x}" for c in text)


def equal(one, other):
    if isinstance(one, str) and isinstance(other, str):
        return one == other or visible(one) == other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other or math.isnan(one) and math.isnan(other)
    # VOTable and FITS have but one of null and empty text.
    if one in (None, "") and other in (None, ""):
        return True
    return type(one) is type(other) and one == other


def votables(answers):
    for form in ("votable/td", "votable/b"):
        table = votable.parse_single_table(io.BytesIO(answers.ask(form)))
        answers.compare(table.to_table(use_names_over_ids=True).colnames,
                        rows_of(table.to_table(use_names_over_ids=True)))
    return "TABLEDATA and BINARY, astropy"


def fits_by_astropy(answers):
    body = answers.ask("fits")
    with fits.open(io.BytesIO(body)) as opened:
        opened.verify("exception")
        header = opened[1].header
    expect(header["QSTATUS"] == "OK", f"QSTATUS is {header['QSTATUS']}")
    expect(header["QUERY"] == visible(" ".join(ADQL.split())), header["QUERY"])
    place = {header[f"TTYPE{n}"]: n for n in range(1, header["TFIELDS"] + 1)}
    answers.compare_metadata(lambda name: header.get(f"TUNIT{place[name]}", ""),
                             lambda name: header.get(f"TUCD{place[name]}", ""))
    table = Table.read(io.BytesIO(body), hdu=1)

    def same(one, other):
        # FITS has ASCII alone, and a null of numbers of any length.
        if isinstance(other, str):
            other = visible(other)
        if one == [] and other is None:
            return True
        return equal(one, other)

    answers.compare(table.colnames, rows_of(table), same)
    return f"{len(body)} bytes"


def fits_by_stilts(answers):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answer.fits"
        file.write_bytes(answers.ask("fits"))
        done = subprocess.run(
            # Several comments become an array of strings, which astropy cannot read.
            ["stilts", "tpipe", f"in={file}", "cmd=clearparams COMMENT",
             "ofmt=votable-binary2-inline", "out=-"],
            capture_output=True, timeout=PATIENCE, check=False,
        )
    expect(done.returncode == 0, done.stderr.decode())
    table = votable.parse_single_table(io.BytesIO(done.stdout))
    expect(table.nrows == len(answers.rows), f"{table.nrows} rows")
    for field in table.fields:
        wanted = answers.fields[field.name]
        expect(str(field.unit or "") == str(wanted.unit or ""), f"{field.name}: {field.unit}")
        expect((field.ucd or "") == (wanted.ucd or ""), f"{field.name}: {field.ucd}")
        expect((field.utype or "") == (wanted.utype or ""), f"{field.name}: {field.utype}")
    read = table.to_table(use_names_over_ids=True)
    for name in ("s_ra", "calib_level", "obs_publisher_did", "large", "t_min"):
        expect([plain(c) for c in read[name]] == [plain(c) for c in answers.table[name]], name)
    for name in ("access_estsize", "s_xel1"):
        nulls = [plain(cell) is None for cell in read[name]]
        expect(nulls == [plain(cell) is None for cell in answers.table[name]], name)
    return f"{table.nrows} rows"


def parquet_by_pyarrow(answers):
    body = answers.ask("parquet")
    table = pyarrow.parquet.read_table(pyarrow.BufferReader(body))
    answers.compare(table.column_names, [[plain(v) for v in row.values()] for row in table.to_pylist()])
    kept = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(body)).metadata.metadata
    expect(kept[b"IVOA.VOTable-Parquet.version"] == b"1.0", "no version of VOParquet")
    document = kept[b"IVOA.VOTable-Parquet.content"]
    expect(b"<DATA" not in document, "the VOTable has data")
    ElementTree.fromstring(document)
    fields = {f.name: f for f in votable.parse(io.BytesIO(document)).get_first_table().fields}
    answers.compare_metadata(lambda name: str(fields[name].unit or ""),
                             lambda name: fields[name].ucd or "")
    return f"{len(body)} bytes"


def parquet_by_duckdb(answers):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answer.parquet"
        file.write_bytes(answers.ask("parquet"))
        found = duckdb.sql(f"SELECT * FROM read_parquet('{file}')")
        answers.compare(found.columns, [[plain(v) for v in row] for row in found.fetchall()])
    return f"{len(answers.rows)} rows"


def arrow_by_pyarrow(answers):
    table = pyarrow.ipc.open_stream(answers.ask("arrow")).read_all()
    answers.compare(table.column_names, [[plain(v) for v in row.values()] for row in table.to_pylist()])

    def said(key):
        return lambda name: (table.schema.field(name).metadata or {}).get(key, b"").decode()

    answers.compare_metadata(said(b"unit"), said(b"ucd"))
    reader = pyarrow.ipc.open_stream(answers.ask("arrow", maxrec="5"))
    last = None
    while True:
        try:
            last = reader.read_next_batch_with_custom_metadata()
        except StopIteration:
            break
    expect(last.batch.num_rows == 0, "the last batch has rows")
    expect(last.custom_metadata[b"QUERY_STATUS"] == b"OVERFLOW", "OVERFLOW is not said")
    return f"{table.nbytes} bytes"


def json_of(value):
    """A cell as our JSON has it."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return str(value)
    return value


def json_and_lines(answers):
    rows = json.loads(answers.ask("json"))
    expect(rows == [json.loads(line) for line in answers.ask("ndjson").splitlines()],
           "NDJSON differs from JSON")
    answers.compare(list(rows[0]), [list(row.values()) for row in rows],
                    lambda one, other: equal(one, json_of(other)))
    return f"{len(rows)} rows"


def csv_and_tsv(answers):
    def same(one, other):
        if isinstance(other, list):
            return equal([float(n) for n in one.split()], other)
        if other in (None, ""):
            return one == ""
        return equal(type(other)(one), other)

    for form, dialect in (("csv", "excel"), ("tsv", "excel-tab")):
        quoting = csv.QUOTE_MINIMAL if form == "csv" else csv.QUOTE_NONE
        text = io.StringIO(answers.ask(form).decode(), newline="")
        names, *rows = csv.reader(text, dialect=dialect, quoting=quoting)
        answers.compare(names, rows, same)
    return f"{len(rows)} rows each"


class Page(HTMLParser):
    """The texts of the cells of a page's table."""

    def __init__(self):
        super().__init__()
        self.rows, self.into = [], None

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag == "footer":
            self.rows.append([""])

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def html(answers):
    page = Page()
    page.feed(answers.ask("html").decode())
    expect("Content-Security-Policy" in answers.headers, "a page without a policy")
    heads, *rows, foot = page.rows
    expect(len(heads) == len(answers.names) + 1, f"{len(heads)} headings")
    expect(len(rows) == len(answers.rows), f"{len(rows)} rows")
    expect(any("sdeg" in head or "deg" in head for head in heads), "no unit in the headings")
    expect(rows[0][answers.names.index("words") + 1].strip() == 'Ω "quoted", <b> & more',
           "text came out otherwise")
    expect(foot[0].startswith(f"{len(rows)} rows"), f"the foot is {foot}")
    return f"{len(rows)} rows"


def geojson(answers):
    document = json.loads(answers.ask("geojson"))
    expect(document["query_status"] == "OK", "the end is not said")
    features = document["features"]
    expect(len(features) == len(answers.rows), f"{len(features)} features")
    for feature in features:
        geometry = feature["geometry"]
        rings = geometry["coordinates"]
        if geometry["type"] == "MultiPolygon":
            rings = [ring for polygon in rings for ring in polygon]
        for ring in rings:
            expect(ring[0] == ring[-1] and len(ring) > 3, f"the ring {ring} is not closed")
            expect(all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in ring), "off the map")
    cut = json.loads(answers.ask("geojson", maxrec="3"))
    expect(cut["query_status"] == "OVERFLOW", "OVERFLOW is not said")
    return f"{len(features)} footprints"


def moc(answers):
    with tempfile.TemporaryDirectory() as folder:
        maps = []
        for form, name in (("moc", "fits"), ("moc/json", "json"), ("moc/ascii", "ascii")):
            file = Path(folder) / f"answer.{name}"
            file.write_bytes(answers.ask(form))
            maps.append(MOC.load(str(file), name))
    first = maps[0]
    expect(all(other == first for other in maps), "the three forms differ")
    expect(first.max_order == 11, f"the order is {first.max_order}")
    inside = first.contains_lonlat(answers.table["s_ra"].quantity, answers.table["s_dec"].quantity)
    expect(inside.all(), f"{(~inside).sum()} centres are outside of the MOC")
    return f"{first.sky_fraction * 41252.96:.2f} square degrees"


def compressed(answers):
    body = answers.ask("csv")
    expect(answers.headers["Content-Encoding"] is None, "compressed unasked")
    packed = answers.ask("csv", headers={"Accept-Encoding": "gzip"})
    expect(answers.headers["Content-Encoding"] == "gzip", "not compressed")
    expect(gzip.decompress(packed) == body, "gzip holds something else")
    return f"{len(body)} to {len(packed)} bytes"


def announced(answers):
    """Every name in the capabilities is answered with the type it stands for."""
    with urllib.request.urlopen(f"{answers.url}/capabilities", timeout=PATIENCE) as answer:
        document = ElementTree.fromstring(answer.read())
    names = 0
    for form in document.iter("outputFormat"):
        mime = form.findtext("mime")
        for name in [mime, *(alias.text for alias in form.findall("alias"))]:
            answers.ask(name, adql="SELECT TOP 1 s_ra, s_dec FROM ivoa.obscore")
            sent = answers.headers["Content-Type"].replace(";charset=utf-8", "")
            expect(sent in (mime, name), f"{name} is sent as {sent}")
            names += 1
    return f"{names} names"


CHECKS = [
    votables, fits_by_astropy, fits_by_stilts, parquet_by_pyarrow, parquet_by_duckdb,
    arrow_by_pyarrow, json_and_lines, csv_and_tsv, html, geojson, moc, compressed, announced,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    # Units that astropy does not know are compared as texts.
    warnings.simplefilter("ignore")
    answers = Answers(parser.parse_args().url)
    expect(len(answers.rows) > 100, f"the answer has {len(answers.rows)} rows")
    report(CHECKS, answers, "formats read back")


if __name__ == "__main__":
    main()
