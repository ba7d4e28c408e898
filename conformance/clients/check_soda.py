"""Cuts images of a service that it starts, and reads the cut-outs with astropy.

    check_soda.py PROGRAM [HEADERS]

PROGRAM is obstap. With HEADERS, a directory, images are made for every header in
its files too (*.hdr and *.fits). Every line says ok or FAILED; the exit code is 1
if one failed. conformance/README.md says which claim each check is for.
"""

import io
import subprocess
import sys
import urllib.parse
import warnings
from pathlib import Path

import astropy.units as u
import numpy
import pyvo
from astropy.coordinates import BarycentricMeanEcliptic, SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import wcs_to_celestial_frame

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import servers
import soda_headers
from checks import expect, report

warnings.simplefilter("ignore")

FILES = 40
CLOSE = 0.01  # pixels between positions through the two headers
HEAD = "obs_publisher_did,obs_id,obs_collection,calib_level,access_url,access_format"


class Asked:
    """The service, and places for files that it knows."""

    def __init__(self, place, headers):
        self.headers = headers
        self.folder = place.folder("images")
        archive = servers.Archive(place, "soda")
        rows = archive.folder / "rows.csv"
        lines = [f"ivo://soda/{i},o{i},soda,2,file://{self.folder}/{i}.fits,application/fits"
                 for i in range(FILES)]
        rows.write_text("\n".join([HEAD, *lines]) + "\n")
        subprocess.run(archive.command("load", str(rows)), check=True, capture_output=True)
        self.service = archive.serve(f'[soda]\nroots = "{self.folder}"\n')
        self.url = self.service.base.replace("/tap", "/soda") + "/sync"
        self.next = 0

    def put(self, hdus):
        """A file of these parts; gives its ID."""
        number = self.next % FILES
        self.next += 1
        path = self.folder / f"{number}.fits"
        if isinstance(hdus, bytes):
            path.write_bytes(hdus)
        else:
            fits.HDUList(hdus).writeto(path, overwrite=True, output_verify="ignore")
        return f"ivo://soda/{number}"

    def ask(self, identifier, **parameters):
        text = urllib.parse.urlencode({"ID": identifier, **parameters})
        return servers.ask(f"{self.url}?{text}")

    def cut(self, identifier, **parameters):
        """The parts of a cut-out, which must be a good FITS file; None of none."""
        status, headers, body = self.ask(identifier, **parameters)
        if status == 204:
            expect(not body, "204 with a body")
            return None
        expect(status == 200, f"{parameters}: {status} {body.decode(errors='replace')}")
        expect(headers["Content-Type"] == "application/fits", headers["Content-Type"])
        expect(len(body) % 2880 == 0, f"{len(body)} bytes")
        return fits.open(io.BytesIO(body))


def image(header, axes=(soda_headers.WIDTH, soda_headers.HEIGHT)):
    """Pixels that are told apart, with this header."""
    y, x = numpy.indices(axes[::-1])
    pixels = ((x * 31 + y * 1009) % 32749).astype(numpy.int16)
    drop = header.get("drop", []) if isinstance(header, dict) else []
    cards = fits.Header()
    for name, value in header.items():
        if name not in ("drop", "NAXIS", *drop):
            cards[name] = value
    return fits.PrimaryHDU(pixels, cards)


def position(wcs, x, y):
    """Of a pixel, the first being 0: ICRS."""
    first, second = (wcs.celestial if wcs.naxis != 2 else wcs).all_pix2world(x, y, 0)
    # astropy takes ecliptic coordinates for ICRS.
    ecliptic = any(it.startswith("ELON") for it in wcs.wcs.ctype)
    frame = BarycentricMeanEcliptic() if ecliptic else wcs_to_celestial_frame(wcs)
    if wcs.wcs.lng > wcs.wcs.lat:
        first, second = second, first
    unit = [u.Unit(it) if str(it) else u.deg for it in wcs.wcs.cunit]
    return SkyCoord(first * unit[0], second * unit[1], frame=frame).icrs


def offset(whole, part):
    """Where the part begins, by what its header says was cut."""
    text = [line for line in part["HISTORY"] if "SODA cut-out: pixels" in str(line)][-1]
    inside = str(text).split("[")[1].split("]")[0]
    return [int(it.split(":")[0]) - 1 for it in inside.split(",")]


def check_part(whole, part, what):
    """The cut-out's pixels are the image's, and so are their positions."""
    x0, y0 = offset(whole.header, part.header)[:2]
    height, width = part.data.shape[-2:]
    slice_ = whole.data[..., y0:y0 + height, x0:x0 + width]
    expect(numpy.array_equal(slice_, part.data, equal_nan=part.data.dtype.kind == "f"),
           f"{what}: other pixels")
    expect(part.header["BITPIX"] == whole.header["BITPIX"], f"{what}: another BITPIX")
    before, after = WCS(whole.header), WCS(part.header)
    x = numpy.array([-0.5, width - 0.5, width - 0.5, -0.5, (width - 1) / 2])
    y = numpy.array([-0.5, -0.5, height - 0.5, height - 0.5, (height - 1) / 2])
    there, here = position(before, x + x0, y + y0), position(after, x, y)
    known = numpy.isfinite(there.ra.deg)
    expect((known == numpy.isfinite(here.ra.deg)).all(), f"{what}: the edge of the sky moved")
    scale = pixel_scale(before, x0, y0)
    apart = there.separation(here).deg[known] / scale
    expect(not known.any() or apart.max() < CLOSE, f"{what}: {apart} pixels apart")
    return x0, y0, width, height


def pixel_scale(wcs, x, y):
    """Degrees; the least of both directions."""
    here = position(wcs, numpy.array([x, x + 1, x]), numpy.array([y, y, y + 1]))
    apart = [here[0].separation(here[i]).deg for i in (1, 2)]
    apart = [it for it in apart if numpy.isfinite(it) and it > 0]
    return min(apart) if apart else abs(numpy.linalg.det(wcs.pixel_scale_matrix)) ** 0.5


def check_image(asked, whole, what, radius=9.3):
    """Circles of some pixels, and single positions, everywhere in an image."""
    identifier = asked.put([whole])
    with fits.open(asked.folder / f"{identifier.rsplit('/', 1)[1]}.fits") as parts:
        whole = parts[0]
        height, width = whole.data.shape[-2:]
        wcs = WCS(whole.header).celestial if whole.header["NAXIS"] > 2 else WCS(whole.header)
        chance = numpy.random.default_rng(3)
        xs = [0, width - 1, width - 1, 0, width // 2, *chance.integers(0, width, 3)]
        ys = [0, 0, height - 1, height - 1, height // 2, *chance.integers(0, height, 3)]
        cuts = 0
        for x, y in zip(xs, ys):
            at = position(wcs, float(x), float(y))
            if not numpy.isfinite(at.ra.deg):
                continue
            name = f"{what} at {x}, {y}"
            where = f"{at.ra.deg:.12f} {at.dec.deg:.12f}"
            one = asked.cut(identifier, CIRCLE=f"{where} 0")
            expect(one is not None, f"{name}: 204 for the position of a pixel")
            found = check_part(whole, one[0], name)
            # Of a sky that is drawn twice both pixels are there.
            expect(found[2:] != (1, 1) or found[:2] == (x, y), f"{name}: {found}")
            expect(found[0] <= x < found[0] + found[2] and found[1] <= y < found[1] + found[3],
                   f"{name}: {found}")
            scale = pixel_scale(wcs, float(x), float(y))
            part = asked.cut(identifier, CIRCLE=f"{where} {scale * radius}")
            found = check_part(whole, part[0], name)
            check_extent(wcs, at, scale * radius, found, (width, height), name)
            cuts += 1
        return cuts


def check_extent(wcs, centre, radius, found, size, what):
    """All pixels whose middle is in the circle, and none without a corner near it."""
    x0, y0, width, height = found
    reach = 40
    xs = numpy.arange(max(0, x0 - reach), min(size[0], x0 + width + reach))
    ys = numpy.arange(max(0, y0 - reach), min(size[1], y0 + height + reach))
    x, y = (it.ravel() for it in numpy.meshgrid(xs, ys))
    apart = position(wcs, x.astype(float), y.astype(float)).separation(centre).deg
    inside = numpy.nan_to_num(apart, nan=999.0) < radius
    expect(inside.any(), f"{what}: no pixel is in the circle")
    box = (x[inside].min(), y[inside].min(), x[inside].max(), y[inside].max())
    got = (x0, y0, x0 + width - 1, y0 + height - 1)
    missing = got[0] > box[0] or got[1] > box[1] or got[2] < box[2] or got[3] < box[3]
    expect(not missing, f"{what}: {got} lacks some of {box}")
    # A pixel is met by its corner before its middle is.
    most = 2
    if max(abs(a - b) for a, b in zip(got, box)) > most:
        raise AssertionError(f"{what}: {got} is larger than {box}")


def every_projection_is_cut_exactly(asked):
    names = []
    for name, header in soda_headers.made():
        check_image(asked, image(header), name)
        names.append(name)
    return f"{len(names)} headers"


def what_cannot_be_cut_is_refused(asked):
    count = 0
    for name, header, word in soda_headers.refused():
        status, headers, body = asked.ask(asked.put([image(header)]), CIRCLE="150 2 0.01")
        text = body.decode()
        expect(status == 422 and text.startswith("UsageError"), f"{name}: {status} {text}")
        expect(word in text, f"{name}: {text}")
        expect(headers["Content-Type"].startswith("text/plain"), name)
        count += 1
    return f"{count} headers"


def given_headers_are_cut_exactly_or_refused(asked):
    if not asked.headers:
        return "none given"
    cut, refused, plain = [], [], 0
    for path in sorted(Path(asked.headers).rglob("*")):
        if path.suffix not in (".hdr", ".fits"):
            continue
        for number, header in enumerate(headers_of(path)):
            name = f"{path.parent.name}/{path.name}[{number}]"
            whole = given(header)
            if whole is None:
                plain += 1
                continue
            try:
                check_image(asked, whole, name)
                cut.append(name)
            except servers.Failed:
                raise
            except Exception as failure:
                words = str(failure)
                if ": 422 UsageError" not in words:
                    raise
                refused.append(name)
                print(f"        refused: {name}: {words.split('UsageError: ')[1].strip()}")
    return f"{len(cut)} cut, {len(refused)} refused, {plain} without a celestial WCS for astropy"


def headers_of(path):
    if path.suffix == ".fits":
        with fits.open(path, memmap=False) as parts:
            return [part.header.copy() for part in parts]
    raw = path.read_bytes()
    if b"\n" in raw:
        lines = raw.decode("latin-1").splitlines()
        raw = "".join(f"{line:<80.80}" for line in lines).encode("latin-1", "replace")
    text = raw.decode("latin-1")
    text = "".join(c if " " <= c <= "~" else "?" for c in text)
    return [fits.Header.fromstring(text)]


def given(header):
    """An image with a header of others; None where astropy knows no sky."""
    sizes = [header.get(f"ZNAXIS{i}", header.get(f"NAXIS{i}")) for i in (1, 2)]
    if header.get("XTENSION", "").strip() == "BINTABLE" and "ZNAXIS1" not in header:
        sizes = [None, None]
    sizes = [size or int(2 * abs(header.get(f"CRPIX{i + 1}", 100))) for i, size in enumerate(sizes)]
    sizes = [min(max(int(size), 20), 5000) for size in sizes]
    kept = fits.Header()
    table = ("TTYPE", "TFORM", "TUNIT", "TDIM", "TNULL", "TSCAL", "TZERO", "TDISP", "ZTILE", "ZNAME", "ZVAL",
             "ZNAXIS", "NAXIS")
    for card in header.cards:
        try:
            name, value = card.keyword, card.value
            if name in ("SIMPLE", "XTENSION", "BITPIX", "PCOUNT", "GCOUNT", "TFIELDS", "EXTEND", "THEAP",
                        "ZIMAGE", "ZBITPIX", "ZCMPTYPE", "ZQUANTIZ", "BSCALE", "BZERO", "BLANK", "INHERIT",
                        "COMMENT", "HISTORY", "", "CHECKSUM", "DATASUM", "GROUPS", "BLOCKED"):
                continue
            if name.startswith(table) and name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ").isdigit() or name == "NAXIS":
                continue
            kept.append(fits.Card.fromstring(card.image[:80]), end=True)
        except Exception:
            continue
    try:
        wcs = WCS(kept)
        if not wcs.has_celestial or wcs.celestial.naxis != 2:
            return None
        if {wcs.wcs.lng, wcs.wcs.lat} != {0, 1}:
            return None
        extra = wcs.naxis
    except Exception:
        return None
    # astropy 7.1 writes a block too many where the cards fill one.
    while (len(kept) + 4 + extra) % 36 in (0, 1):
        kept[f"FILL{len(kept)}"] = 1
    axes = [*sizes, *[1] * (extra - 2)]
    y, x = numpy.indices(sizes[::-1])
    pixels = ((x * 31 + y * 1009) % 32749).astype(numpy.int16).reshape(axes[::-1])
    return fits.PrimaryHDU(pixels, kept)


def images_in_tiles_are_undone_exactly(asked):
    chance = numpy.random.default_rng(5)
    count = 0
    noise = chance.normal(100, 10, (180, 210))
    kinds = [("RICE_1", "i2"), ("RICE_1", "u1"), ("RICE_1", "i4"), ("RICE_1", "u2"), ("GZIP_1", "i2"),
             ("GZIP_2", "i2"), ("GZIP_2", "i4"), ("PLIO_1", "i2"), ("GZIP_1", "u1"),
             ("RICE_1", "f4"), ("GZIP_1", "f4"), ("GZIP_2", "f4"), ("RICE_1", "f8"), ("GZIP_2", "f8")]
    header = with_size(soda_headers.header("TAN"))
    for algorithm, kind in kinds:
        for tile in (None, (40, 33), (180, 210), (1, 50)):
            pixels = noise.astype(kind)
            if algorithm == "PLIO_1":
                pixels = numpy.where(noise > 110, 2 + (noise % 5).astype("i2"), 0).astype("i2")
            for dither in ((-1, 1, 2, None) if kind[0] == "f" else (0,)):
                values = pixels.copy()
                options = {"quantize_level": 16.0}
                if kind[0] == "f":
                    values[20:60, 20:60] = numpy.nan
                    values[100, :] = 0
                    options["quantize_method"] = dither if dither is not None else 1
                    options["dither_seed"] = 42
                    if dither is None:
                        options["quantize_level"] = 0.0
                        if algorithm == "RICE_1":
                            continue
                part = fits.CompImageHDU(values, header.copy(), compression_type=algorithm, tile_shape=tile,
                                         name="SCI", **options)
                identifier = asked.put([fits.PrimaryHDU(), part])
                number = identifier.rsplit("/", 1)[1]
                with fits.open(asked.folder / f"{number}.fits") as parts:
                    whole = parts["SCI"]
                    made = asked.cut(identifier, CIRCLE="150 2 0.03")
                    made.verify("exception")
                    what = f"{algorithm} {kind} {tile} {dither}"
                    check_tiles(whole, made["SCI"], what)
                    count += 1
    part = fits.CompImageHDU(noise.astype("i4"), header, compression_type="HCOMPRESS_1")
    status, _, body = asked.ask(asked.put([fits.PrimaryHDU(), part]), CIRCLE="150 2 0.03")
    expect(status == 422 and b"HCOMPRESS_1" in body, f"HCOMPRESS_1: {status} {body}")
    return f"{count} kinds, HCOMPRESS_1 refused"


def with_size(header):
    header["CRPIX1"], header["CRPIX2"] = 100.0, 90.0
    return header


def check_tiles(whole, part, what):
    x0, y0, *_ = offset(None, part.header)
    height, width = part.data.shape
    expect(1 < width < 210 and 1 < height < 180, f"{what}: {part.data.shape}")
    slice_ = whole.data[y0:y0 + height, x0:x0 + width]
    kinds = [(it.dtype.kind, it.dtype.itemsize) for it in (slice_, part.data)]
    expect(kinds[0] == kinds[1], f"{what}: {kinds}")
    expect(numpy.array_equal(slice_, part.data, equal_nan=part.data.dtype.kind == "f"),
           f"{what}: other pixels, {numpy.nanmax(abs(slice_.astype(float) - part.data))}")
    left = [name for name in part.header if name.startswith(("ZTILE", "ZNAXIS", "TTYPE", "ZCMP", "ZQUANT"))]
    expect(not left, f"{what}: {left}")


def masks_and_variances_are_cut_alike(asked):
    header = soda_headers.with_cd(soda_headers.header("TAN"))
    header["LTV1"], header["LTV2"] = -1000.0, -2000.0
    for i, value in ((1, 1000.0), (2, 2000.0)):
        header[f"CTYPE{i}A"], header[f"CRPIX{i}A"], header[f"CRVAL{i}A"] = "LINEAR", 1.0, value
    y, x = numpy.indices((soda_headers.HEIGHT, soda_headers.WIDTH))
    table = fits.BinTableHDU.from_columns([fits.Column("n", "J", array=numpy.arange(7))], name="ARCHIVE")
    bare = fits.ImageHDU((x + y).astype("u1"), name="WEIGHT")
    psf = fits.ImageHDU(numpy.ones((21, 21)), name="PSF")
    first = fits.PrimaryHDU()
    first.header["EXPOSURE"] = 12
    parts = [first,
             fits.CompImageHDU((x * 1.5 + y).astype("f4"), header, name="IMAGE", quantize_level=0.0,
                               compression_type="GZIP_2"),
             fits.CompImageHDU((x * y % 7).astype("i4"), header, name="MASK", compression_type="RICE_1"),
             fits.ImageHDU((x + y * 2).astype("f4"), header, name="VARIANCE"), bare, psf, table]
    identifier = asked.put(parts)
    made = asked.cut(identifier, POLYGON="150.0 2.0 150.01 2.0 150.01 2.01")
    made.verify("exception")
    names = [part.name for part in made]
    expect(names == ["PRIMARY", "IMAGE", "MASK", "VARIANCE", "WEIGHT", "ARCHIVE"], names)
    x0, y0 = offset(None, made["IMAGE"].header)
    height, width = made["IMAGE"].data.shape
    cut = (slice(y0, y0 + height), slice(x0, x0 + width))
    for name, pixels in (("IMAGE", x * 1.5 + y), ("MASK", x * y % 7), ("VARIANCE", x + y * 2), ("WEIGHT", (x + y) % 256)):
        expect(numpy.array_equal(made[name].data, pixels[cut]), f"{name}: other pixels")
    for name in ("IMAGE", "MASK", "VARIANCE"):
        cards = made[name].header
        expect((cards["LTV1"], cards["LTV2"]) == (-1000.0 - x0, -2000.0 - y0), f"{name}: LTV")
        expect((cards["CRPIX1A"], cards["CRVAL1A"], cards["CRVAL2A"]) == (1.0, 1000.0 + x0, 2000.0 + y0),
               f"{name}: XY0")
    expect(made[0].header["EXPOSURE"] == 12, "the first header")
    expect(any("PSF" in str(line) for line in made[0].header["HISTORY"]), "what was left out is not said")
    expect(list(made["ARCHIVE"].data["n"]) == list(range(7)), "the table")
    return "image, mask, variance, weight; table as it was"


def only_detectors_that_are_met_are_given(asked):
    parts = [fits.PrimaryHDU()]
    for number in range(6):
        header = soda_headers.header("TAN", CRPIX1=140.5 - 400.0 * number)
        parts.append(fits.ImageHDU(image(header).data + number, header, name=f"CCD{number}"))
    identifier = asked.put(parts)
    met = {}
    for number in range(6):
        at = position(WCS(parts[number + 1].header), 100.0, 100.0)
        made = asked.cut(identifier, POS=f"CIRCLE {at.ra.deg} {at.dec.deg} 0.01")
        met[number] = [part.name for part in made[1:]]
        check_part(parts[number + 1], made[1], f"CCD{number}")
    expect(met == {number: [f"CCD{number}"] for number in range(6)}, met)
    both = asked.cut(identifier, POS="RANGE 0 360 -90 90")
    expect(len(both) == 7, len(both))
    return "6 detectors"


def cubes_and_scaled_numbers_keep_the_rest(asked):
    header = soda_headers.header("TAN")
    header["CTYPE3"], header["CRVAL3"], header["CRPIX3"], header["CDELT3"] = "WAVE", 5e-7, 1.0, 1e-9
    cube = numpy.arange(5 * 240 * 320, dtype="f8").reshape(5, 240, 320)
    identifier = asked.put([fits.PrimaryHDU(cube, header)])
    made = asked.cut(identifier, CIRCLE="150 2 0.02", BAND="4e-7 6e-7", POL="I")
    expect(made[0].data.shape[0] == 5, made[0].data.shape)
    check_part(fits.PrimaryHDU(cube, header), made[0], "a cube")
    expect(any("BAND" in str(line) for line in made[0].header["HISTORY"]), "BAND is not spoken of")
    pixels = (numpy.arange(240 * 320) % 65521).reshape(240, 320).astype("u2")
    identifier = asked.put([fits.PrimaryHDU(pixels, soda_headers.header("TAN"))])
    made = asked.cut(identifier, CIRCLE="150 2 0.02")
    check_part(fits.PrimaryHDU(pixels, soda_headers.header("TAN")), made[0], "unsigned numbers")
    expect(made[0].data.dtype.kind == "u", made[0].data.dtype)
    return "a cube of 5 planes, unsigned numbers"


def requests_are_judged_by_the_standard(asked):
    identifier = asked.put([image(soda_headers.header("TAN"))])
    path = asked.folder / f"{identifier.rsplit('/', 1)[1]}.fits"
    expect(asked.ask(identifier)[2] == path.read_bytes(), "without a region it is not the file")
    expect(asked.cut(identifier, CIRCLE="10 -60 1") is None, "no 204 elsewhere")
    whole = asked.cut(identifier, CIRCLE="150 2 90")
    expect(whole[0].data.shape == (240, 320), whole[0].data.shape)

    def refused(words, status, begin):
        got, headers, body = servers.ask(f"{asked.url}?{words}")
        expect(got == status and body.decode().startswith(begin), f"{words}: {got} {body}")
        expect(headers["Content-Type"].startswith("text/plain"), words)

    refused("", 400, "UsageError: ID is missing")
    refused("ID=ivo://nobody", 404, "UsageError")
    refused(f"ID={identifier}&CIRCLE=1+2", 400, "UsageError")
    refused(f"ID={identifier}&ID=b", 400, "MultiValuedParamNotSupported")
    refused(f"ID={identifier}&CIRCLE=1+2+3&CIRCLE=1+2+4", 400, "MultiValuedParamNotSupported")
    refused(f"ID={identifier}&POS=BOX+1+2+3+4", 400, "UsageError")
    status, _, body = servers.ask(asked.url, {"id": identifier, "circle": "150 2 0.01"})
    expect(status == 200 and body.startswith(b"SIMPLE"), f"POST: {status}")
    query = pyvo.dal.adhoc.SodaQuery(asked.url, circle=(150 * u.deg, 2 * u.deg, 0.01 * u.deg), id=identifier)
    made = fits.open(io.BytesIO(query.execute_stream().read()))
    expect(made[0].data.size > 100, "pyvo")
    path.unlink()
    refused(f"ID={identifier}", 404, "UsageError")
    return "faults, 204, POST, pyvo"


CHECKS = (
    every_projection_is_cut_exactly,
    what_cannot_be_cut_is_refused,
    images_in_tiles_are_undone_exactly,
    masks_and_variances_are_cut_alike,
    only_detectors_that_are_met_are_given,
    cubes_and_scaled_numbers_keep_the_rest,
    requests_are_judged_by_the_standard,
    given_headers_are_cut_exactly_or_refused,
)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with servers.Place(sys.argv[1]) as work:
        report(CHECKS, Asked(work, sys.argv[2] if len(sys.argv) > 2 else None))
