//! A registry in memory, and a configuration of a few words.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use adql::sky::Region;
use futures_util::future::BoxFuture;
use obstap::config::ExtraColumn;
use obstap::input::Value;
use obstap::obscore::manager::Describe;
use obstap::registry::{
    Changes, Collections, DataId, Dataset, Error, File, Place, Scalar, Source, Sweep, Wanted,
};
use uuid::Uuid;

/// Tells of what was put in. `changes` tells of everything that was touched.
#[derive(Default)]
pub struct Memory {
    inner: Mutex<Inner>,
    /// Calls until one fails; none where 0.
    pub fails_after: AtomicUsize,
}

#[derive(Default)]
struct Inner {
    datasets: BTreeMap<(String, Uuid), Dataset>,
    journal: Vec<Uuid>,
    /// Removals and changes are not told.
    quiet: bool,
}

pub fn id(number: u64) -> Uuid {
    // Spread, as random ones are.
    Uuid::from_u128(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

pub fn dataset(number: u64, dataset_type: &str) -> Dataset {
    let (lon, lat) = ((number % 350) as f64, (number % 80) as f64);
    let region = Region::parse(&format!("CIRCLE ICRS {lon} {lat} 0.5")).expect("a region");
    Dataset {
        id: id(number),
        dataset_type: dataset_type.into(),
        run: "run/one".into(),
        tags: vec!["good".into()],
        data_id: DataId(vec![("visit".into(), Scalar::Int(number as i64))]),
        records: Vec::new(),
        region: Some(region.into()),
        timespan: None,
        files: vec![File {
            uri: format!("file:///data/{number}.fits"),
            component: None,
            size: Some(1000 * number),
            media_type: None,
            checksum: None,
        }],
    }
}

impl Memory {
    /// With `count` raws and as many calexps.
    pub fn with(count: u64) -> Memory {
        let memory = Memory::default();
        for number in 1..=count {
            memory.put(dataset(2 * number, "raw"));
            memory.put(dataset(2 * number + 1, "calexp"));
        }
        memory
    }

    pub fn put(&self, dataset: Dataset) {
        let mut inner = self.inner.lock().expect("memory");
        let id = dataset.id;
        let key = (dataset.dataset_type.to_string(), id);
        let new = inner.datasets.insert(key, dataset).is_none();
        if new || !inner.quiet {
            inner.journal.push(id);
        }
    }

    pub fn change(&self, number: u64, change: impl FnOnce(&mut Dataset)) {
        let mut dataset = self.get(number);
        change(&mut dataset);
        self.put(dataset);
    }

    pub fn get(&self, number: u64) -> Dataset {
        let inner = self.inner.lock().expect("memory");
        let mut all = inner.datasets.values();
        let found = all.find(|dataset| dataset.id == id(number));
        found.expect("a dataset").clone()
    }

    pub fn remove(&self, number: u64) {
        let mut inner = self.inner.lock().expect("memory");
        inner.datasets.retain(|(_, known), _| *known != id(number));
        if !inner.quiet {
            inner.journal.push(id(number));
        }
    }

    /// From now on only additions are told, as a Butler does that is read with
    /// SELECT alone.
    pub fn quiet(&self) {
        self.inner.lock().expect("memory").quiet = true;
    }

    fn called(&self) -> Result<(), Error> {
        let left = self.fails_after.load(Ordering::SeqCst);
        if left > 0 {
            self.fails_after.store(left - 1, Ordering::SeqCst);
            if left == 1 {
                return Err(Error::Unreadable {
                    repository: "memory".into(),
                    reason: "gone".into(),
                });
            }
        }
        Ok(())
    }
}

fn takes(wanted: &Wanted, dataset: &Dataset) -> bool {
    match &wanted.collections {
        Collections::Path(names) => {
            let named = |name: &str| names.iter().any(|known| known == name);
            wanted.takes_type(&dataset.dataset_type)
                && (named(&dataset.run) || dataset.tags.iter().any(|tag| named(tag)))
        }
        _ => wanted.takes(dataset),
    }
}

impl Source for Memory {
    fn label(&self) -> &str {
        "memory"
    }

    fn page<'a>(
        &'a self,
        wanted: &'a Wanted,
        after: Option<&'a Place>,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<Dataset>, Error>> {
        Box::pin(async move {
            self.called()?;
            let inner = self.inner.lock().expect("memory");
            let after = after.map(|place| (place.dataset_type.to_string(), place.id));
            let all = inner.datasets.iter();
            let behind = all.filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after));
            let wanted = behind.filter(|(_, dataset)| takes(wanted, dataset));
            Ok(wanted
                .take(most)
                .map(|(_, dataset)| dataset.clone())
                .collect())
        })
    }

    fn find<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Dataset>, Error>> {
        Box::pin(async move {
            self.called()?;
            let inner = self.inner.lock().expect("memory");
            let all = inner.datasets.values();
            let known: BTreeMap<Uuid, &Dataset> = all.map(|it| (it.id, it)).collect();
            let found = ids.iter().filter_map(|id| known.get(id));
            Ok(found.map(|it| (*it).clone()).collect())
        })
    }

    fn existing<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Uuid>, Error>> {
        Box::pin(async move {
            let found = self.find(ids).await?;
            Ok(found.into_iter().map(|it| it.id).collect())
        })
    }

    fn sweep<'a>(
        &'a self,
        _wanted: &'a Wanted,
        since: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Sweep, Error>> {
        Box::pin(async move {
            self.called()?;
            let inner = self.inner.lock().expect("memory");
            let mut all: Vec<&Dataset> = inner.datasets.values().collect();
            all.sort_by_key(|it| it.id);
            // All of those whose ids end alike stand for one another.
            let mut digests: BTreeMap<u16, String> = BTreeMap::new();
            for dataset in &all {
                let digest = digests.entry(Sweep::end(dataset.id)).or_default();
                digest.push_str(&format!("{dataset:?}").replace([';', '='], " "));
            }
            let listed = digests
                .iter()
                .map(|(end, digest)| format!("{end}={digest}"));
            let mark = listed.collect::<Vec<_>>().join(";");
            let mut before: BTreeMap<u16, &str> = BTreeMap::new();
            for part in since.unwrap_or_default().split(';') {
                if let Some((end, digest)) = part.split_once('=') {
                    before.insert(end.parse().expect("an end"), digest);
                }
            }
            let mut ends: Vec<u16> = digests
                .iter()
                .filter(|(end, digest)| before.get(end) != Some(&digest.as_str()))
                .map(|(end, _)| *end)
                .collect();
            ends.extend(before.keys().filter(|end| !digests.contains_key(end)));
            let touched = all.iter().filter(|it| ends.contains(&Sweep::end(it.id)));
            Ok(Sweep {
                ids: touched.map(|it| it.id).collect(),
                ends,
                everything: since.is_none(),
                mark,
            })
        })
    }

    fn changes<'a>(
        &'a self,
        _wanted: &'a Wanted,
        since: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Changes, Error>> {
        Box::pin(async move {
            self.called()?;
            let inner = self.inner.lock().expect("memory");
            let since: usize = since.and_then(|text| text.parse().ok()).unwrap_or(0);
            let mut ids = inner.journal[since..].to_vec();
            ids.sort();
            ids.dedup();
            Ok(Changes {
                ids,
                everything: false,
                mark: inner.journal.len().to_string(),
            })
        })
    }
}

/// Some types, a tag, a path or every run, and perhaps a column more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plain {
    pub types: Vec<String>,
    pub tag: Option<String>,
    pub path: Vec<String>,
    pub column: Option<String>,
}

impl Plain {
    pub fn of(types: &[&str]) -> Plain {
        let mut types: Vec<String> = types.iter().map(|&name| name.to_owned()).collect();
        types.sort();
        Plain {
            types,
            ..Plain::default()
        }
    }

    pub fn document(&self) -> String {
        format!(
            "plain;{};{};{};{}",
            self.types.join(","),
            self.tag.clone().unwrap_or_default(),
            self.path.join(","),
            self.column.clone().unwrap_or_default()
        )
    }

    pub fn read(document: &str) -> Option<Plain> {
        let parts: Vec<&str> = document.split(';').collect();
        let ["plain", types, tag, path, column] = parts.as_slice() else {
            return None;
        };
        let list = |text: &str| -> Vec<String> {
            let words = text.split(',').filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Some(Plain {
            types: list(types),
            tag: some(tag),
            path: list(path),
            column: some(column),
        })
    }
}

impl Describe for Plain {
    fn wanted(&self) -> Wanted {
        let collections = match (&self.tag, self.path.is_empty()) {
            (Some(tag), _) => Collections::Tagged(tag.clone()),
            (None, true) => Collections::runs([]).expect("no patterns"),
            (None, false) => Collections::Path(self.path.clone()),
        };
        Wanted {
            types: self.types.clone(),
            collections,
        }
    }

    fn columns(&self) -> Vec<ExtraColumn> {
        let column = self.column.iter().map(|name| ExtraColumn {
            name: name.clone(),
            kind: "BIGINT".into(),
            ..ExtraColumn::default()
        });
        column.collect()
    }

    fn names(&self) -> Vec<String> {
        let names = [
            "dataproduct_type",
            "calib_level",
            "obs_collection",
            "obs_id",
            "obs_publisher_did",
            "access_url",
            "access_estsize",
            "s_ra",
            "s_dec",
            "s_region",
            "target_name",
        ];
        let names = names.into_iter().map(str::to_owned);
        names.chain(self.column.clone()).collect()
    }

    fn row(&self, dataset: &Dataset) -> Result<Vec<Value>, Vec<String>> {
        let Some(Scalar::Int(visit)) = dataset.data_id.get("visit") else {
            return Err(vec!["it has no visit".into()]);
        };
        let text = |text: &str| Value::Text(text.to_owned());
        let region = match &dataset.region {
            Some(region) => text(&region.to_string()),
            None => Value::Null,
        };
        let centre = match dataset.region.as_deref() {
            Some(_) => [(visit % 350) as f64, (visit % 80) as f64].map(Value::Double),
            None => [Value::Null, Value::Null],
        };
        let [lon, lat] = centre;
        let size = dataset.files.first().and_then(|file| file.size);
        let mut row = vec![
            text("image"),
            Value::Int(if &*dataset.dataset_type == "raw" {
                1
            } else {
                2
            }),
            text(&dataset.run),
            text(&visit.to_string()),
            text(&format!("ivo://memory?{}", dataset.id)),
            text(&format!("https://example.org/links?ID={}", dataset.id)),
            size.map_or(Value::Null, |size| Value::Int((size / 1000) as i64)),
            lon,
            lat,
            region,
            Value::Null,
        ];
        if self.column.is_some() {
            row.push(Value::Int(*visit));
        }
        Ok(row)
    }
}
