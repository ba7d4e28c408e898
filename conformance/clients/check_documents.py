"""What a running demo says of itself, read by the users' own clients.

    check_documents.py URL

URL is the address of the TAP service (…/tap). The IVOA's schemas are looked for
in the directory that IVOA_XSD names (VOSITables-v1.1.xsd and so on); without it
that check is passed over, and said. Every line says ok or FAILED; the exit code
is 1 if one failed.
"""

import argparse
import json
import os
import re
import tempfile
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pyvo

from checks import PATIENCE, expect, report, run

# Documents, and the schemas that they are written in, by namespace.
DOCUMENTS = ["capabilities", "availability", "tables", "tables?detail=min", "tables?detail=max",
             "tables/ivoa.obscore"]
SCHEMAS = {
    "VOResource/v1.0": "VOResource-v1.1.xsd",
    "VODataService/v1.1": "VODataService-v1.2.xsd",
    "VOSICapabilities/v1.0": "VOSICapabilities-v1.0.xsd",
    "VOSIAvailability/v1.0": "VOSIAvailability-v1.0.xsd",
    "VOSITables/v1.0": "VOSITables-v1.1.xsd",
    "TAPRegExt/v1.0": "TAPRegExt-v1.0.xsd",
}
# Stages of stilts taplint about documents.
# The lower-case features of ADQL 2.1, which STILTS 3.4.7 does not know.


def ask(url, method="GET", **headers):
    """Status, headers and body."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def schemas_accept_every_document(service):
    given = os.environ.get("IVOA_XSD")
    if not given:
        return "passed over: set IVOA_XSD to where the schemas are"
    folder = Path(given).resolve()
    lines = [
        f'<xs:import namespace="http://www.ivoa.net/xml/{name}" '
        f'schemaLocation="{(folder / file).as_uri()}"/>'
        for name, file in SCHEMAS.items()
    ]
    schema = "\n".join(
        ['<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">', *lines, "</xs:schema>"])
    with tempfile.TemporaryDirectory() as work:
        entry = Path(work) / "all.xsd"
        entry.write_text(schema, encoding="utf-8")
        for place, name in enumerate(DOCUMENTS):
            file = Path(work) / f"{place}.xml"
            file.write_bytes(ask(f"{service.baseurl}/{name}")[2])
            run("xmllint", "--nonet", "--noout", "--schema", str(entry), str(file))
    return f"{len(DOCUMENTS)} documents"


def pyvo_runs_every_example(service):
    examples = service.examples
    expect(len(examples) >= 7, f"{len(examples)} examples")
    for example in examples:
        found = len(example.execute())
        expect(found > 0, f"nothing is found by {example['QUERY']}")
    return f"{len(examples)} examples"


def pyvo_reads_the_tables(service):
    tables = service.tables
    obscore = tables["ivoa.obscore"]
    expect(len(list(obscore.columns)) > 25, "columns of ivoa.obscore")
    # TAP_SCHEMA says the same.
    told = service.search("SELECT table_name FROM tap_schema.tables").to_table()["table_name"]
    expect({str(name) for name in told} == set(tables.keys()), "names of tables")
    return f"{len(list(tables.keys()))} tables"


def pyvo_reads_the_capabilities(service):
    expect(service.maxrec and service.maxrec <= service.hardlimit, "limits")
    named = [str(method) for method in service.upload_methods]
    language = service.get_tap_capability().get_adql()
    expect(language.get_feature_list("ivo://ivoa.net/std/TAPRegExt#features-udf")
           or language.get_feature_list("ivo://ivoa.net/std/tapregext#features-udf"),
           "no functions are announced")
    return f"maxrec {service.maxrec} to {service.hardlimit}, {len(named)} upload methods"


def min_leaves_the_columns_out(service):
    small, whole = (ElementTree.fromstring(ask(f"{service.baseurl}/tables?detail={detail}")[2])
                    for detail in ("min", "max"))
    expect(not list(small.iter("column")), "columns with detail=min")
    names = [[name.text for name in tree.findall("schema/table/name")] for tree in (small, whole)]
    expect(names[0] == names[1], "the tables differ")
    missing = ask(f"{service.baseurl}/tables/no.such")
    expect(missing[0] == 404, f"HTTP {missing[0]} for a table that is not there")
    return f"{len(names[0])} tables"


def what_is_known_is_not_sent_again(service):
    for name in ["capabilities", "tables", "examples"]:
        url = f"{service.baseurl}/{name}"
        _, headers, body = ask(url)
        status, _, nothing = ask(url, If_None_Match=headers["ETag"])
        expect((status, nothing) == (304, b""), f"{name}: HTTP {status}")
        status, _, again = ask(url, If_None_Match='"another"')
        expect((status, again) == (200, body), f"{name}: HTTP {status}")
    return "capabilities, tables, examples"


def every_address_that_is_described_is_there(service):
    root = service.baseurl.removesuffix("/tap")
    described = json.loads(ask(f"{root}/openapi.json")[2])
    expect(described["openapi"].startswith("3.1"), described["openapi"])
    for path, item in described["paths"].items():
        url = root + re.sub(r"{\w+}", "x", path)
        status, headers, _ = ask(url, "OPTIONS", Origin="https://page.example",
                                 Access_Control_Request_Method="GET")
        allowed = set(headers["Allow"].split(", "))
        wanted = {method.upper() for method in item} | {"OPTIONS"}
        if "GET" in wanted:
            wanted.add("HEAD")
        expect((status, allowed) == (204, wanted), f"{path}: HTTP {status}, {allowed}")
        expect(headers["Access-Control-Allow-Origin"] == "*", path)
    with tempfile.NamedTemporaryFile(suffix=".xml") as page:
        page.write(ask(f"{root}/api")[2])
        page.flush()
        run("xmllint", "--nonet", "--noout", page.name)
    return f"{len(described['paths'])} addresses"


def errors_are_never_html(service):
    root = service.baseurl.removesuffix("/tap")
    wrong = [
        ("GET", f"{root}/nowhere"), ("GET", f"{root}/tap/nowhere"),
        ("DELETE", f"{root}/tap/sync"), ("PUT", f"{root}/tap/async"),
        ("GET", f"{root}/tap/async/none"), ("GET", f"{root}/tap/async/none/phase"),
        ("GET", f"{root}/tap/sync?LANG=ADQL"), ("GET", f"{root}/tap/tables?detail=most"),
        ("GET", f"{root}/tap/tables/%ff%00"), ("GET", f"{root}/tap/sync?QUERY=%ff%00"),
    ]
    for method, url in wrong:
        status, headers, body = ask(url, method, Accept="text/html,*/*")
        expect(400 <= status < 500, f"{method} {url}: HTTP {status}")
        expect("html" not in headers["Content-Type"], f"{url}: {headers['Content-Type']}")
        expect(b"<html" not in body.lower() and body.strip(), f"{url}: {body[:80]}")
    return f"{len(wrong)} errors"


# OpenMetrics 1.0 section "ABNF": the list of labels may be empty.
SAMPLE = re.compile(r'[a-z_]+(\{([a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*)?\})? \S+$')


def metrics_are_openmetrics(service):
    _, headers, body = ask(service.baseurl.removesuffix("/tap") + "/metrics")
    expect(headers["Content-Type"].startswith("application/openmetrics-text"), "content type")
    lines = body.decode().splitlines()
    expect(lines[-1] == "# EOF", lines[-1])
    samples = [line for line in lines if not line.startswith("# ")]
    for line in samples:
        expect(SAMPLE.match(line), line)
    expect(any(line.startswith("obstap_requests_total{") for line in samples), "no requests")
    return f"{len(samples)} samples"


CHECKS = [
    schemas_accept_every_document,
    pyvo_runs_every_example,
    pyvo_reads_the_tables,
    pyvo_reads_the_capabilities,
    min_leaves_the_columns_out,
    what_is_known_is_not_sent_again,
    every_address_that_is_described_is_there,
    errors_are_never_html,
    metrics_are_openmetrics,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    service = pyvo.dal.TAPService(parser.parse_args().url.rstrip("/"))
    report(CHECKS, service)


if __name__ == "__main__":
    main()
