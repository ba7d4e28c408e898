//! `obstap registry`: the registry of datasets, for those who run it.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use super::{Failure, open};
use crate::config::Settings;
use crate::registry::own::given::{self, Defaults, Form};
use crate::registry::own::universe::{BEGIN, ELEMENTS, END, Element, REGION};
use crate::registry::own::{self, Actor, Ids, Namespace, Recorded, Store};

/// Keep a registry of datasets in the database
///
/// What is registered comes from files of NDJSON, JSON, CSV or Parquet; - is
/// standard input. A file is done as a whole or not at all, and doing it twice
/// changes nothing.
#[derive(Debug, Subcommand)]
pub enum Registry {
    /// Make the registry, under the name that links will call it by
    Create { label: String },
    /// Register types, collections, or records of a dimension
    Register {
        /// type, collection, instrument, detector, physical_filter, day_obs, exposure, visit, …
        #[arg(value_name = "WHAT")]
        what: String,
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// Change records that are there and others
        #[arg(long)]
        replace: bool,
    },
    /// Add datasets
    Ingest {
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// Type of those that do not say
        #[arg(long = "type", value_name = "NAME")]
        dataset_type: Option<String>,
        /// RUN collection of those that do not say
        #[arg(long, value_name = "NAME")]
        run: Option<String>,
        /// UUIDs for those that have none
        #[arg(long, value_enum, default_value = "new")]
        ids: IdsChoice,
    },
    /// Put datasets into a TAGGED collection
    Associate(Tag),
    /// Take datasets out of a TAGGED collection
    Disassociate(Tag),
    /// Change regions of exposures, visits, tracts, patches, or of detectors in them
    UpdateRegions(Update),
    /// Change timespans of exposures, visits or days
    UpdateTimespans(Update),
    /// Remove datasets, or a collection (a RUN with its datasets)
    Remove {
        /// UUIDs, one in each line
        #[arg(
            value_name = "FILE",
            required_unless_present = "collection",
            conflicts_with = "collection"
        )]
        ids: Option<PathBuf>,
        #[arg(long, value_name = "NAME")]
        collection: Option<String>,
    },
    /// Say whose the collections are whose names begin with PREFIX/
    Namespace {
        prefix: String,
        /// Names of those who have tokens; without any it is nobody's
        owners: Vec<String>,
    },
    /// List types, collections, namespaces, datasets, or records of a dimension
    List {
        /// types, collections, namespaces, datasets, instrument, detector, …
        #[arg(value_name = "WHAT")]
        what: String,
        /// Only datasets of this type
        #[arg(long = "type", value_name = "NAME")]
        dataset_type: Option<String>,
        /// Only datasets in this collection
        #[arg(long, value_name = "NAME")]
        collection: Option<String>,
        /// So many datasets or records at most
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
    },
    /// Show all that is known of a dataset
    Show { id: Uuid },
}

#[derive(Debug, Args)]
pub struct Tag {
    #[arg(value_name = "COLLECTION")]
    collection: String,
    /// UUIDs, one in each line
    #[arg(value_name = "FILE")]
    ids: PathBuf,
}

#[derive(Debug, Args)]
pub struct Update {
    /// exposure, visit, visit_detector_region, exposure_detector_region, tract, patch, day_obs
    #[arg(value_name = "ELEMENT")]
    element: String,
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum IdsChoice {
    /// By time
    New,
    /// From type, run and data ID, as a Butler gives raws
    Derived,
}

impl Registry {
    pub fn run(self, settings: &Settings) -> Result<(), Failure> {
        open::runtime()?.block_on(async {
            let database = open::database(settings).await?;
            open::prepare(&database, settings).await?;
            if let Registry::Create { label } = &self {
                own::create(&database, label).await?;
                tell!("registry {label} made");
                return Ok(());
            }
            let store = open::registry(&database, settings).store().await?;
            self.done(&store).await
        })
    }

    async fn done(self, store: &Store) -> Result<(), Failure> {
        let actor = Actor::Operator;
        match self {
            Registry::Create { .. } => {}
            Registry::Register {
                what,
                files,
                replace,
            } => {
                for file in &files {
                    let (body, form) = read(file)?;
                    register(store, &what, &body, form, replace)
                        .await
                        .map_err(|error| named(file, &error))?;
                }
            }
            Registry::Ingest {
                files,
                dataset_type,
                run,
                ids,
            } => {
                let defaults = Defaults { dataset_type, run };
                let ids = match ids {
                    IdsChoice::New => Ids::New,
                    IdsChoice::Derived => Ids::Derived,
                };
                for file in &files {
                    let (body, form) = read(file)?;
                    let done = async {
                        let given = given::datasets(&body, form, &defaults)?;
                        store.ingest(&actor, &given, ids).await
                    };
                    let done = done.await.map_err(|error| named(file, &error))?;
                    tell!(
                        "{}: {} datasets added, {} were there",
                        file.display(),
                        done.added,
                        done.present
                    );
                }
            }
            Registry::Associate(tag) => {
                let ids = tag.ids()?;
                let put = store.associate(&actor, &tag.collection, &ids).await?;
                tell!("{put} datasets put into {}", tag.collection);
            }
            Registry::Disassociate(tag) => {
                let ids = tag.ids()?;
                let taken = store.disassociate(&actor, &tag.collection, &ids).await?;
                tell!("{taken} datasets taken out of {}", tag.collection);
            }
            Registry::UpdateRegions(update) => update.run(store, &[REGION]).await?,
            Registry::UpdateTimespans(update) => {
                update.run(store, &[BEGIN, END, "timespan"]).await?
            }
            Registry::Remove { ids, collection } => {
                if let Some(name) = collection {
                    let gone = store.remove_collection(&actor, &name).await?;
                    tell!("collection {name} removed; {gone} datasets were in it");
                }
                if let Some(file) = ids {
                    let ids = given::ids(&read(&file)?.0).map_err(|error| named(&file, &error))?;
                    tell!("{} datasets removed", store.remove(&actor, &ids).await?);
                }
            }
            Registry::Namespace { prefix, owners } => {
                let namespace = Namespace { prefix, owners };
                store.own_namespace(&actor, &namespace).await?;
            }
            Registry::List {
                what,
                dataset_type,
                collection,
                limit,
            } => {
                let only = (dataset_type.as_deref(), collection.as_deref());
                list(store, &what, only, limit).await?;
            }
            Registry::Show { id } => show(store, id).await?,
        }
        Ok(())
    }
}

impl Tag {
    fn ids(&self) -> Result<Vec<Uuid>, Failure> {
        given::ids(&read(&self.ids)?.0).map_err(|error| named(&self.ids, &error))
    }
}

impl Update {
    async fn run(&self, store: &Store, columns: &'static [&'static str]) -> Result<(), Failure> {
        let element = element(&self.element)?;
        let has = match columns {
            [REGION] => element.has_region,
            _ => element.has_timespan,
        };
        if !has {
            let what = columns.first().copied().unwrap_or_default();
            return Err(Failure::new(format!("{} has no {what}", element.name)));
        }
        for file in &self.files {
            let (body, form) = read(file)?;
            let done = async {
                let rows = given::records(&body, form, element, Some(columns))?;
                let stored = columns.get(..2).unwrap_or(columns);
                store.update(&Actor::Operator, element, stored, &rows).await
            };
            let done = done.await.map_err(|error| named(file, &error))?;
            tell!("{}: {}", file.display(), told(done));
        }
        Ok(())
    }
}

fn told(it: Recorded) -> String {
    format!(
        "{} added, {} changed, {} were so; {} datasets are concerned",
        it.added, it.changed, it.same, it.datasets
    )
}

fn named(file: &Path, error: &own::Error) -> Failure {
    Failure::new(format!("{}: {error}", file.display()))
}

fn element(name: &str) -> Result<&'static Element, Failure> {
    Element::named(name).ok_or_else(|| {
        let known: Vec<&str> = ELEMENTS.iter().map(|it| it.name).collect();
        Failure::new(format!(
            "there is no {name}; there are {}",
            known.join(", ")
        ))
    })
}

/// A file, and how its rows are written.
fn read(file: &Path) -> Result<(Vec<u8>, Form), Failure> {
    let mut body = Vec::new();
    let read = match file == Path::new("-") {
        true => std::io::stdin().read_to_end(&mut body),
        false => std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut body)),
    };
    read.map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))?;
    let extension = file.extension().and_then(|it| it.to_str());
    let form = extension.and_then(Form::named);
    let form = form.unwrap_or_else(|| Form::told(&body));
    Ok((body, form))
}

async fn register(
    store: &Store,
    what: &str,
    body: &[u8],
    form: Form,
    replace: bool,
) -> Result<(), own::Error> {
    let actor = Actor::Operator;
    match what {
        "type" | "types" | "dataset-type" => {
            let made = store
                .register_types(&actor, &given::types(body, form)?)
                .await?;
            tell!("{made} dataset types added");
        }
        "collection" | "collections" => {
            let collections = given::collections(body, form)?;
            let made = store.register_collections(&actor, &collections).await?;
            tell!("{made} collections added or changed");
        }
        name => {
            let element = element(name).map_err(|failure| {
                own::Error::invalid(format!("{failure}; and type and collection"))
            })?;
            let rows = given::records(body, form, element, None)?;
            let done = store.record(&actor, element, &rows, replace).await?;
            tell!("{name}: {}", told(done));
        }
    }
    Ok(())
}

async fn list(
    store: &Store,
    what: &str,
    (dataset_type, collection): (Option<&str>, Option<&str>),
    limit: usize,
) -> Result<(), Failure> {
    match what {
        "type" | "types" => {
            for it in store.types().await? {
                tell!(
                    "{}\t{}\t{}",
                    it.name,
                    it.dimensions.join(","),
                    it.storage_class
                );
            }
        }
        "collection" | "collections" => {
            for it in store.collections().await? {
                tell!("{}\t{}\t{}", it.name, it.kind.name(), it.children.join(","));
            }
        }
        "namespace" | "namespaces" => {
            for it in store.namespaces().await? {
                tell!("{}\t{}", it.prefix, it.owners.join(","));
            }
        }
        "dataset" | "datasets" => {
            for it in store.list(dataset_type, collection, None, limit).await? {
                tell!("{}\t{}\t{}\t{}", it.id, it.dataset_type, it.run, it.data_id);
            }
        }
        name => {
            let element = element(name)?;
            for it in store.list_records(element, None, 0, limit).await? {
                let fields = element.fields().zip(&it.row.fields);
                let mut told: Vec<String> = fields
                    .filter(|(_, value)| **value != crate::registry::Scalar::Null)
                    .map(|(field, value)| format!("{}={}", field.name, scalar(value)))
                    .collect();
                told.extend(it.row.region.map(|region| format!("{REGION}={region}")));
                tell!("{}", told.join("\t"));
            }
        }
    }
    Ok(())
}

fn scalar(value: &crate::registry::Scalar) -> String {
    use crate::registry::Scalar;
    match value {
        Scalar::Null => String::new(),
        Scalar::Bool(flag) => flag.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Text(text) => text.to_string(),
    }
}

async fn show(store: &Store, id: Uuid) -> Result<(), Failure> {
    let dataset = store.show(id).await?;
    tell!("id\t{}", dataset.id);
    tell!("type\t{}", dataset.dataset_type);
    tell!("run\t{}", dataset.run);
    for tag in &dataset.tags {
        tell!("tag\t{tag}");
    }
    for (name, value) in &dataset.data_id.0 {
        tell!("{name}\t{}", scalar(value));
    }
    if let Some(region) = &dataset.region {
        tell!("region\t{region}");
    }
    if let Some(timespan) = dataset.timespan {
        let limit = |time: Option<i64>| time.map_or("none".to_owned(), |time| time.to_string());
        tell!(
            "timespan\t{} {}",
            limit(timespan.begin),
            limit(timespan.end)
        );
    }
    for file in &dataset.files {
        let size = file
            .size
            .map_or(String::new(), |size| format!(" {size} bytes"));
        tell!("file\t{}{size}", file.uri);
    }
    for (name, record) in &dataset.records {
        for (field, value) in &record.fields {
            if *value != crate::registry::Scalar::Null {
                tell!("{name}.{field}\t{}", scalar(value));
            }
        }
    }
    Ok(())
}
