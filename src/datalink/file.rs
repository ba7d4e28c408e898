//! The file that a link leads to.

use std::sync::atomic::Ordering;

use super::Service;
use super::find::{Known, Row};
use crate::files::{self, Fault, Found};
use crate::registry::{Dataset, File};

/// A file that is given.
#[derive(Debug)]
pub struct Given {
    pub found: Found,
    pub media_type: String,
}

/// Why none is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// Of HTTP.
    pub status: u16,
    pub message: String,
}

impl Service {
    /// The file of a dataset, or one of its files: `part` is a component, or a
    /// number from 0.
    pub async fn file(&self, id: &str, part: Option<&str>) -> Result<Given, FileFault> {
        let known = self.find(&[id.to_owned()], false).await;
        let (uri, media_type) = match known.into_iter().next() {
            Some(Known::Dataset(known)) => {
                let file = one(&known.dataset, part)?;
                let said = file.media_type.clone();
                (file.uri.clone(), said)
            }
            Some(Known::Row(row)) if part.is_none() => of_row(*row)?,
            Some(Known::Nothing(sentence)) => {
                let status = match sentence.split(':').next() {
                    Some("TransientFault") => 503,
                    _ => 404,
                };
                return Err(FileFault {
                    status,
                    message: sentence,
                });
            }
            _ => return Err(missing("there is no such file")),
        };
        let by_name = || {
            files::media_type(&uri)
                .unwrap_or("application/octet-stream")
                .to_owned()
        };
        let media_type = media_type.unwrap_or_else(by_name);
        let service = self.clone();
        let open = move || service.0.parts.files.look().open(&uri);
        match tokio::task::spawn_blocking(open).await {
            Ok(Ok(found)) => Ok(Given { found, media_type }),
            Ok(Err(fault)) => {
                self.count(fault);
                Err(FileFault {
                    status: status(fault),
                    message: format!("this dataset cannot be given: {fault}"),
                })
            }
            Err(_) => Err(FileFault {
                status: 500,
                message: "opening the file ended unexpectedly".to_owned(),
            }),
        }
    }

    /// For those who look after the service.
    pub(super) fn count(&self, fault: Fault) {
        if matches!(fault, Fault::Gone | Fault::RootGone) {
            self.0.missing.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn one<'a>(dataset: &'a Dataset, part: Option<&str>) -> Result<&'a File, FileFault> {
    let files = &dataset.files;
    let Some(part) = part else {
        return match files.as_slice() {
            [] => Err(missing("the dataset is known, but no file of it is stored")),
            [file] => Ok(file),
            _ => {
                let parts = files
                    .iter()
                    .enumerate()
                    .map(|(number, file)| match &file.component {
                        Some(component) => component.clone(),
                        None => number.to_string(),
                    });
                let parts: Vec<String> = parts.collect();
                Err(missing(&format!(
                    "the dataset has several files; name one after another /: {}",
                    parts.join(", ")
                )))
            }
        };
    };
    let by_name = files
        .iter()
        .find(|file| file.component.as_deref() == Some(part));
    let by_number = || {
        let file = files.get(part.parse::<usize>().ok()?)?;
        file.component.is_none().then_some(file)
    };
    by_name
        .or_else(by_number)
        .ok_or_else(|| missing("the dataset has no such part"))
}

/// What is stored, and what it is.
fn of_row(row: Row) -> Result<(String, Option<String>), FileFault> {
    let format = row.format.filter(|it| !it.contains("content=datalink"));
    match row.url {
        // An address relative to us would lead back here.
        Some(url) if !url.starts_with('/') => Ok((url, format)),
        _ => Err(missing("the dataset is known, but not where its file is")),
    }
}

fn missing(message: &str) -> FileFault {
    FileFault {
        status: 404,
        message: message.to_owned(),
    }
}

fn status(fault: Fault) -> u16 {
    match fault {
        Fault::Gone => 404,
        Fault::RootGone | Fault::Unreadable => 503,
        Fault::Outside | Fault::NoKey => 403,
        Fault::Strange => 500,
    }
}
