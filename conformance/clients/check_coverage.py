"""Asks a running demo what its tables cover, and for its record in the Registry.

    check_coverage.py URL

URL is the address of the TAP service (…/tap). Every line says ok or FAILED; the
exit code is 1 if one failed. conformance/README.md says which claim each check
is for.
"""

import argparse
import os
import tempfile
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import astropy.units as u
import numpy
import pyvo
from astropy.io import fits
from astropy.time import Time
from mocpy import MOC, STMOC, TimeMOC

from checks import PATIENCE, expect, report, run

CLASSES = {"space": MOC, "time": TimeMOC, "space-time": STMOC}
FORMS = ("fits", "json", "ascii")


class Asked:
    def __init__(self, url, folder):
        self.url = url.rstrip("/")
        self.folder = Path(folder)
        self.service = pyvo.dal.TAPService(self.url)

    def coverage(self, kind, form="fits", **parameters):
        """The file of a coverage and what mocpy reads from it."""
        parameters = {"KIND": kind, "RESPONSEFORMAT": form, **parameters}
        file = self.folder / f"{len(list(self.folder.iterdir()))}.{form}"
        file.write_bytes(get(f"{self.url}/coverage?{urllib.parse.urlencode(parameters)}"))
        return file, CLASSES[kind].load(str(file), form)

    def rows(self, condition="1 = 1"):
        adql = f"SELECT TOP 5000 s_ra, s_dec, t_min, t_max FROM ivoa.obscore WHERE {condition}"
        return self.service.search(adql, maxrec=5000).to_table()


def get(address):
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        return answer.read()


def utc(column):
    return Time(numpy.asarray(column, dtype=float), format="mjd", scale="utc")


def three_forms_say_the_same(asked):
    sizes = []
    for kind in CLASSES:
        maps = [asked.coverage(kind, form)[1] for form in FORMS]
        expect(maps[0] == maps[1] == maps[2], f"the forms of {kind} differ")
        expect(not maps[0].empty(), f"{kind} is empty")
        sizes.append(kind)
    return ", ".join(sizes)


def every_row_is_covered(asked):
    rows = asked.rows()
    lon, lat = (numpy.asarray(rows[name], dtype=float) * u.deg for name in ("s_ra", "s_dec"))
    space = asked.coverage("space")[1]
    expect(space.contains_lonlat(lon, lat).all(), "positions are not covered")
    expect(space.sky_fraction < 0.9, "the map covers more than the data can")
    time, both = asked.coverage("time")[1], asked.coverage("space-time")[1]
    for name in ("t_min", "t_max"):
        expect(time.contains(utc(rows[name])).all(), f"{name} is not covered")
        expect(both.contains(utc(rows[name]), lon, lat).all(), f"{name} is not covered there")
    return f"{len(rows)} rows"


def a_condition_covers_less(asked):
    condition = "t_min < 56300"
    whole, part = asked.coverage("space")[1], asked.coverage("space", WHERE=condition)[1]
    expect(part.difference(whole).empty() and part != whole, "the part is not a part")
    rows = asked.rows(condition)
    lon, lat = (numpy.asarray(rows[name], dtype=float) * u.deg for name in ("s_ra", "s_dec"))
    expect(part.contains_lonlat(lon, lat).all(), "positions are not covered")
    late = asked.coverage("time", WHERE=condition)[1].max_time
    expect(late.utc.mjd < 56300 + 0.2, f"its time ends at {late.utc.mjd}")
    return f"{len(rows)} rows"


def finer_and_coarser_maps_agree(asked):
    maps = [asked.coverage("space", ORDER=order)[1] for order in (4, 8, 12)]
    expect([moc.max_order for moc in maps] == [4, 8, 12], "other orders than asked for")
    for coarse, fine in zip(maps, maps[1:]):
        expect(fine.difference(coarse).empty(), "a finer map covers more")
    return ", ".join(f"{moc.sky_fraction:.5f}" for moc in maps)


def stilts_reads_it(asked):
    file, moc = asked.coverage("space")
    table = asked.folder / "rows.csv"
    rows = asked.rows()
    table.write_text("lon,lat\n" + "".join(f"{r['s_ra']},{r['s_dec']}\n" for r in rows))
    inside = run(
        "stilts", "tpipe", f"in={table}", "ifmt=csv", f'cmd=select "inMoc(\\"{file}\\",lon,lat)"',
        "omode=count",
    )
    expect(f"rows: {len(rows)}" in inside, f"of {len(rows)} positions: {inside.strip()}")
    outside = run(
        "stilts", "tpipe", f"in={table}", "ifmt=csv", f'cmd=select "inMoc(\\"{file}\\",lon,75+lat*0)"',
        "omode=count",
    )
    expect("rows: 0" in outside, f"north of all data: {outside.strip()}")
    return f"order {moc.max_order}"


def astropy_reads_it(asked):
    for kind in CLASSES:
        file, _ = asked.coverage(kind)
        with fits.open(file) as hdus:
            hdus.verify("exception")
            header = hdus[1].header
            expect(header["MOCVERS"] == "2.0", f"{kind}: MOCVERS {header['MOCVERS']}")
            if kind != "space":
                expect(header["TIMESYS"] == "TCB", f"{kind}: TIMESYS {header['TIMESYS']}")
    return "FITS"


def the_record_describes_the_service(asked):
    file = asked.folder / "record.xml"
    file.write_bytes(get(asked.url.removesuffix("/tap") + "/registry/record.xml"))
    schemas = os.environ.get("IVOA_XSD")
    if schemas and (schema := Path(schemas, "all-registry.xsd")).exists():
        run("xmllint", "--nonet", "--noout", "--schema", str(schema), str(file))
    else:
        print("  its schemas are passed over: set IVOA_XSD to where all-registry.xsd is")
        run("xmllint", "--nonet", "--noout", str(file))
    record = ElementTree.parse(file).getroot()
    spatial = MOC.from_string(record.findtext("coverage/spatial"))
    rows = asked.rows()
    lon, lat = (numpy.asarray(rows[name], dtype=float) * u.deg for name in ("s_ra", "s_dec"))
    expect(spatial.contains_lonlat(lon, lat).all(), "positions are not in its coverage")
    times = [tuple(map(float, it.text.split())) for it in record.findall("coverage/temporal")]
    for name in ("t_min", "t_max"):
        days = utc(rows[name]).tdb.mjd
        inside = [any(first <= day <= last for first, last in times) for day in days]
        expect(all(inside), f"{name} is not in its coverage")
    bands = [it.text for it in record.findall("coverage/waveband")]
    expect("Optical" in bands and "Radio" not in bands, f"its wavebands are {bands}")
    standards = {it.get("standardID") for it in record.findall("capability")}
    expect("ivo://ivoa.net/std/TAP" in standards, f"its capabilities are {standards}")
    return f"{len(times)} intervals of time, {', '.join(bands)}"


CHECKS = [
    three_forms_say_the_same,
    every_row_is_covered,
    a_condition_covers_less,
    finer_and_coarser_maps_agree,
    stilts_reads_it,
    astropy_reads_it,
    the_record_describes_the_service,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report(CHECKS, Asked(arguments.url, folder))


if __name__ == "__main__":
    main()
