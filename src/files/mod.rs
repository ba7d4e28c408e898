//! Files of datasets: which of them we may give away, and how.
//!
//! A file is known by its URI (RFC 3986, `file:` as in RFC 8089). Files of this
//! machine are given only from directories that the settings list, whatever
//! symbolic links and `..` say; a fragment `zip-path=` names a member of a zip.
//! What lies in a store of objects, or on another site, is led to: by an
//! address signed for a while ([`signed`]), or as it is.
//!
//! Everything here may wait for a disk: whoever calls does so where that holds
//! up nobody.
//!
//! Left out: writing, directories, archives other than zip.
//!
//! Must not know: HTTP, datasets, databases. What it says to others names no
//! path.

mod location;
mod media;
mod member;
mod roots;
mod signed;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use location::is_ours;
pub use media::media_type;
pub use member::Member;

use location::Location;
use roots::Roots;
use signed::Signer;

use crate::config;

/// What files we give, by the settings. Cloning is cheap enough for a request.
#[derive(Clone, Debug)]
pub struct Files {
    roots: Vec<PathBuf>,
    signer: Signer,
}

/// A file that is asked for.
#[derive(Debug)]
pub enum Found {
    Here(Box<Here>),
    /// It is at this address, which holds so long, where that is limited.
    Elsewhere {
        url: String,
        lasts: Option<Duration>,
    },
}

/// A file of this machine, open.
#[derive(Debug)]
pub struct Here {
    pub content: Content,
    /// In bytes.
    pub size: u64,
    pub modified: Option<SystemTime>,
    /// Names the content: another one has another tag.
    pub tag: String,
    /// Of the file, or of the member of a zip, without directories.
    pub name: String,
}

#[derive(Debug)]
pub enum Content {
    /// The bytes of the file from this one on.
    Plain(File, u64),
    /// To be unpacked from its beginning.
    Packed(Member),
}

/// Why a file cannot be given; for whoever asked, so that no path is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("its file is no longer where it was stored; the archive's operator should be told")]
    Gone,
    #[error("the directory with its file is not there at the moment; try again later")]
    RootGone,
    #[error("its file cannot be read at the moment; try again later")]
    Unreadable,
    #[error("its file is not in a directory that this service gives files from")]
    Outside,
    #[error("it is stored where this service cannot lead to: it has no key for that store")]
    NoKey,
    #[error("it is stored in a way that this service cannot give")]
    Strange,
}

impl Files {
    pub fn new(settings: &config::Files) -> Files {
        Files {
            roots: settings.roots.clone(),
            signer: Signer::new(settings),
        }
    }

    /// For several questions at one time: the directories are looked at once.
    pub fn look(&self) -> Look<'_> {
        Look {
            roots: Roots::of(&self.roots),
            signer: &self.signer,
        }
    }
}

/// The directories as they are now.
#[derive(Debug)]
pub struct Look<'a> {
    roots: Roots<'a>,
    signer: &'a Signer,
}

impl Look<'_> {
    /// Whether a file could be given, without opening it: its size in bytes
    /// where that is told by the disk alone.
    pub fn check(&self, uri: &str) -> Result<Option<u64>, Fault> {
        match Location::of(uri).ok_or(Fault::Strange)? {
            Location::Local(path) => Ok(Some(self.there(&path)?.1.len())),
            Location::Member(path, _) => self.there(&path).map(|_| None),
            Location::Object { store, .. } if !self.signer.has_key(store) => Err(Fault::NoKey),
            Location::Object { .. } | Location::Web => Ok(None),
        }
    }

    pub fn open(&self, uri: &str) -> Result<Found, Fault> {
        match Location::of(uri).ok_or(Fault::Strange)? {
            Location::Local(path) => {
                let (path, _) = self.there(&path)?;
                let (file, metadata) = opened(&path)?;
                Ok(Found::Here(Box::new(Here {
                    size: metadata.len(),
                    modified: metadata.modified().ok(),
                    tag: tag(&metadata),
                    name: name(&path.to_string_lossy()),
                    content: Content::Plain(file, 0),
                })))
            }
            Location::Member(path, member) => {
                let (path, _) = self.there(&path)?;
                let (file, metadata) = opened(&path)?;
                let found = member::find(file, &member)?;
                Ok(Found::Here(Box::new(Here {
                    size: found.size,
                    modified: metadata.modified().ok(),
                    tag: format!("{}-{:x}-{:x}", tag(&metadata), found.crc32, found.size),
                    name: name(&member),
                    content: found.content,
                })))
            }
            Location::Object { store, bucket, key } => {
                let signed = self.signer.sign(store, &bucket, &key);
                let (url, lasts) = signed.ok_or(Fault::NoKey)?;
                Ok(Found::Elsewhere {
                    url,
                    lasts: Some(lasts),
                })
            }
            Location::Web => Ok(Found::Elsewhere {
                url: uri.to_owned(),
                lasts: None,
            }),
        }
    }

    /// A regular file in one of the directories, by its true path.
    fn there(&self, path: &Path) -> Result<(PathBuf, fs::Metadata), Fault> {
        let path = self.roots.resolve(path)?;
        let metadata = fs::metadata(&path).map_err(|error| fault(&error))?;
        match metadata.is_file() {
            true => Ok((path, metadata)),
            false => Err(Fault::Gone),
        }
    }
}

fn opened(path: &Path) -> Result<(File, fs::Metadata), Fault> {
    let file = File::open(path).map_err(|error| fault(&error))?;
    let metadata = file.metadata().map_err(|error| fault(&error))?;
    Ok((file, metadata))
}

fn fault(error: &io::Error) -> Fault {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Fault::Gone,
        ErrorKind::InvalidInput | ErrorKind::InvalidFilename => Fault::Strange,
        _ => {
            tracing::warn!(%error, "a file of a dataset cannot be read");
            Fault::Unreadable
        }
    }
}

/// What the disk says of a file, of which something changes when its content
/// does.
fn tag(metadata: &fs::Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!(
        "{:x}-{:x}-{:x}.{:x}",
        metadata.ino(),
        metadata.len(),
        metadata.mtime(),
        metadata.mtime_nsec()
    )
}

fn name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
