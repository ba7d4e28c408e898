"""Sends tables along with queries to a running demo, with the users' own clients.

    check_uploads.py URL

URL is the address of the TAP service (…/tap). Every line says ok or FAILED;
the exit code is 1 if one failed. conformance/README.md says which claim each
check is for.
"""

import argparse
import gzip
import io
import subprocess
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

import numpy
import pyvo
from astropy import units
from astropy.table import MaskedColumn, Table

from checks import PATIENCE, expect, report, run

NAMES = "SELECT TOP 20 obs_publisher_did, s_ra, s_dec FROM ivoa.obscore ORDER BY obs_publisher_did"


def everything():
    """A table with every type that astropy writes into a VOTable."""
    table = Table()
    table["id"] = numpy.arange(3, dtype="int64")
    table["Flag"] = [True, False, True]
    table["byte"] = numpy.array([0, 200, 255], dtype="uint8")
    table["short"] = numpy.array([-32768, 0, 32767], dtype="int16")
    table["int"] = MaskedColumn(numpy.array([1, 2, 3], dtype="int32"), mask=[False, True, False])
    table["float"] = numpy.array([0.1, 1e30, -2.5], dtype="float32") * units.mag
    table["double"] = numpy.array([1e-300, 2.0, 3.5]) * units.deg
    table["select"] = ["a", "", "two words"]
    table["greek λ"] = ["Ωμέγα", "x", "y"]
    table["pair"] = numpy.array([[1.5, 2.5], [3.5, 4.5], [5.5, 6.5]])
    table["floats"] = numpy.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], dtype="float32")
    table["longs"] = numpy.array([[1, 2], [3, 4], [1 << 60, 6]], dtype="int64")
    table["ints"] = numpy.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], dtype="int32")
    table["complex"] = numpy.array([1 + 2j, 0, -1j], dtype="complex128")
    table["double"].meta["ucd"] = "phot.flux"
    return table


def alike(sent, got):
    expect(sent.colnames == got.colnames, f"columns {got.colnames}")
    for name in sent.colnames:
        one, other = sent[name], got[name]
        expect(one.unit == other.unit, f"unit of {name}: {other.unit}")
        if one.dtype.kind in "US":
            expect([str(v) for v in one] == [str(v) for v in other], f"{name}: {list(other)}")
            continue
        expect(one.dtype == other.dtype, f"type of {name}: {other.dtype} for {one.dtype}")
        masks = [getattr(column, "mask", numpy.zeros(one.shape, bool)) for column in (one, other)]
        expect(one.shape == other.shape, f"shape of {name}: {other.shape}")
        expect((masks[0] == masks[1]).all(), f"nulls of {name}")
        kept = ~masks[0]
        expect(
            (numpy.asarray(one)[kept] == numpy.asarray(other)[kept]).all(), f"{name}: {other}"
        )


def tables_come_back_unchanged(service):
    sent = everything()
    query = "SELECT * FROM TAP_UPLOAD.mine ORDER BY id"
    for serialization in ("tabledata", "binary2", "binary"):
        if serialization == "binary":
            # It has no nulls of its own, and astropy invents none.
            sent["int"] = sent["int"].filled(-1)
        text = io.BytesIO()
        sent.write(text, format="votable", tabledata_format=serialization)
        text.seek(0)
        # The names of a VOTable are its columns', its IDs are not.
        got = service.run_sync(query, uploads={"mine": text}).to_table()
        alike(sent, got)
        text.seek(0)
        alike(sent, service.run_async(query, uploads={"mine": text}).to_table())
    return f"{len(sent.colnames)} columns in three serialisations"


def columns_of_any_name_can_be_asked_for(service):
    query = 'SELECT t."select", t."greek λ", FLAG FROM tap_upload.T AS t WHERE "double" > 1 ORDER BY id'
    got = service.run_sync(query, uploads={"T": everything()}).to_table()
    expect(len(got) == 2 and got["greek λ"][0] == "x", str(got))
    return "reserved, Greek, in any case"


def every_format_is_read(service):
    url = service.baseurl
    table = everything()["id", "double", "select"]
    read = []
    for name, write in (
        ("t.csv", lambda path: table.write(path, format="ascii.csv")),
        ("t.tsv", lambda path: table.write(path, format="ascii.tab")),
        ("t.fits", lambda path: table.write(path, format="fits")),
        ("t.vot", lambda path: table.write(path, format="votable")),
    ):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            write(path)
            for packed in (False, True):
                content = path.read_bytes()
                content = gzip.compress(content) if packed else content
                answer = posted(url, "SELECT SUM(id), MAX(\"double\") FROM TAP_UPLOAD.t", content)
                expect(answer.strip().endswith("3,3.5"), f"{name}: {answer}")
        read.append(name.removeprefix("t."))
    answer = posted(url, NAMES, b"", format="parquet", text=False)
    again = posted(url, "SELECT COUNT(*), MAX(s_ra) FROM TAP_UPLOAD.t", answer)
    expect(again.strip().splitlines()[1].startswith("20,"), again)
    return ", ".join([*read, "parquet"])


def posted(url, query, content, format="csv", text=True, **more):
    """The answer to a multipart request, written by hand."""
    fields = {"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": format, **more}
    if content:
        fields.setdefault("UPLOAD", "t,param:f")
    line = "--------obstap"
    body = b""
    for name, value in fields.items():
        head = f'--{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        body += head.encode() + value.encode() + b"\r\n"
    head = f'--{line}\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    body += head.encode() + content + f"\r\n--{line}--\r\n".encode()
    request = urllib.request.Request(
        f"{url}/sync", body, {"Content-Type": f"multipart/form-data; boundary={line}"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        content = answer.read()
    return content.decode() if text else content


def positions_are_matched_with_footprints(service):
    mine = service.run_sync(NAMES).to_table()
    query = (
        "SELECT m.obs_publisher_did AS mine, o.obs_publisher_did AS theirs "
        "FROM TAP_UPLOAD.mine AS m JOIN ivoa.obscore AS o "
        "ON 1 = CONTAINS(POINT(m.s_ra, m.s_dec), o.s_region)"
    )
    got = service.run_sync(query, uploads={"mine": mine}, maxrec=1_000_000).to_table()
    # The demo's footprints have gaps between their detectors, so not every
    # centre lies in its own.
    expect(len(got) > 0, "no footprint has a position of its own")
    return f"{len(got)} pairs"


def errors_say_what_and_where(service):
    def said(query, uploads):
        try:
            service.run_sync(query, uploads=uploads)
        except pyvo.DALQueryError as error:
            return str(error)
        return "nothing was wrong"

    bad = io.BytesIO(b"a,b\n1,2\n3\n")
    for got, part in (
        (said("SELECT * FROM TAP_UPLOAD.t", {"t": bad}), "line 3"),
        (said("SELECT * FROM TAP_UPLOAD.u", {"t": everything()}), "TAP_UPLOAD.t"),
        (said("SELECT nothing FROM TAP_UPLOAD.t", {"t": everything()}), "nothing"),
    ):
        expect(part in got, got)
    return "row, table, column"


def addresses_inside_are_not_asked(service):
    url = service.baseurl
    for inside in ("http://127.0.0.1:1/x", "http://[::1]/x", "http://169.254.169.254/latest"):
        fields = {
            "LANG": "ADQL",
            "QUERY": "SELECT * FROM TAP_UPLOAD.t",
            "UPLOAD": f"t,{inside}",
        }
        request = urllib.request.Request(
            f"{url}/sync", urllib.parse.urlencode(fields).encode()
        )
        try:
            urllib.request.urlopen(request, timeout=PATIENCE).close()
            expect(False, f"{inside} was asked")
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            expect("not a host that this service may ask" in text, text)
    return "loopback, link-local"


def stilts_uploads(service):
    url = service.baseurl
    with tempfile.TemporaryDirectory() as folder:
        mine = Path(folder) / "mine.vot"
        everything()["id", "double", "pair"].write(mine, format="votable")
        answer = Path(folder) / "answer.csv"
        run(
            "stilts", "tapquery", f"tapurl={url}", "nupload=1", f"upload1={mine}", "upname1=mine",
            "adql=SELECT id FROM TAP_UPLOAD.mine WHERE pair IS NOT NULL ORDER BY id",
            "sync=false", f"out={answer}", "ofmt=csv",
        )
        expect(answer.read_text().split() == ["id", "0", "1", "2"], answer.read_text())
    return "tapquery nupload=1, asynchronous"


def stilts_matches(service):
    url = service.baseurl
    with tempfile.TemporaryDirectory() as folder:
        mine = Path(folder) / "mine.fits"
        service.run_sync(NAMES).to_table()["s_ra", "s_dec"].write(mine, format="fits")
        answer = Path(folder) / "answer.csv"
        run(
            "stilts", "tapskymatch", f"in={mine}", "inlon=s_ra", "inlat=s_dec", f"tapurl={url}",
            "taptable=ivoa.obscore", "taplon=s_ra", "taplat=s_dec", "sr=0.0001", "find=best",
            f"out={answer}", "ofmt=csv",
        )
        rows = len(answer.read_text().splitlines()) - 1
        expect(rows == 20, f"{rows} rows")
    return "tapskymatch"


def taplint_finds_nothing(service):
    done = subprocess.run(
        ["stilts", "taplint", f"tapurl={service.baseurl}", "stages=TME UPL", "report=EWF"],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )
    lines = done.stdout.splitlines()
    expect(any(line.startswith("Totals") for line in lines),
           f"taplint did not finish:\n{done.stdout}\n{done.stderr}")
    bad = [line for line in lines if line.startswith(("E-", "W-", "F-"))]
    expect(not bad, "\n  ".join(["", *bad]))
    return "stage UPL"


CHECKS = [
    tables_come_back_unchanged,
    columns_of_any_name_can_be_asked_for,
    every_format_is_read,
    positions_are_matched_with_footprints,
    errors_say_what_and_where,
    addresses_inside_are_not_asked,
    stilts_uploads,
    stilts_matches,
    taplint_finds_nothing,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    service = pyvo.dal.TAPService(parser.parse_args().url.rstrip("/"))
    report(CHECKS, service)


if __name__ == "__main__":
    main()
