//! Links to data, and the files they lead to: the sections `[datalink]` and
//! `[files]`.

use std::path::PathBuf;
use std::time::Duration;

use super::Error;
use super::merged::Merged;

/// What is linked to datasets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datalink {
    pub access: Access,
    /// IDs that one request is answered for.
    pub ids: usize,
    pub cutout: Cutout,
    /// A page about all datasets.
    pub documentation: Option<String>,
}

/// What `access_url` of an answer leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// To what is stored; where no client could follow that, to the links.
    #[default]
    Stored,
    /// To the links of the dataset, always.
    Datalink,
    /// To the file itself; what is stored leads there, or we do.
    Direct,
}

/// Who cuts parts out of datasets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cutout {
    #[default]
    Nobody,
    /// This service.
    Own,
    /// A service of others, SODA 1.0, at this address.
    Other(String),
}

/// Which files are given, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Directories of this machine, absolute.
    pub roots: Vec<PathBuf>,
    pub s3_endpoint: Option<String>,
    pub s3_region: String,
    pub s3_key: Option<Key>,
    pub gs_key: Option<Key>,
    /// How long a signed address holds.
    pub signed: Duration,
}

/// What opens a store of objects.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    pub id: String,
    pub secret: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Default for Datalink {
    fn default() -> Datalink {
        Datalink {
            access: Access::Stored,
            ids: 100_000,
            cutout: Cutout::Nobody,
            documentation: None,
        }
    }
}

pub(super) fn datalink(merged: &Merged) -> Result<Datalink, Error> {
    let access = match merged.text("datalink.access_url").as_deref() {
        Some("stored") | None => Access::Stored,
        Some("datalink") => Access::Datalink,
        Some("direct") => Access::Direct,
        Some(_) => {
            let rule = "must be stored, datalink or direct";
            return Err(merged.wrong("datalink.access_url", rule));
        }
    };
    let ids = match merged.number("datalink.ids")? {
        ids if (1..=10_000_000).contains(&ids) => usize::try_from(ids).unwrap_or(1),
        _ => return Err(merged.wrong("datalink.ids", "must be 1 to 10000000")),
    };
    let cutout = match merged.text("datalink.cutout").as_deref() {
        Some("none") | None => Cutout::Nobody,
        Some("own") => Cutout::Own,
        Some(url) if is_web(url) => Cutout::Other(url.to_owned()),
        Some(_) => {
            let rule = "must be none, own, or an address that begins with http:// or https://";
            return Err(merged.wrong("datalink.cutout", rule));
        }
    };
    Ok(Datalink {
        access,
        ids,
        cutout,
        documentation: web(merged, "datalink.documentation")?,
    })
}

pub(super) fn files(merged: &Merged) -> Result<Files, Error> {
    let text = merged.text("files.roots").unwrap_or_default();
    let roots: Vec<PathBuf> = text
        .split(',')
        .map(str::trim)
        .filter(|root| !root.is_empty())
        .map(PathBuf::from)
        .collect();
    // The root of everything would give away every file of the machine.
    if roots
        .iter()
        .any(|root| !root.is_absolute() || root.parent().is_none())
    {
        let rule = "must be absolute directories with commas between, none of them /";
        return Err(merged.wrong("files.roots", rule));
    }
    let key = |store: &str| {
        let [id_key, secret_key] = ["key_id", "secret"].map(|name| format!("files.{store}_{name}"));
        match (merged.text(&id_key), merged.text(&secret_key)) {
            (Some(id), Some(secret)) => Ok(Some(Key { id, secret })),
            (None, None) => Ok(None),
            _ => Err(merged.wrong(&id_key, &format!("and {secret_key} are set together"))),
        }
    };
    let signed = match merged.number("files.signed_seconds")? {
        // A week is the most that stores take.
        seconds if (1..=604_800).contains(&seconds) => Duration::from_secs(seconds),
        _ => return Err(merged.wrong("files.signed_seconds", "must be 1 to 604800")),
    };
    Ok(Files {
        roots,
        s3_endpoint: web(merged, "files.s3_endpoint")?,
        s3_region: merged.text("files.s3_region").unwrap_or_default(),
        s3_key: key("s3")?,
        gs_key: key("gs")?,
        signed,
    })
}

fn web(merged: &Merged, key: &str) -> Result<Option<String>, Error> {
    match merged.text(key) {
        Some(url) if !is_web(&url) => Err(merged.wrong(key, "must begin with http:// or https://")),
        url => Ok(url),
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}
