#!/usr/bin/env python3
"""Chooses the exposures of the demo sky.

    select.py DECAM_EXPOSURES.csv.gz > decam_exposures.csv.gz

The input is the list of public DECam InstCal exposures south of declination
-45 that dnidever/delvered keeps at commit dc4bdea as
data/decam_mcs_20220907.fits.gz, written as CSV with one row per image and the
columns read below (angles in degrees, mjd_obs in UTC at the start of the
exposure, exptime in seconds).

Kept are
- every exposure pointed below declination -88,
- every exposure pointed within one degree of right ascension 0,
- the exposures whose number is wrong in the archive ("6"), which show why the
  identifiers are made from the file's name,
- and of the rest, for every year and filter alike, exposures evenly spread
  over that year, until there are WANTED.

The same input gives the same bytes.
"""

import collections
import csv
import gzip
import io
import sys

WANTED = 4_250
COLUMNS = [
    "expnum",
    "base",
    "mjd_obs",
    "filter",
    "ra",
    "dec",
    "exptime",
    "prop_id",
    "release_date",
    "plver",
]


def is_kept(row):
    ra, dec = float(row["ra"]), float(row["dec"])
    return dec < -88 or min(ra, 360 - ra) <= 1 or row["expnum"] == "6"


def spread(rows, count):
    """`count` of the rows, evenly spaced."""
    return [rows[(2 * i + 1) * len(rows) // (2 * count)] for i in range(count)]


def choose(rows):
    kept = [row for row in rows if is_kept(row)]
    groups = collections.defaultdict(list)
    for row in rows:
        if not is_kept(row):
            groups[(row["date_obs"][:4], row["filter"])].append(row)
    # Every group has the same share; what small groups leave over goes to
    # the larger ones.
    left, waiting = WANTED - len(kept), sorted(groups.values(), key=len)
    for place, group in enumerate(waiting):
        share = min(len(group), left // (len(waiting) - place))
        kept += spread(group, share)
        left -= share
    return sorted(kept, key=lambda row: (row["mjd_obs"], row["base"]))


def main():
    with gzip.open(sys.argv[1], "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(choose(rows))
    sys.stdout.buffer.write(gzip.compress(text.getvalue().encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
