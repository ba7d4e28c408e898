//! Small repositories as a Butler makes them, on both engines: the tables that
//! matter, with its names and encodings.

use std::path::Path;

use obstap::database::{Database, Transaction};
use obstap::registry::butler::Repository;
use obstap::registry::{Collections, Dataset, Place, Source, Wanted};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{self, postgres, runtime};

/// A repository that is being changed by its own programs.
pub struct Made {
    pub folder: TempDir,
    pub universe: u32,
    pub engine: Engine,
}

pub enum Engine {
    Sqlite,
    Postgres(Box<Database>),
}

/// The namespace on PostgreSQL.
pub const NAMESPACE: &str = "main";

/// Runs one body on a repository of each engine and of an old and a new
/// universe.
pub fn on_all(test: impl AsyncFn(Made)) {
    for universe in [4, 8] {
        for server in [false, true] {
            eprintln!("universe {universe}, PostgreSQL: {server}");
            runtime().block_on(async { test(make(universe, server).await).await });
        }
    }
}

/// The same on PostgreSQL alone, with the newest universe.
pub fn on_server(test: impl AsyncFn(Made)) {
    runtime().block_on(async { test(make(8, true).await).await });
}

pub async fn make(universe: u32, server: bool) -> Made {
    let folder = tempfile::tempdir().expect("a folder");
    let (db, engine) = match server {
        false => (
            "sqlite:///<butlerRoot>/gen3.sqlite3".to_owned(),
            Engine::Sqlite,
        ),
        true => {
            let url = postgres::fresh_database();
            let database = support::open(&url, None).await;
            (url, Engine::Postgres(Box::new(database)))
        }
    };
    let config = format!(
        "datastore: {{cls: lsst.FileDatastore, root: <butlerRoot>, records: {{table: file_datastore_records}}}}\n\
         registry: {{db: '{db}', namespace: {NAMESPACE}}}\n"
    );
    std::fs::write(folder.path().join("butler.yaml"), config).expect("written");
    let made = Made {
        folder,
        universe,
        engine,
    };
    made.run(&made.schema()).await;
    made.run(&made.rows()).await;
    made
}

impl Made {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub async fn open(&self) -> Repository {
        let place = self.path().display().to_string();
        Repository::open(&place, None).await.expect("opened")
    }

    pub fn on_server(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    fn choose<'a>(&self, postgres: &'a str, sqlite: &'a str) -> &'a str {
        match self.on_server() {
            true => postgres,
            false => sqlite,
        }
    }

    /// Changes the repository in a transaction of its own.
    pub async fn run(&self, sql: &str) {
        match &self.engine {
            Engine::Sqlite => {
                let file = self.path().join("gen3.sqlite3");
                let connection = rusqlite::Connection::open(file).expect("opened");
                connection
                    .busy_timeout(std::time::Duration::from_secs(20))
                    .expect("set");
                let script = format!("PRAGMA foreign_keys=ON; BEGIN IMMEDIATE; {sql}; COMMIT;");
                connection.execute_batch(&script).expect("changed");
            }
            Engine::Postgres(_) => {
                let mut transaction = self.begin().await;
                transaction.script(sql).await.expect("changed");
                transaction.commit().await.expect("committed");
            }
        }
    }

    /// A transaction that stays open.
    pub async fn begin(&self) -> Transaction {
        let Engine::Postgres(database) = &self.engine else {
            panic!("a file has no transactions side by side");
        };
        let mut transaction = database.begin().await.expect("begun");
        transaction
            .script("CREATE SCHEMA IF NOT EXISTS main; SET LOCAL search_path = main")
            .await
            .expect("set");
        transaction
    }

    fn schema(&self) -> String {
        let id = self.choose("uuid", "CHAR(32)");
        let span = self.choose(
            "timespan int8range",
            "timespan_begin BIGINT, timespan_end BIGINT",
        );
        let float = self.choose("double precision", "FLOAT");
        let (ingested, newer, day) = match self.universe {
            4 => (self.choose("timestamp", "TIMESTAMP"), "", "day_obs BIGINT"),
            _ => ("BIGINT", "\"group\" TEXT,", "day_obs BIGINT"),
        };
        let days = match self.universe {
            4 => String::new(),
            _ => format!(
                "CREATE TABLE \"group\" (instrument VARCHAR(32), name TEXT, PRIMARY KEY (instrument, name));
                 CREATE TABLE day_obs (instrument VARCHAR(32), id BIGINT, {span}, PRIMARY KEY (instrument, id));"
            ),
        };
        let tags = |number: u32, dimensions: &str| {
            let names: Vec<&str> = dimensions
                .split(", ")
                .filter_map(|it| it.split(' ').next())
                .collect();
            format!(
                "CREATE TABLE dataset_tags_{number:08} (dataset_type_id BIGINT, dataset_id {id} REFERENCES dataset (id) ON DELETE CASCADE,
                 collection_id BIGINT REFERENCES collection (collection_id) ON DELETE CASCADE, {dimensions},
                 PRIMARY KEY (dataset_id, collection_id), UNIQUE (dataset_type_id, collection_id, {}));",
                names.join(", ")
            )
        };
        let mut sql = format!(
            "CREATE TABLE butler_attributes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
             CREATE TABLE collection (collection_id INTEGER PRIMARY KEY, name TEXT UNIQUE, type SMALLINT, doc TEXT);
             CREATE TABLE run (collection_id BIGINT PRIMARY KEY REFERENCES collection (collection_id) ON DELETE CASCADE, host TEXT, {span});
             CREATE TABLE collection_chain (parent BIGINT, position SMALLINT, child BIGINT, PRIMARY KEY (parent, position));
             CREATE TABLE opaque_meta (table_name TEXT PRIMARY KEY);
             CREATE TABLE dimension_graph_definition (dimension_graph_id BIGINT, dimension_name TEXT);
             CREATE TABLE dataset_type (id INTEGER PRIMARY KEY, name TEXT UNIQUE, storage_class TEXT, dimensions_key BIGINT,
               tag_association_table TEXT, calibration_association_table TEXT);
             CREATE TABLE dataset (id {id} PRIMARY KEY, dataset_type_id BIGINT, ingest_date {ingested}, run_id BIGINT REFERENCES run (collection_id) ON DELETE CASCADE);
             CREATE TABLE dataset_location (datastore_name TEXT, dataset_id {id}, PRIMARY KEY (datastore_name, dataset_id));
             CREATE INDEX dataset_location_fkidx_dataset_id ON dataset_location (dataset_id);
             CREATE TABLE file_datastore_records (dataset_id {id}, path TEXT, formatter TEXT, storage_class TEXT, component VARCHAR(32),
               checksum TEXT, file_size BIGINT, PRIMARY KEY (dataset_id, component));
             CREATE TABLE instrument (name VARCHAR(32) PRIMARY KEY, class_name TEXT);
             CREATE TABLE physical_filter (instrument VARCHAR(32), name VARCHAR(32), band VARCHAR(32), PRIMARY KEY (instrument, name));
             CREATE TABLE detector (instrument VARCHAR(32), id BIGINT, full_name VARCHAR(32), PRIMARY KEY (instrument, id));
             CREATE TABLE exposure (instrument VARCHAR(32), id BIGINT, {newer} {day}, physical_filter VARCHAR(32), obs_id TEXT,
               exposure_time {float}, has_simulated BOOLEAN, {span}, PRIMARY KEY (instrument, id));
             CREATE TABLE visit (instrument VARCHAR(32), id BIGINT, {day}, physical_filter VARCHAR(32), zenith_angle {float}, region TEXT, {span},
               PRIMARY KEY (instrument, id));
             CREATE TABLE visit_definition (instrument VARCHAR(32), exposure BIGINT, visit BIGINT, PRIMARY KEY (instrument, exposure, visit));
             CREATE TABLE visit_detector_region (instrument VARCHAR(32), detector BIGINT, visit BIGINT, region TEXT, PRIMARY KEY (instrument, detector, visit));
             CREATE TABLE skymap (name TEXT PRIMARY KEY, hash TEXT);
             CREATE TABLE tract (skymap TEXT, id BIGINT, region TEXT, PRIMARY KEY (skymap, id));
             CREATE TABLE patch (skymap TEXT, tract BIGINT, id BIGINT, cell_x BIGINT, region TEXT, PRIMARY KEY (skymap, tract, id));
             {days}"
        );
        sql.push_str(&tags(
            1,
            "instrument VARCHAR(32), detector BIGINT, exposure BIGINT",
        ));
        sql.push_str(&tags(
            2,
            "instrument VARCHAR(32), detector BIGINT, visit BIGINT",
        ));
        sql.push_str(&tags(
            3,
            "band VARCHAR(32), skymap TEXT, tract BIGINT, patch BIGINT",
        ));
        sql
    }

    fn rows(&self) -> String {
        let manager = |role: &str, class: &str, version: &str| {
            format!(
                "('config:registry.managers.{role}', 'lsst.daf.butler.{class}'), ('version:lsst.daf.butler.{class}', '{version}')"
            )
        };
        let datasets = if self.universe == 4 { "1.0.0" } else { "2.0.0" };
        let managers = [
            manager("dimensions", "StaticDimensionRecordStorageManager", "6.0.2"),
            manager("collections", "SynthIntKeyCollectionManager", "2.0.0"),
            manager(
                "datasets",
                "ByDimensionsDatasetRecordStorageManagerUUID",
                datasets,
            ),
        ];
        let mut sql = format!(
            "INSERT INTO butler_attributes (name, value) VALUES {}, ('config:dimensions.json', '{}');
             INSERT INTO collection (collection_id, name, type) VALUES (1, 'raw/all', 1), (2, 'runs/first', 1), (3, 'runs/second', 1),
               (4, 'best', 2), (5, 'defaults', 3), (6, 'calib', 4);
             INSERT INTO run (collection_id) VALUES (1), (2), (3);
             INSERT INTO collection_chain VALUES (5, 0, 3), (5, 1, 2), (5, 2, 1), (5, 3, 6);
             INSERT INTO opaque_meta VALUES ('file_datastore_records');
             INSERT INTO dimension_graph_definition VALUES (1, 'instrument'), (1, 'detector'), (1, 'exposure'),
               (2, 'instrument'), (2, 'detector'), (2, 'visit'), (3, 'band'), (3, 'skymap'), (3, 'tract'), (3, 'patch');
             INSERT INTO dataset_type (id, name, storage_class, dimensions_key, tag_association_table) VALUES
               (1, 'raw', 'Exposure', 1, 'dataset_tags_00000001'), (2, 'calexp', 'ExposureF', 2, 'dataset_tags_00000002'),
               (3, 'deepCoadd', 'ExposureF', 3, 'dataset_tags_00000003'), (4, 'src', 'SourceCatalog', 2, 'dataset_tags_00000002');
             INSERT INTO instrument VALUES ('HSC', 'lsst.obs.HSC');
             INSERT INTO physical_filter VALUES ('HSC', 'HSC-R', 'r');
             INSERT INTO detector VALUES ('HSC', 1, '0_1'), ('HSC', 2, '0_2');
             INSERT INTO skymap VALUES ('rings', 'aGFzaA==');
             INSERT INTO tract VALUES ('rings', 7, NULL);
             INSERT INTO patch VALUES ('rings', 7, 3, 1, '{}');",
            managers.join(", "),
            universe(self.universe),
            region(50.0)
        );
        if self.universe > 4 {
            sql.push_str("INSERT INTO \"group\" VALUES ('HSC', 'g1');");
            let span = self.span("1000", "2000");
            sql.push_str(&format!(
                "INSERT INTO day_obs VALUES ('HSC', 20260701, {span});"
            ));
        }
        for exposure in 1..=3 {
            sql.push_str(&self.exposure(exposure));
        }
        // Exposure 1 is in two visits, of which the first has no regions.
        for visit in [10, 11, 12] {
            sql.push_str(&self.visit(visit));
        }
        sql.push_str(
            "INSERT INTO visit_definition VALUES ('HSC', 1, 11), ('HSC', 1, 10), ('HSC', 2, 12);",
        );
        sql.push_str(&self.visit_region(10, 1, None));
        for (visit, detector, lon) in [(11, 1, 11.0), (12, 1, 12.0), (12, 2, 12.5)] {
            sql.push_str(&self.visit_region(visit, detector, Some(lon)));
        }
        sql.push_str(&self.raw(0x101, 1, 1));
        sql.push_str(&self.raw(0x102, 2, 1));
        sql.push_str(&self.raw(0x103, 3, 1));
        sql.push_str(&self.calexp(0x201, 2, 12, 1));
        sql.push_str(&self.calexp(0x202, 3, 12, 1));
        sql.push_str(&self.calexp(0x203, 2, 12, 2));
        sql.push_str(&self.dataset(0x301, 3, 2, "'r', 'rings', 7, 3"));
        sql.push_str(&self.tag(0x201, 2, 4));
        sql
    }

    /// Adds so many datasets, half of them raws: two hundred detectors, and
    /// as many visits as it takes.
    pub async fn fill(&self, many: i64) {
        let visits = many / 400;
        let id = |kind: &str| match self.on_server() {
            true => format!("CAST(md5('{kind} ' || v || ' ' || d) AS uuid)"),
            // A mixture that fills all of the digits.
            false => format!(
                "printf('%08x%08x%08x%08x', (v * 200 + d) * 2654435761 % 4294967296, v * 200 + d, {}, (v * 200 + d) * 40503 % 65536)",
                kind.len()
            ),
        };
        let series = |name: &str, from: i64, to: i64| {
            format!(
                "{name} AS (SELECT {from} AS {name} UNION ALL SELECT {name} + 1 FROM {name} WHERE {name} < {to})"
            )
        };
        let (visit, detector) = (series("v", 1000, 999 + visits), series("d", 1000, 1199));
        let from = format!("WITH RECURSIVE {visit}, {detector}");
        let span = self.span("v * 1000", "v * 1000 + 30");
        let region = region(33.0);
        let mut sql = format!(
            "INSERT INTO detector {from} SELECT 'HSC', d, 'n' || d FROM d;
             INSERT INTO exposure {from} SELECT 'HSC', v, 'g1', 20260701, 'HSC-R', 'HSC' || v, 30.0, {}, {span} FROM v;
             INSERT INTO visit {from} SELECT 'HSC', v, 20260701, 'HSC-R', 30.0, '{region}', {span} FROM v;
             INSERT INTO visit_definition {from} SELECT 'HSC', v, v FROM v;
             INSERT INTO visit_detector_region {from} SELECT 'HSC', d, v, '{region}' FROM v, d;",
            self.choose("false", "0")
        );
        for (kind, number, run) in [("raw", 1, 1), ("calexp", 2, 2)] {
            let id = id(kind);
            sql.push_str(&format!(
                "INSERT INTO dataset {from} SELECT {id}, {number}, 0, {run} FROM v, d;
                 INSERT INTO dataset_tags_{number:08} {from} SELECT {number}, {id}, {run}, 'HSC', d, v FROM v, d;
                 INSERT INTO dataset_location {from} SELECT 'FileDatastore@<butlerRoot>', {id} FROM v, d;
                 INSERT INTO file_datastore_records {from} SELECT {id}, '{kind}/' || v || '/' || d || '.fits', 'f', 'E', '__NULL_STRING__', NULL, 2880 FROM v, d;"
            ));
        }
        if self.on_server() {
            sql.push_str("ANALYZE;");
        }
        self.run(&sql).await;
    }

    /// SQL of two limits of a timespan.
    pub fn span(&self, begin: &str, end: &str) -> String {
        match self.on_server() {
            true => format!("int8range({begin}, {end})"),
            false => format!("{begin}, {end}"),
        }
    }

    pub fn exposure(&self, exposure: i64) -> String {
        let group = if self.universe == 4 { "" } else { "'g1', " };
        let begin = exposure * 1_000_000_000;
        let span = self.span(&begin.to_string(), &(begin + 30).to_string());
        let simulated = self.choose("false", "0");
        format!(
            "INSERT INTO exposure VALUES ('HSC', {exposure}, {group}20260701, 'HSC-R', 'HSC{exposure}', 30.5, {simulated}, {span});"
        )
    }

    pub fn visit(&self, visit: i64) -> String {
        // Without an end on PostgreSQL, as it is written there on SQLite.
        let span = match self.on_server() {
            true => self.span(&visit.to_string(), "NULL"),
            false => self.span(&visit.to_string(), "4102444800000000000"),
        };
        format!(
            "INSERT INTO visit VALUES ('HSC', {visit}, 20260701, 'HSC-R', NULL, '{}', {span});",
            region(1.0)
        )
    }

    pub fn visit_region(&self, visit: i64, detector: i64, lon: Option<f64>) -> String {
        let region = lon.map_or("NULL".to_owned(), |lon| format!("'{}'", region(lon)));
        format!("INSERT INTO visit_detector_region VALUES ('HSC', {detector}, {visit}, {region});")
    }

    pub fn raw(&self, id: u128, exposure: i64, detector: i64) -> String {
        self.dataset(id, 1, 1, &format!("'HSC', {detector}, {exposure}"))
    }

    pub fn calexp(&self, id: u128, run: i64, visit: i64, detector: i64) -> String {
        self.dataset(id, 2, run, &format!("'HSC', {detector}, {visit}"))
    }

    /// A dataset with one file.
    pub fn dataset(&self, id: u128, kind: u32, run: i64, data_id: &str) -> String {
        let (hex, tags) = (hex(id), if kind == 4 { 2 } else { kind });
        let ingested = match self.universe {
            4 => "'2026-11-22 02:09:56.105655'",
            _ => "1795313396105655000",
        };
        format!(
            "INSERT INTO dataset VALUES ('{hex}', {kind}, {ingested}, {run});
             INSERT INTO dataset_tags_{tags:08} VALUES ({kind}, '{hex}', {run}, {data_id});
             INSERT INTO dataset_location VALUES ('FileDatastore@<butlerRoot>', '{hex}');
             INSERT INTO file_datastore_records VALUES ('{hex}', 'a/{id:x},.fits', 'f', 'Exposure', '__NULL_STRING__', NULL, 2880);"
        )
    }

    pub fn tag(&self, id: u128, kind: u32, tag: i64) -> String {
        let columns = if kind == 1 { "exposure" } else { "visit" };
        format!(
            "INSERT INTO dataset_tags_{kind:08} SELECT dataset_type_id, dataset_id, {tag}, instrument, detector, {columns}
             FROM dataset_tags_{kind:08} WHERE dataset_id = '{}' AND collection_id <> {tag};",
            hex(id)
        )
    }

    pub fn remove(&self, id: u128) -> String {
        let hex = hex(id);
        format!(
            "DELETE FROM file_datastore_records WHERE dataset_id = '{hex}';
             DELETE FROM dataset_location WHERE dataset_id = '{hex}';
             DELETE FROM dataset WHERE id = '{hex}';"
        )
    }
}

/// Ids that differ in their ends, as those of real datasets do.
pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number << 64 | number.wrapping_mul(0x9e37) & 0xffff)
}

pub fn hex(number: u128) -> String {
    id(number).simple().to_string()
}

/// A square around a position on the equator.
pub fn region(lon: f64) -> String {
    let corners = [(-0.1, -0.1), (0.1, -0.1), (0.1, 0.1), (-0.1, 0.1)];
    let mut bytes = vec![b'p'];
    for (east, north) in corners {
        let (lon, lat) = ((lon + east).to_radians(), f64::to_radians(north));
        let vector = [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()];
        bytes.extend(vector.iter().flat_map(|it| it.to_le_bytes()));
    }
    base64_simd::STANDARD.encode_to_string(bytes)
}

pub const TYPES: [&str; 4] = ["calexp", "deepCoadd", "raw", "src"];

pub fn wanted(types: &[&str], collections: Collections) -> Wanted {
    Wanted {
        types: types.iter().map(|it| (*it).to_owned()).collect(),
        collections,
    }
}

pub fn all() -> Wanted {
    wanted(&TYPES, Collections::runs([]).expect("patterns"))
}

/// All datasets, by small pages.
pub async fn everything(source: &dyn Source, wanted: &Wanted) -> Vec<Dataset> {
    pages(source, wanted, 2).await
}

pub async fn pages(source: &dyn Source, wanted: &Wanted, most: usize) -> Vec<Dataset> {
    let mut all: Vec<Dataset> = Vec::new();
    loop {
        let after = all.last().map(|last| Place {
            dataset_type: last.dataset_type.clone(),
            id: last.id,
        });
        let page = source.page(wanted, after.as_ref(), most).await;
        let page = page.expect("a page");
        assert!(page.len() <= most);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn universe(version: u32) -> String {
    let newer = match version {
        4 => "",
        _ => {
            r#""group": {"keys": [{"name": "name", "type": "string"}], "requires": ["instrument"]},
               "day_obs": {"keys": [{"name": "id", "type": "int"}], "requires": ["instrument"]},"#
        }
    };
    // Before, the day was a column like others.
    let (implied, day) = match version {
        4 => ("", r#"{"name": "day_obs", "type": "int"},"#),
        _ => (r#", "day_obs""#, ""),
    };
    let group = if version == 4 { "" } else { r#", "group""# };
    format!(
        r#"{{"version": {version}, "namespace": "daf_butler", "elements": {{
        "instrument": {{"keys": [{{"name": "name", "type": "string"}}], "metadata": [{{"name": "class_name", "type": "string"}}]}},
        "band": {{"keys": [{{"name": "name", "type": "string"}}]}},
        "physical_filter": {{"keys": [{{"name": "name", "type": "string"}}], "requires": ["instrument"], "implies": ["band"]}},
        "detector": {{"keys": [{{"name": "id", "type": "int"}}, {{"name": "full_name", "type": "string"}}], "requires": ["instrument"]}},
        {newer}
        "visit": {{"keys": [{{"name": "id", "type": "int"}}], "requires": ["instrument"], "implies": ["physical_filter"{implied}],
                  "metadata": [{day} {{"name": "zenith_angle", "type": "float"}}]}},
        "exposure": {{"keys": [{{"name": "id", "type": "int"}}, {{"name": "obs_id", "type": "string"}}], "requires": ["instrument"],
                     "implies": ["physical_filter"{group}{implied}],
                     "metadata": [{day} {{"name": "exposure_time", "type": "float"}}, {{"name": "has_simulated", "type": "bool"}}]}},
        "skymap": {{"keys": [{{"name": "name", "type": "string"}}, {{"name": "hash", "type": "hash"}}]}},
        "tract": {{"keys": [{{"name": "id", "type": "int"}}], "requires": ["skymap"]}},
        "patch": {{"keys": [{{"name": "id", "type": "int"}}], "requires": ["skymap", "tract"], "metadata": [{{"name": "cell_x", "type": "int"}}]}},
        "visit_detector_region": {{"requires": ["visit", "detector"]}},
        "visit_definition": {{"requires": ["exposure", "visit"]}}}},
        "topology": {{"spatial": {{"observation_regions": ["visit_detector_region", "visit"], "skymap_regions": ["patch", "tract"]}},
                     "temporal": {{"observation_timespans": ["exposure", "visit", "day_obs"]}}}}}}"#
    )
}
