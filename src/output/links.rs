//! How clients get from the rows of an answer to data: services that are told
//! beside the rows (DataLink 1.1 section 4), and addresses in the rows that
//! this client can follow.
//!
//! Why are addresses made as an answer is written, and not as rows are stored?
//! Because the same rows are served under several names, behind proxies and
//! without, and a name changes more easily than a million rows. A stored
//! `access_url` that begins with `/` is relative to the service; one that only
//! we can follow (`file:`, `s3:`, `gs:`) leads to the links of its dataset, or
//! to us for its file. Every format of an answer has the same address; a
//! condition of a query is about the stored one.

use std::borrow::Cow;

use adql::{Column, Wire};

use crate::config;
use crate::dali;
use crate::database::Batch;
use crate::files;

/// What `access_format` says of a list of links (DataLink 1.1 section 3.1).
const DATALINK: &str = "application/x-votable+xml;content=datalink";

/// What is done to the rows for the sake of links, and how services refer to
/// them.
#[derive(Clone, Debug, Default)]
pub struct Links {
    pub access: Option<Access>,
    /// The column that identifies datasets, and the `ID` of its field.
    pub identifier: Option<Identifier>,
}

/// What inputs of services refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    pub column: usize,
    pub id: String,
}

impl Identifier {
    /// The `ID` is the column's name where it can be, since there are readers
    /// that call columns by it.
    pub fn of(columns: &[Column], column: usize) -> Option<Identifier> {
        let name = &columns.get(column)?.name;
        let same = columns.iter().filter(|it| it.name == *name).count();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let good = same == 1
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(plain)
            // Those of our frames.
            && !["icrs", "mjd_utc"].contains(&name.as_str());
        let id = if good { name } else { "dataset_identifier" };
        Some(Identifier {
            column,
            id: id.to_owned(),
        })
    }
}

/// Which cells are addresses of data, and how they are made. Columns behind
/// the visible ones are there for this alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub rule: config::Access,
    /// Of the service, without a slash at the end.
    pub base: String,
    /// Columns that are shown.
    pub visible: usize,
    /// One for each dataset that a row tells of, which joins may make several.
    pub told: Vec<Told>,
}

/// The columns `access_url`, `access_format` and `obs_publisher_did` of one
/// dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub url: Option<usize>,
    pub format: Option<usize>,
    pub did: Option<usize>,
}

/// Where a row's data are.
enum Way {
    AsStored,
    /// At a path of this service.
    Ours,
    Links(String),
    File(String),
    Unknown,
}

impl Access {
    /// The rows as they are to be shown.
    pub(super) fn write(&self, batch: &Batch) -> Batch {
        let wires: Vec<Wire> = batch.wires().iter().take(self.visible).copied().collect();
        let mut out = Batch::new(wires);
        for row in 0..batch.len() {
            let text = |column: Option<usize>| {
                let cell = column.and_then(|column| batch.cell(row, column));
                cell.map(String::from_utf8_lossy)
            };
            let ways = self.told.iter().map(|told| {
                let (url, format) = (text(told.url), text(told.format));
                (
                    told,
                    self.way(url.as_deref(), format.as_deref(), text(told.did)),
                )
            });
            let ways: Vec<(&Told, Way)> = ways.collect();
            for (column, cell) in batch.row(row).take(self.visible).enumerate() {
                let of = |place: fn(&Told) -> Option<usize>| {
                    let mut ways = ways.iter();
                    ways.find(|(told, _)| place(told) == Some(column))
                };
                let turned = match (of(|told| told.url), of(|told| told.format)) {
                    (Some((_, way)), _) => self.address(way, cell),
                    (_, Some((_, way))) => media_type(way, cell),
                    _ => cell.map(Cow::Borrowed),
                };
                out.push(turned.as_deref());
            }
        }
        out
    }

    fn way(&self, url: Option<&str>, format: Option<&str>, did: Option<Cow<'_, str>>) -> Way {
        let ours = url.is_some_and(files::is_ours);
        let relative = url.is_some_and(|url| url.starts_with('/') && !url.starts_with("//"));
        let links = format.is_some_and(is_datalink);
        let known = |way: fn(String) -> Way| match &did {
            Some(did) => way(did.clone().into_owned()),
            None => Way::Unknown,
        };
        match self.rule {
            config::Access::Datalink => match known(Way::Links) {
                Way::Unknown if relative => Way::Ours,
                Way::Unknown if !ours => Way::AsStored,
                way => way,
            },
            config::Access::Direct if ours || (links && did.is_some()) => known(Way::File),
            config::Access::Stored if ours => known(Way::Links),
            _ if relative => Way::Ours,
            _ => Way::AsStored,
        }
    }

    fn address<'a>(&self, way: &Way, stored: Option<&'a [u8]>) -> Option<Cow<'a, [u8]>> {
        let base = &self.base;
        match way {
            Way::AsStored => stored.map(Cow::Borrowed),
            Way::Ours => stored.map(|path| [base.as_bytes(), path].concat().into()),
            Way::Links(did) => Some(links_url(base, did).into_bytes().into()),
            Way::File(did) => Some(file_url(base, did).into_bytes().into()),
            Way::Unknown => None,
        }
    }
}

fn media_type<'a>(way: &Way, stored: Option<&'a [u8]>) -> Option<Cow<'a, [u8]>> {
    match way {
        Way::Links(_) => Some(DATALINK.as_bytes().into()),
        // What the links are says nothing about the file.
        Way::File(_) => stored
            .filter(|it| !is_datalink(&String::from_utf8_lossy(it)))
            .map(Cow::Borrowed),
        _ => stored.map(Cow::Borrowed),
    }
}

fn is_datalink(media_type: &str) -> bool {
    media_type.contains("content=datalink")
}

/// The links of a dataset.
pub fn links_url(base: &str, id: &str) -> String {
    format!("{base}/datalink/links?ID={}", dali::encoded(id))
}

/// The file of a dataset.
pub fn file_url(base: &str, id: &str) -> String {
    format!("{base}/files?ID={}", dali::encoded(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Access::{Datalink, Direct, Stored};

    #[test]
    fn addresses_follow_the_settings_and_the_service() {
        #[track_caller]
        fn check(
            rule: config::Access,
            stored: [Option<&str>; 3],
            expected: (Option<&str>, Option<&str>),
        ) {
            let access = Access {
                rule,
                base: "https://x.example/obs".to_owned(),
                visible: 2,
                told: vec![Told {
                    url: Some(0),
                    format: Some(1),
                    did: Some(2),
                }],
            };
            let mut batch = Batch::new([Wire::Text, Wire::Text, Wire::Text]);
            for cell in stored {
                batch.push(cell.map(str::as_bytes));
            }
            let shown = access.write(&batch);
            assert_eq!(shown.wires().len(), 2);
            let cell = |column| shown.cell(0, column).map(String::from_utf8_lossy);
            let (url, format) = (cell(0), cell(1));
            assert_eq!((url.as_deref(), format.as_deref()), expected, "{stored:?}");
        }
        let did = Some("ivo://x/y?a b");
        let fits = Some("image/fits");
        let links = Some("https://x.example/obs/datalink/links?ID=ivo%3A%2F%2Fx%2Fy%3Fa%20b");
        let file = Some("https://x.example/obs/files?ID=ivo%3A%2F%2Fx%2Fy%3Fa%20b");
        let here = Some("file:///data/a.fits");
        let there = Some("https://data.example/a.fits");
        check(Stored, [here, fits, did], (links, Some(DATALINK)));
        check(Stored, [there, fits, did], (there, fits));
        check(Stored, [None, None, did], (None, None));
        check(Stored, [here, fits, None], (None, fits));
        let full = Some("https://x.example/obs/previews/a.png");
        check(Stored, [Some("/previews/a.png"), fits, did], (full, fits));
        let foreign = Some("//evil.example/a");
        check(Stored, [foreign, fits, did], (foreign, fits));
        check(Datalink, [there, fits, did], (links, Some(DATALINK)));
        check(Datalink, [None, None, did], (links, Some(DATALINK)));
        check(Datalink, [there, fits, None], (there, fits));
        check(Datalink, [here, fits, None], (None, fits));
        check(Direct, [here, fits, did], (file, fits));
        check(Direct, [there, fits, did], (there, fits));
        let elsewhere = Some("https://data.example/links?ID=7");
        check(Direct, [elsewhere, Some(DATALINK), did], (file, None));
    }
}
