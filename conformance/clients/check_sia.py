"""Asks a running demo for images (SIA 2.0) and around positions (cone search).

    check_sia.py URL

URL is the address of the TAP service (…/tap), by which the same is asked in ADQL
written by hand. The IVOA's schemas are looked for in the directory that IVOA_XSD
names; without it that check is passed over, and said. Every line says ok or
FAILED; the exit code is 1 if one failed. conformance/README.md says which claim
each check is for.
"""

import argparse
import csv
import io
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import warnings
from pathlib import Path

import astropy.units as u
import pyvo
from astropy.time import Time
from pyvo.dal.exceptions import DALOverflowWarning

from checks import PATIENCE, Failed, expect, report, run

MANY = 100_000  # rows; more than any of these searches finds
OPEN = float("inf")
IMAGES = "dataproduct_type IN ('image', 'cube')"
DID = "obs_publisher_did"
# What may be read line by line, whatever the order of the rows.
FORMATS = ["csv", "tsv", "ndjson", "moc/ascii"]
SCHEMAS = {
    "VOResource/v1.0": "VOResource-v1.1.xsd",
    "VODataService/v1.1": "VODataService-v1.2.xsd",
    "VOSICapabilities/v1.0": "VOSICapabilities-v1.0.xsd",
    "VOSIAvailability/v1.0": "VOSIAvailability-v1.0.xsd",
    "ConeSearch/v1.0": "ConeSearch-v1.1.xsd",
}


class Asked:
    def __init__(self, url, folder):
        self.tap = url.rstrip("/")
        self.root = self.tap.removesuffix("/tap")
        self.service = pyvo.dal.TAPService(self.tap)
        self.folder = Path(folder)
        rows = self.service.search(
            "SELECT TOP 1 * FROM ivoa.obscore WHERE s_dec < -60 AND t_exptime > 1").to_table()
        self.row = rows[0]

    def by_hand(self, condition):
        """The identifiers that a condition finds, sorted."""
        adql = f"SELECT {DID} FROM ivoa.obscore WHERE {condition}"
        return identifiers(self.service.run_sync(adql, maxrec=MANY))

    def value(self, column):
        """A text of the row; where it has none, one that no row has."""
        return str(self.row[column]) or "none"

    def file(self, address):
        file = self.folder / f"{len(list(self.folder.iterdir()))}.xml"
        file.write_bytes(get(address)[1])
        return file


def get(address):
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def identifiers(results):
    return sorted(str(did) for did in results.to_table()[DID])


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def pyvo_finds_what_adql_finds_by_every_parameter(asked):
    ra, dec = float(asked.row["s_ra"]), float(asked.row["s_dec"])
    t_min, t_max = float(asked.row["t_min"]), float(asked.row["t_max"])
    em_min, em_max = float(asked.row["em_min"]), float(asked.row["em_max"])
    exposure, fov = float(asked.row["t_exptime"]), float(asked.row["s_fov"])
    power, did = float(asked.row["em_res_power"]), asked.value(DID)
    circle = f"INTERSECTS(s_region, CIRCLE({ra!r}, {dec!r}, 0.5))"
    near = {"pos": (ra, dec, 0.5)}
    low, high = max(ra - 1, 0), min(ra + 1, 360)
    searches = [
        (near, f"1 = {circle}"),
        ({"pos": [(ra, dec, 0.5), ((ra + 180) % 360, dec, 0.5)]},
         f"1 = {circle} OR 1 = INTERSECTS(s_region, CIRCLE({(ra + 180) % 360!r}, {dec!r}, 0.5))"),
        ({"pos": (low * u.deg, high * u.deg, (dec - 0.5) * u.deg, (dec + 0.5) * u.deg)},
         f"1 = INTERSECTS(s_region, REGION('RANGE {low!r} {high!r} {dec - 0.5!r} {dec + 0.5!r}'))"),
        ({"pos": (low, dec - 0.5, high, dec - 0.5, high, dec + 0.5, low, dec + 0.5)},
         f"1 = INTERSECTS(s_region, POLYGON({low!r}, {dec - 0.5!r}, {high!r}, {dec - 0.5!r}, "
         f"{high!r}, {dec + 0.5!r}, {low!r}, {dec + 0.5!r}))"),
        (near | {"band": (em_min * u.m, em_max * u.m)},
         f"1 = {circle} AND em_min <= {em_max!r} AND em_max >= {em_min!r}"),
        (near | {"band": em_min}, f"1 = {circle} AND em_min <= {em_min!r} AND em_max >= {em_min!r}"),
        (near | {"band": (-OPEN, em_min)}, f"1 = {circle} AND em_min <= {em_min!r}"),
        (near | {"band": (em_max, OPEN)}, f"1 = {circle} AND em_max >= {em_max!r}"),
        (near | {"pol": ["I", "V"]},
         f"1 = {circle} AND (pol_states LIKE '%/I/%' OR pol_states LIKE '%/V/%')"),
        (near | {"field_of_view": (0, fov)}, f"1 = {circle} AND s_fov BETWEEN 0 AND {fov!r}"),
        (near | {"spatial_resolution": (0 * u.arcsec, OPEN * u.arcsec)},
         f"1 = {circle} AND s_resolution >= 0"),
        (near | {"spectral_resolving_power": [(-OPEN, power), (power + 1, OPEN)]},
         f"1 = {circle} AND (em_res_power <= {power!r} OR em_res_power >= {power + 1!r})"),
        (near | {"exptime": exposure}, f"1 = {circle} AND t_exptime = {exposure!r}"),
        (near | {"timeres": (-OPEN, exposure)}, f"1 = {circle} AND t_resolution <= {exposure!r}"),
        ({"publisher_did": did}, f"{DID} = {quoted(did)}"),
        ({"publisher_did": [did.upper(), "none"]}, f"{DID} = {quoted(did)}"),
        (near | {"data_type": "image"}, f"1 = {circle} AND dataproduct_type = 'image'"),
        (near | {"calib_level": [1, 2]}, f"1 = {circle} AND calib_level IN (1, 2)"),
        (near | {"res_format": "image/fits"}, f"1 = {circle} AND access_format = 'image/fits'"),
    ]
    for name, column in [("collection", "obs_collection"), ("facility", "facility_name"),
                         ("instrument", "instrument_name"), ("target_name", "target_name")]:
        value = asked.value(column)
        searches.append((near | {name: value}, f"1 = {circle} AND {column} = {quoted(value)}"))
        searches.append((near | {name: ["it's", value]},
                         f"1 = {circle} AND {column} IN ('it''s', {quoted(value)})"))
    begin, end = (Time(mjd, format="mjd") for mjd in (t_min, t_max))
    searches.append(({"time": (begin, end)},
                     f"t_min <= {float(end.mjd)!r} AND t_max >= {float(begin.mjd)!r}"))
    total = 0
    for parameters, condition in searches:
        found = pyvo.dal.sia2.search(f"{asked.root}/sia", maxrec=MANY, **parameters)
        wanted = asked.by_hand(f"{IMAGES} AND ({condition})")
        expect(identifiers(found) == wanted,
               f"{parameters}: {len(found)} rows, by hand {len(wanted)}")
        total += len(wanted)
    expect(total > 100, f"{total} rows in all")
    return f"{len(searches)} searches, {total} rows"


def pyvo_finds_what_adql_finds_in_cones(asked):
    ra, dec = float(asked.row["s_ra"]), float(asked.row["s_dec"])
    total = 0
    for lon, lat, radius in [(ra, dec, 0.5), (ra, dec, 0.01), (0.0, -89.5, 1.0), (0.0, dec, 0.3),
                             (360.0, dec, 0.3)]:
        found = pyvo.dal.scs.search(f"{asked.root}/scs", (lon, lat), radius, verbosity=3,
                                    maxrec=MANY)
        wanted = asked.by_hand(
            f"1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE({lon!r}, {lat!r}, {radius!r}))")
        expect(identifiers(found) == wanted, f"{len(found)} rows, by hand {len(wanted)}")
        expect(all(record.id and abs(record.pos.dec.deg - lat) <= radius for record in found),
               "records without identifier or position")
        total += len(wanted)
    expect(total > 0, "nothing is found")
    return f"{total} rows"


def stilts_rows(command, *settings):
    text = run("stilts", command, *settings, "omode=out", "ofmt=csv")
    return sorted(row[DID] for row in csv.DictReader(io.StringIO(text)))


def stilts_finds_the_same(asked):
    ra, dec = float(asked.row["s_ra"]), float(asked.row["s_dec"])
    places = [(ra, dec), ((ra + 90) % 360, dec), (0.5, 89.0)]
    table = asked.folder / "places.csv"
    table.write_text("lon,lat\n" + "".join(f"{lon!r},{lat!r}\n" for lon, lat in places))
    total = 0
    for kind, address, condition in [
        ("cone", f"{asked.root}/scs?", "1 = CONTAINS(POINT(s_ra, s_dec), {})"),
        ("sia2", f"{asked.root}/sia/query", IMAGES + " AND 1 = INTERSECTS(s_region, {})"),
    ]:
        service = [f"serviceurl={address}", f"servicetype={kind}"]
        found = stilts_rows("cone", *service, f"lon={ra!r}", f"lat={dec!r}", "radius=0.4")
        wanted = asked.by_hand(condition.format(f"CIRCLE({ra!r}, {dec!r}, 0.4)"))
        expect(found == wanted, f"cone {kind}: {len(found)} rows, by hand {len(wanted)}")
        matched = stilts_rows(
            "coneskymatch", *service, f"in={table}", "ifmt=csv", "ra=lon", "dec=lat", "sr=0.4",
            "find=all", "usefoot=false", "parallel=1")
        wanted = sorted(
            did for lon, lat in places
            for did in asked.by_hand(condition.format(f"CIRCLE({lon!r}, {lat!r}, 0.4)")))
        expect(matched == wanted, f"{len(matched)} {kind} rows match, by hand {len(wanted)}")
        total += len(found) + len(matched)
    return f"{total} rows"


def every_format_says_what_tap_says(asked):
    ra, dec = float(asked.row["s_ra"]), float(asked.row["s_dec"])
    adql = (f"SELECT * FROM ivoa.obscore WHERE {IMAGES} "
            f"AND 1 = INTERSECTS(s_region, REGION('CIRCLE {ra!r} {dec!r} 0.5'))")
    for name in FORMATS:
        shared = {"RESPONSEFORMAT": name, "MAXREC": MANY}
        images = urllib.parse.urlencode({"POS": f"CIRCLE {ra!r} {dec!r} 0.5", **shared})
        query = urllib.parse.urlencode({"LANG": "ADQL", "QUERY": adql, **shared})
        one = sorted(get(f"{asked.root}/sia/query?{images}")[1].splitlines())
        two = sorted(get(f"{asked.tap}/sync?{query}")[1].splitlines())
        expect(one == two and one, f"{name} differs")
    return ", ".join(FORMATS)


def what_they_say_of_themselves_is_valid(asked):
    ra, dec = float(asked.row["s_ra"]), float(asked.row["s_dec"])
    cone = f"{asked.root}/scs?RA={ra!r}&DEC={dec!r}"
    circle = urllib.parse.quote(f"CIRCLE {ra!r} {dec!r} 0.5")
    addresses = [
        f"{asked.root}/sia/query?MAXREC=0",
        f"{asked.root}/sia/query?POS={circle}&MAXREC=5",
        f"{asked.root}/sia/query?POS=x",
        f"{cone}&SR=0", f"{cone}&SR=0.2", f"{cone}&SR=0.2&VERB=1", f"{cone}&SR=0.2&VERB=3&MAXREC=1",
        f"{cone}&SR=-1",
    ]
    for address in addresses:
        said = run("stilts", "votlint", str(asked.file(address)))
        expect(not said.strip(), f"votlint of {address}: {said}")
    # As programs find the service and what it takes.
    service = pyvo.dal.SIA2Service(f"{asked.root}/sia")
    expect(service.query_ep == f"{asked.root}/sia/query", service.query_ep)
    for room in ("sia", "scs"):
        up = get(f"{asked.root}/{room}/availability")
        expect(up[0] == 200 and b"available>true<" in up[1], f"{room} is not available")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DALOverflowWarning)
        empty = service.search(maxrec=0)
    named = {param.name for resource in empty.votable.resources if resource.name == "this"
             for group in resource.groups for param in group.entries}
    expect({"POS", "BAND", "TIME", "POL", "FOV", "SPATRES", "SPECRP", "EXPTIME", "TIMERES", "ID",
            "COLLECTION", "FACILITY", "INSTRUMENT", "DPTYPE", "CALIB", "TARGET", "FORMAT",
            "MAXREC", "RESPONSEFORMAT"} == named, f"described: {sorted(named)}")
    return f"{len(addresses)} documents"


def schemas_accept_the_capabilities(asked):
    given = os.environ.get("IVOA_XSD")
    if not given:
        return "passed over: set IVOA_XSD to where the schemas are"
    folder = Path(given).resolve()
    lines = [
        f'<xs:import namespace="http://www.ivoa.net/xml/{name}" '
        f'schemaLocation="{(folder / file).as_uri()}"/>'
        for name, file in SCHEMAS.items()
    ]
    entry = asked.folder / "all.xsd"
    entry.write_text("\n".join(
        ['<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">', *lines, "</xs:schema>"]))
    names = [f"{room}/{name}" for room in ("sia", "scs") for name in ("capabilities", "availability")]
    for name in names:
        file = asked.file(f"{asked.root}/{name}")
        run("xmllint", "--nonet", "--noout", "--schema", str(entry), str(file))
    return ", ".join(names)


def faults_reach_whoever_asks(asked):
    def raised(search, words):
        try:
            search()
        except pyvo.dal.DALQueryError as error:
            expect(words in str(error), f"{error} does not say {words}")
            return
        raise Failed(f"no error says {words}")

    raised(lambda: pyvo.dal.sia2.search(f"{asked.root}/sia", pos=(1, 2, 3), NOTHING="x", POL="J"),
           "UsageFault: POL=")
    raised(lambda: pyvo.dal.scs.search(f"{asked.root}/scs", (10, 20), 190), "SR=")
    try:
        run("stilts", "cone", f"serviceurl={asked.root}/scs?", "servicetype=cone", "lon=10",
            "lat=20", "radius=190")
    except Failed as failure:
        expect("is not between 0 and 180 degrees" in str(failure), str(failure))
    else:
        raise Failed("stilts says nothing")
    return "pyvo, STILTS"


CHECKS = [
    pyvo_finds_what_adql_finds_by_every_parameter, pyvo_finds_what_adql_finds_in_cones,
    stilts_finds_the_same, every_format_says_what_tap_says, what_they_say_of_themselves_is_valid,
    schemas_accept_the_capabilities, faults_reach_whoever_asks,
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("url")
    with tempfile.TemporaryDirectory() as folder:
        report(CHECKS, Asked(arguments.parse_args().url, folder))


if __name__ == "__main__":
    main()
