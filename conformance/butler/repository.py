"""A small Butler repository, made and changed through `lsst.daf.butler`
itself: one camera of four detectors, exposures that become visits later, a sky
map of two tracts. On SQLite, or on PostgreSQL in a schema of its own.

The configuration of ObsCore lies in the repository, as an observatory would
have it; its own live table is made too, and is never read by us.
"""

import json
import math
import random
from pathlib import Path

import astropy.time
import astropy.units
import yaml
from lsst.daf.butler import Butler, Config, DatasetType, Timespan
from lsst.sphgeom import ConvexPolygon, LonLat, UnitVector3d

CAMERA, SKYMAP = "TestCam", "rings"
DETECTORS = range(4)
RAW_RUN, VISIT_RUN, COADD_RUN = "TestCam/raw/all", "TestCam/runs/a", "TestCam/runs/coadds"
PRIVATE_RUN = "u/someone/trial"

CONFIGURATION = f"""
namespace: conformance
version: 1
collection_type: RUN
collections: ["TestCam/raw/.*", "TestCam/runs/.*"]
facility_name: Nowhere
facility_map: {{ {CAMERA}: "Nowhere:1m" }}
obs_collection: TEST
obs_publisher_did_fmt: "ivo://example.org/test?repo=test&id={{id}}"
dataset_types:
  raw:
    dataproduct_type: image
    dataproduct_subtype: lsst.raw
    calib_level: 1
    obs_id_fmt: "{{records[exposure].obs_id}}-{{records[detector].full_name}}"
    o_ucd: phot.count
    access_format: application/x-votable+xml;content=datalink
    datalink_url_fmt: "https://example.org/datalink/links?ID=butler%3A//test/{{id}}"
    s_xel: [100, 200]
  calexp:
    dataproduct_type: image
    dataproduct_subtype: lsst.calexp
    calib_level: 2
    obs_id_fmt: "{{records[visit].name}}-{{detector:03d}}"
    o_ucd: phot.flux.density
    access_format: application/x-votable+xml;content=datalink
    datalink_url_fmt: "https://example.org/datalink/links?ID=butler%3A//test/{{id}}"
  coadd:
    dataproduct_type: image
    dataproduct_subtype: lsst.coadd
    calib_level: 3
    obs_id_fmt: "{{skymap}}-{{tract}}-{{patch}}-{{band}}"
    o_ucd: phot.flux.density
    access_format: application/x-votable+xml;content=datalink
    obs_collection: TEST.coadds
    datalink_url_fmt: "https://example.org/datalink/links?ID=butler%3A//test/{{id}}"
    extra_columns: {{ coadd_kind: deep }}
extra_columns:
  lsst_exposure: {{template: "{{exposure}}", type: int}}
  lsst_visit: {{template: "{{visit}}", type: int}}
  lsst_detector: {{template: "{{detector}}", type: int}}
  lsst_tract: {{template: "{{tract}}", type: int}}
  lsst_patch: {{template: "{{patch}}", type: int}}
  lsst_band: {{template: "{{band}}", type: string, length: 32}}
  lsst_run: {{template: "{{run}}", type: string, length: 255}}
indices: {{ lsst_visit_idx: lsst_visit }}
spectral_ranges: {{ g: [402.0e-9, 552.0e-9], r: [552.0e-9, 691.0e-9] }}
"""


def square(lon, lat, side):
    """A square on the sky, its sides along great circles; degrees."""
    half = side / 2
    wide = half / math.cos(math.radians(lat))
    corners = [(-wide, -half), (wide, -half), (wide, half), (-wide, half)]
    return ConvexPolygon(
        [UnitVector3d(LonLat.fromDegrees(lon + x, lat + y)) for x, y in corners]
    )


class Repository:
    def __init__(self, folder, database=None, namespace=None, seed=1):
        """`database`: the URL of an empty PostgreSQL database."""
        self.folder = Path(folder)
        self.database, self.namespace = database, namespace
        self.chance = random.Random(seed)
        config = Config()
        managers = ("registry", "managers", "obscore")
        config[(*managers, "cls")] = "lsst.daf.butler.registry.obscore.ObsCoreLiveTableManager"
        config[(*managers, "config")] = yaml.safe_load(CONFIGURATION)
        if database:
            config["registry", "db"] = database
        if namespace:
            config["registry", "namespace"] = namespace
        Butler.makeRepo(str(self.folder), config=config)
        self.butler = Butler.from_config(str(self.folder), writeable=True)
        self.next_exposure = 1
        self.pointings = {}
        self.begin()

    def begin(self):
        """What is there before the first night."""
        registry = self.butler.registry
        insert = registry.insertDimensionData
        insert("instrument", {
            "name": CAMERA, "visit_max": 10**6, "exposure_max": 10**6, "detector_max": 8,
            "visit_system": 0, "class_name": "nowhere.TestCam",
        })
        insert("visit_system", {"instrument": CAMERA, "id": 0, "name": "one-to-one"})
        for band in "gr":
            insert("physical_filter", {"instrument": CAMERA, "name": f"T-{band}", "band": band})
        for number in DETECTORS:
            insert("detector", {
                "instrument": CAMERA, "id": number, "full_name": f"R{number // 2}_S{number % 2}",
                "name_in_raft": f"S{number % 2}", "raft": f"R{number // 2}", "purpose": "SCIENCE",
            })
        insert("skymap", {
            "name": SKYMAP, "hash": b"0123", "tract_max": 4, "patch_nx_max": 3, "patch_ny_max": 3,
        })
        for tract in range(2):
            lon, lat = 40.0 + 200 * tract, -30.0 + 50 * tract
            insert("tract", {"skymap": SKYMAP, "id": tract, "region": square(lon, lat, 1.5)})
            for patch in range(9):
                x, y = patch % 3, patch // 3
                insert("patch", {
                    "skymap": SKYMAP, "tract": tract, "id": patch, "cell_x": x, "cell_y": y,
                    "region": square(lon + (x - 1) * 0.5, lat + (y - 1) * 0.5, 0.5),
                })
        universe = self.butler.dimensions
        for name, dimensions in [
            ("raw", {"instrument", "exposure", "detector"}),
            ("calexp", {"instrument", "visit", "detector"}),
            ("coadd", {"skymap", "tract", "patch", "band"}),
            ("table", {"instrument", "visit", "detector"}),
        ]:
            registry.registerDatasetType(DatasetType(name, dimensions, "StructuredDataDict", universe=universe))

    def observe(self, count=1, run=RAW_RUN, stored=True):
        """Exposures and their raws; not yet visits. Gives their numbers."""
        registry = self.butler.registry
        made = []
        for _ in range(count):
            number = self.next_exposure
            self.next_exposure += 1
            day = 20260101 + number // 50
            begin = astropy.time.Time("2026-01-01T00:00:37", scale="tai") + number * 40 * astropy.units.s
            registry.syncDimensionData("day_obs", {"instrument": CAMERA, "id": day})
            registry.syncDimensionData("group", {"instrument": CAMERA, "name": f"g{number}"})
            registry.insertDimensionData("exposure", {
                "instrument": CAMERA, "id": number, "physical_filter": f"T-{'gr'[number % 2]}",
                "obs_id": f"TC_{number:06d}", "group": f"g{number}", "day_obs": day, "seq_num": number,
                "seq_start": number, "seq_end": number, "exposure_time": 30.0, "dark_time": 31.0,
                "observation_type": "science", "observation_reason": "survey",
                "science_program": "conformance", "has_simulated": False,
                "target_name": None if number % 3 == 0 else f"field {number % 5}",
                "tracking_ra": None, "tracking_dec": None, "sky_angle": None,
                "azimuth": 10.0, "zenith_angle": None, "can_see_sky": True,
                "timespan": Timespan(begin, begin + 30 * astropy.units.s),
            })
            self.pointings[number] = (self.chance.uniform(0, 360), self.chance.uniform(-80, 80))
            ids = [{"instrument": CAMERA, "exposure": number, "detector": d} for d in DETECTORS]
            self.store("raw", ids, run, stored)
            made.append(number)
        return made

    def define_visits(self, exposures):
        """A visit for each exposure, of the same number, with its regions."""
        registry = self.butler.registry
        for number in exposures:
            exposure = next(iter(registry.queryDimensionRecords(
                "exposure", instrument=CAMERA, exposure=number)))
            registry.insertDimensionData("visit", {
                "instrument": CAMERA, "id": number, "physical_filter": exposure.physical_filter,
                "name": f"visit-{number}", "day_obs": exposure.day_obs, "seq_num": number,
                "exposure_time": 30.0, "target_name": exposure.target_name,
                "observation_reason": "survey", "science_program": "conformance", "azimuth": 10.0,
                "zenith_angle": None, "timespan": exposure.timespan,
                "region": square(*self.pointings[number], 0.42),
            })
            registry.insertDimensionData("visit_system_membership", {
                "instrument": CAMERA, "visit_system": 0, "visit": number})
            registry.insertDimensionData("visit_detector_region", *[
                {"instrument": CAMERA, "visit": number, "detector": d, "region": self.detector(number, d)}
                for d in DETECTORS
            ])
            registry.insertDimensionData("visit_definition", {
                "instrument": CAMERA, "exposure": number, "visit": number})

    def detector(self, visit, number, shift=0.0):
        lon, lat = self.pointings[visit]
        wide = 0.1 / math.cos(math.radians(lat))
        return square(
            lon + wide * (2 * (number % 2) - 1) + shift, lat + 0.1 * (2 * (number // 2) - 1), 0.19)

    def move(self, visit, shift=0.05):
        """The regions of a visit's detectors become others."""
        for number in DETECTORS:
            self.butler.registry.syncDimensionData("visit_detector_region", {
                "instrument": CAMERA, "visit": visit, "detector": number,
                "region": self.detector(visit, number, shift),
            }, update=True)

    def reduce(self, visits, run=VISIT_RUN):
        for visit in visits:
            self.store("calexp", [
                {"instrument": CAMERA, "visit": visit, "detector": d} for d in DETECTORS], run)

    def coadd(self, tract, patches, band="r", run=COADD_RUN):
        self.store("coadd", [
            {"skymap": SKYMAP, "tract": tract, "patch": patch, "band": band} for patch in patches], run)

    def store(self, dataset_type, data_ids, run, stored=True):
        self.butler.collections.register(run)
        if not stored:
            data_ids = [self.butler.registry.expandDataId(data_id) for data_id in data_ids]
            self.butler.registry.insertDatasets(dataset_type, data_ids, run=run)
            return
        for data_id in data_ids:
            self.butler.put({"of": json.dumps(data_id)}, dataset_type, data_id, run=run)

    def refs(self, dataset_type, run, **where):
        if run not in self.butler.collections.query("*"):
            return []
        return sorted(
            self.butler.registry.queryDatasets(
                dataset_type, collections=run, dataId=where or None).expanded(),
            key=lambda ref: str(ref.dataId))

    def close(self):
        self.butler.close()
