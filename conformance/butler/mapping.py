"""Rows of ObsCore as the Butler's own record factory makes them, beside ours,
for every dataset type of a configuration.

    mapping.py OBSCORE_ROWS [CONFIGURATION…] [--repository PATH] [--all]

OBSCORE_ROWS is the program `examples/obscore_rows.rs`. For each configuration
(`mapping.yaml` where none is named) datasets of some exposures, visits and patches are described as each of its
dataset types would be, without storing any; with --all, the datasets that its
collections hold in the repository. Without a repository one is made. What must
differ, since the Butler leaves it out, is in `right`.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import yaml
from repository import Repository
from truth import alike

from lsst.daf.butler import Butler, DatasetRef, DatasetType
from lsst.daf.butler.registry.obscore import ObsCoreSchema, RecordFactory
from lsst.daf.butler.registry.obscore._records import DerivedRegionFactory
from lsst.daf.butler.registry.obscore._spatial import SpatialObsCorePlugin
from lsst.dax.obscore import ExporterConfig
from lsst.sphgeom import ConvexPolygon, LonLat

SIZE = 2880
EXPOSURE = {"instrument", "exposure", "detector"}
VISIT = {"instrument", "visit", "detector"}
PATCH = {"skymap", "tract", "patch", "band"}


class Regions(DerivedRegionFactory):
    """Of exposures, as the manager finds them: by a visit of theirs."""

    def __init__(self, butler):
        self.butler, self.known = butler, None

    def derived_region(self, data_id):
        if self.known is None:
            registry, self.known = self.butler.registry, {}
            regions = {}
            for record in registry.queryDimensionRecords("visit_detector_region"):
                regions[record.instrument, record.visit, record.detector] = record.region
            for definition in registry.queryDimensionRecords("visit_definition"):
                for (instrument, visit, detector), region in regions.items():
                    if (instrument, visit) == (definition.instrument, definition.visit):
                        self.known[instrument, definition.exposure, detector] = region
        return self.known.get((data_id["instrument"], data_id["exposure"], data_id["detector"]))


class Side:
    """What the Butler makes of datasets, and how they are described to us."""

    def __init__(self, butler, configuration):
        self.butler = butler
        self.runs = "collection_type" in configuration
        self.config = ExporterConfig.model_validate(
            {key: value for key, value in configuration.items() if key != "spatial_plugins"})
        plugins = SpatialObsCorePlugin.load_plugins({}, None)
        schema = ObsCoreSchema(config=self.config, spatial_plugins=plugins)
        self.regions = Regions(butler)
        factory = RecordFactory.get_record_type_from_universe(butler.dimensions)
        self.factory = factory(self.config, schema, butler.dimensions, plugins, self.regions)

    def samples(self):
        """For each dataset type datasets that need not exist."""
        for name, kind in self.config.dataset_types.items():
            template = kind.obs_id_fmt or ""
            dimensions = PATCH if "tract" in template else EXPOSURE if "exposure" in template else VISIT
            dataset_type = DatasetType(name, dimensions, "StructuredDataDict", universe=self.butler.dimensions)
            with self.butler.query() as query:
                found = list(query.data_ids(sorted(dimensions)).with_dimension_records().limit(5))
            for data_id in found:
                yield DatasetRef(dataset_type, data_id, "a/run", id=uuid.uuid4())

    def stored(self):
        for name in self.config.dataset_types:
            if not list(self.butler.registry.queryDatasetTypes(name)):
                continue
            if not self.runs:
                yield from self.butler.registry.queryDatasets(
                    name, collections=self.config.collections, findFirst=True).expanded()
                continue
            patterns = [re.compile(pattern) for pattern in self.config.collections or [".*"]]
            for run in self.butler.collections.query("*"):
                if self.butler.collections.get_info(run).type.name != "RUN":
                    continue
                if any(pattern.fullmatch(run) for pattern in patterns):
                    yield from self.butler.registry.queryDatasets(name, collections=run).expanded()

    def described(self, ref):
        data_id = ref.dataId
        records = {}
        for element in data_id.dimensions.elements:
            record = data_id.records[element]
            if record is None:
                continue
            fields = {
                name: None if isinstance(value, bytes) else value
                for name, value in record.toDict().items() if name not in ("region", "timespan")}
            records[element] = {"fields": fields, "timespan": span(getattr(record, "timespan", None))}
        region = data_id.region
        if "exposure" in data_id.dimensions.names:
            region = self.regions.derived_region(data_id)
        return {
            "id": str(ref.id), "dataset_type": ref.datasetType.name, "run": ref.run,
            "data_id": {key: data_id[key] for key in data_id.dimensions.names},
            "records": records, "region": stcs(region), "timespan": span(data_id.timespan),
            "files": [{"uri": "file:///somewhere", "size": SIZE}],
        }


def span(timespan):
    if timespan is None:
        return None
    begin, end = timespan.nsec
    return [begin if begin > 0 else None, end if end < 4102444800 * 10**9 else None]


def stcs(region):
    """With all digits."""
    if region is None:
        return None
    assert isinstance(region, ConvexPolygon), region
    corners = [LonLat(vertex) for vertex in region.getVertices()]
    numbers = [number for at in corners for number in (at.getLon().asDegrees(), at.getLat().asDegrees())]
    return "POLYGON ICRS " + " ".join(map(repr, numbers))


def right(record, kind):
    """The Butler's record, with what it leaves out."""
    record = dict(record)
    record["access_estsize"] = -(-SIZE // 1000)
    if kind.datalink_url_fmt is None:
        record["access_url"] = "file:///somewhere"
    return record


def compare(program, butler, path, everything):
    side = Side(butler, yaml.safe_load(Path(path).read_text()))
    refs = list(side.stored() if everything else side.samples())
    lines = "".join(json.dumps(side.described(ref)) + "\n" for ref in refs)
    done = subprocess.run([program, path], input=lines, capture_output=True, text=True, check=False)
    print(f"{path}: {len(refs)} datasets")
    for warning in done.stderr.splitlines():
        print(f"  {warning}")
    if done.returncode != 0:
        return False
    wrong = 0
    for ref, line in zip(refs, done.stdout.splitlines(), strict=True):
        ours, kind = json.loads(line), side.config.dataset_types[ref.datasetType.name]
        theirs = right(side.factory(ref), kind)
        row = ours.get("row")
        if row is None or ours["remarks"]:
            said = [str(ours)]
        else:
            said = [
                f"{name} is {row.get(name)!r}, should be {value!r}"
                for name, value in theirs.items() if not alike(name, row.get(name), value)]
            said += [f"{name} is {value!r}, and is not theirs" for name, value in row.items() if name not in theirs]
        for sentence in said:
            wrong += 1
            if wrong < 20:
                print(f"  {ref}: {sentence}")
    return wrong == 0 and len(refs) > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("configurations", nargs="*")
    parser.add_argument("--repository")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--dump", help="write the datasets as lines of JSON, and end")
    options = parser.parse_args()
    if not options.configurations:
        options.configurations = [str(Path(__file__).with_suffix(".yaml"))]
    with tempfile.TemporaryDirectory() as folder:
        made = None
        if not options.repository:
            made = Repository(Path(folder) / "repository")
            made.define_visits(made.observe(3))
        butler = Butler.from_config(options.repository or str(made.folder))
        try:
            if options.dump:
                side = Side(butler, yaml.safe_load(Path(options.configurations[0]).read_text()))
                refs = side.stored() if options.all else side.samples()
                Path(options.dump).write_text("".join(json.dumps(side.described(ref)) + "\n" for ref in refs))
                return 0
            good = [compare(options.program, butler, path, options.all) for path in options.configurations]
        finally:
            butler.close()
            if made:
                made.close()
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
