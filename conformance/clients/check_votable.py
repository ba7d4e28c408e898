"""The table of every type, held against schemas, validators and other readers.

    check_votable.py DIRECTORY

DIRECTORY is what `cargo run -p votable --example everything -- DIRECTORY` wrote.
The schemas are looked for as VOTable-v1.4.xsd and VOTable-v1.5.xsd in the
directory that IVOA_XSD names, else at ivoa.net; without both that check is
passed over, and said.
"""

import json
import math
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
import warnings
from pathlib import Path

import numpy
import pyvo
from astropy.io.votable import parse

VERSIONS = ["1.4", "1.5"]
FORMS = ["tabledata", "binary", "binary2"]

# What stands for null in BINARY.
MAGIC = {"unsignedByte": 255, "short": -(2**15), "int": -(2**31), "long": -(2**63)}

# votlint 3.4.7 takes an empty TD for an array of no elements, where VOTable 1.4
# section 5.5 (as 1.3 and 1.5) makes it the null of every type.
EMPTY_TD = re.compile(
    r"^ERROR .*(\(0 found, \d+ expected\)|Bad double string '')$"
    r"|^WARNING .*Empty character value is questionable$"
)
# Of a polygon in a stream it reads the count and not the numbers.
POLYGON = ' xtype="polygon"'
# It knows DALI 1.1; these came with DALI 1.2.
NEWER = re.compile(r'^WARNING .*Non-DALI xtype value "(moc|shape|uuid)"$')


def schemas_accept_every_document(folder):
    for version in VERSIONS:
        schema = schema_of(version, folder)
        if schema is None:
            print(f"  passed over: no schema of VOTable {version}; set IVOA_XSD to where it is")
            continue
        documents = sorted(map(str, folder.glob(f"*-{version}-*.vot")))
        assert len(documents) == 6, documents
        done = run(["xmllint", "--noout", "--schema", str(schema), *documents])
        assert done.returncode == 0, done.stderr


def schema_of(version, folder):
    given = os.environ.get("IVOA_XSD")
    if given and (path := Path(given, f"VOTable-v{version}.xsd")).exists():
        return path
    path = folder / f"VOTable-v{version}.xsd"
    if not path.exists():
        url = f"https://www.ivoa.net/xml/VOTable/VOTable-{version}.xsd"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                path.write_bytes(answer.read())
        except OSError:
            return None
    return path


def votlint_finds_nothing_else(folder):
    # votlint 3.4.7 does not know 1.5.
    for form in FORMS:
        document = folder / f"common-1.4-{form}.vot"
        if form != "tabledata":
            text = document.read_text().replace(POLYGON, "")
            document = folder / f"linted-{form}.vot"
            document.write_text(text)
        done = run(["stilts", "votlint", f"votable={document}"])
        for line in (done.stdout + done.stderr).splitlines():
            allowed = line.startswith("INFO") or NEWER.match(line)
            if form == "tabledata":
                allowed = allowed or EMPTY_TD.match(line)
            assert allowed, f"{document.name}: {line}"


def astropy_reads_every_value(folder):
    for version in VERSIONS:
        for form in FORMS:
            compare(folder / f"common-{version}-{form}.vot", form, folder)


def stilts_reads_every_value(folder):
    """What STILTS has read is written by it and read by astropy."""
    for form in FORMS:
        document = folder / f"common-1.4-{form}.vot"
        with tempfile.TemporaryDirectory() as place:
            copy = Path(place, "copy.vot")
            done = run([
                "stilts", "tpipe", f"in={document}", "ifmt=votable",
                f"out={copy}", "ofmt=votable-tabledata",
            ])
            assert done.returncode == 0, done.stderr
            compare(copy, form, folder)


def pyvo_reads_every_value(folder):
    for form in FORMS:
        document = folder / f"common-1.4-{form}.vot"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = pyvo.dal.TAPResults(parse(document))
        assert results.status[0] == "OVERFLOW", results.status
        rows = results.to_table()
        columns = expected(folder, results.fieldnames)
        assert len(columns) == len(results.fieldnames)
        for column in columns:
            name = column["name"]
            described = results.getdesc(name)
            agree(column, described)
            for row, wanted in enumerate(column["cells"]):
                place = f"{document.name}, {name}, row {row}"
                agree_cell(wanted, rows[name][row], column, form, place)


def expected(folder, names):
    columns = json.loads((folder / "everything.json").read_text())
    return [column for column in columns if column["name"] in names]


def compare(document, form, folder):
    with warnings.catch_warnings():
        # Of frames and precision; the values are compared.
        warnings.simplefilter("ignore")
        table = parse(document).get_first_table()
    columns = expected(folder, table.array.dtype.names)
    assert len(columns) == len(table.fields), document.name
    for column in columns:
        name = column["name"]
        agree(column, table.get_field_by_id_or_name(name))
        for row, wanted in enumerate(column["cells"]):
            place = f"{document.name}, {name}, row {row}"
            agree_cell(wanted, table.array[name][row], column, form, place)


def agree(column, described):
    """Unit and UCD are as written."""
    unit = None if described.unit is None else str(described.unit)
    assert (unit, described.ucd or None) == (column["unit"], column["ucd"]), column["name"]


def agree_cell(wanted, found, column, form, place):
    flat = flattened(found)
    if wanted is None:
        assert is_null(found, flat, column, form), f"{place}: {found!r} is not null"
    elif isinstance(wanted, str):
        assert flat == [wanted], f"{place}: {found!r}, not {wanted!r}"
    else:
        wanted = [float(x) if isinstance(x, str) else x for x in wanted]
        if column["datatype"].startswith("float"):
            # Shortest text of a float may be kept as a double: 0.1.
            flat = [x if x is None else float(numpy.float32(x)) for x in flat]
        same = len(flat) == len(wanted) and all(map(alike, flat, wanted))
        assert same, f"{place}: {flat!r}, not {wanted!r}"


def is_null(found, flat, column, form):
    if not flat or all(x is None or x == "" for x in flat):
        return True
    # BINARY has no mark for null: a float is NaN, bits are zero, and STILTS has
    # arrays of two-valued booleans only.
    if form == "binary" and column["datatype"] in ("bit", "boolean"):
        return not any(flat)
    # A character of no text is NUL, which STILTS has no way to write.
    if form == "binary" and column["datatype"].endswith(("char", "Char")):
        return flat == ["¿"]
    # Nor has STILTS null elements: it gives the value that stands for them.
    if form == "binary" and column["datatype"] in MAGIC and column["arraysize"]:
        flat = [None if x == MAGIC[column["datatype"]] else x for x in flat]
    # Readers give masked values, or NaN in arrays of floats.
    return all(x is None or (isinstance(x, float) and math.isnan(x)) for x in flat)


def alike(found, wanted):
    """To the last bit, and with its sign."""
    if isinstance(wanted, float):
        return found == wanted and math.copysign(1, found) == math.copysign(1, wanted)
    return found is not None and found == wanted


def flattened(found):
    """Scalars one after the other: None where masked, two for a complex."""
    if isinstance(found, (str, bytes)):
        return [found.decode() if isinstance(found, bytes) else found]
    array = numpy.ma.asanyarray(found)
    if array.dtype == object:
        return [x for part in array.ravel() for x in flattened(part)]
    mask = numpy.ma.getmaskarray(array).ravel()
    values = numpy.asarray(array).ravel()
    pairs = numpy.iscomplexobj(values)
    flat = []
    for value, hidden in zip(values, mask):
        parts = [value.real, value.imag] if pairs else [value]
        flat += [None if hidden else part.item() for part in parts]
    return flat


def run(command):
    return subprocess.run(command, capture_output=True, text=True)


def main():
    folder = Path(sys.argv[1])
    for check in [
        schemas_accept_every_document,
        votlint_finds_nothing_else,
        astropy_reads_every_value,
        stilts_reads_every_value,
        pyvo_reads_every_value,
    ]:
        check(folder)
        print(f"  {check.__name__}")


if __name__ == "__main__":
    main()
