//! Files that were sent along with a job: `ID.uploads/NAME-TYPE` beside the
//! results, name and media type in hexadecimal. They come and go with the job.

use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Error, Results};
use crate::dali::{Params, Part, Parts};
use crate::database;

const DIRECTORY: &str = ".uploads";

/// What the names of files begin with that may become those of a job.
pub const ARRIVING: &str = ".arriving-";

/// Longest name of a part and of a media type, bytes: a file's name has 255.
const NAME: usize = 64;
const MEDIA_TYPE: usize = 48;

impl Results {
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    fn uploads(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}{DIRECTORY}"))
    }

    /// Gives the files of a request to a job. One of a name that the job has
    /// replaces that.
    pub(super) fn keep(&self, id: &str, parts: &Parts) -> Result<(), Error> {
        let failed = |error: io::Error| {
            tracing::error!(%error, "what was uploaded with a job cannot be kept");
            Error::Database(database::Error::Unreachable(error.to_string()))
        };
        let directory = self.uploads(id);
        fs::create_dir_all(&directory).map_err(failed)?;
        for part in parts.iter() {
            if part.name.len() > NAME {
                return Err(Error::usage(format!(
                    "the name of a part is {} bytes long; {NAME} are taken",
                    part.name.len()
                )));
            }
            let Some(path) = &part.path else { continue };
            let media_type = part.media_type.as_deref().unwrap_or_default();
            let media_type = media_type.get(..MEDIA_TYPE).unwrap_or(media_type);
            let media_type = if media_type.len() > MEDIA_TYPE {
                ""
            } else {
                media_type
            };
            let name = hex(&part.name);
            let whole = directory.join(format!("{name}-{}", hex(media_type)));
            part.file.sync_all().map_err(failed)?;
            fs::rename(path.as_ref(), &whole).map_err(failed)?;
            // Of another type, under the same name.
            for entry in fs::read_dir(&directory).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let other = entry.file_name();
                let other = other.to_str().and_then(|other| other.split_once('-'));
                let same = other.is_some_and(|(other, _)| other == name);
                if same && entry.path() != whole {
                    fs::remove_file(entry.path()).map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    /// The files that a job has, if its parameters speak of any.
    pub(super) fn parts(&self, id: &str, parameters: &Params) -> io::Result<Parts> {
        let mut parts = Parts::default();
        if parameters.all("UPLOAD").next().is_none() {
            return Ok(parts);
        }
        let entries = match fs::read_dir(self.uploads(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(parts),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let Some((name, media_type)) = name.to_str().and_then(|name| name.split_once('-'))
            else {
                continue;
            };
            let (Some(name), Some(media_type)) = (text(name), text(media_type)) else {
                continue;
            };
            parts.add(Part {
                name,
                media_type: (!media_type.is_empty()).then_some(media_type),
                file: Arc::new(File::open(entry.path())?),
                path: None,
            });
        }
        Ok(parts)
    }

    pub(super) async fn remove_uploads(&self, id: &str) {
        let path = self.uploads(id);
        match tokio::fs::remove_dir_all(&path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "cannot remove uploads");
            }
            _ => {}
        }
    }
}

/// Whether a file or directory of that name is an upload without a job.
pub(super) fn is_left(name: &str, is_known: impl Fn(&str) -> bool) -> bool {
    match name.strip_suffix(DIRECTORY) {
        Some(id) => !is_known(id),
        None => name.starts_with(ARRIVING),
    }
}

/// Removes such a one, if it is older than `age`.
pub(super) fn clear(entry: &DirEntry, age: Duration) -> io::Result<bool> {
    let about = entry.metadata()?;
    let since = SystemTime::now().duration_since(about.modified()?);
    if since.unwrap_or_default() <= age {
        return Ok(false);
    }
    match about.is_dir() {
        true => fs::remove_dir_all(entry.path())?,
        false => fs::remove_file(entry.path())?,
    }
    Ok(true)
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn text(hex: &str) -> Option<String> {
    let bytes = hex.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_the_name_of_a_file() {
        for name in ["t", "", "../x", "Ä b;c", "\0"] {
            assert_eq!(text(&hex(name)).as_deref(), Some(name));
        }
        assert_eq!(text("zz"), None);
    }

    #[test]
    fn what_has_no_job_is_left() {
        let check = |name: &str, expected: bool| {
            assert_eq!(is_left(name, |id| id == "a"), expected, "{name}");
        };
        check("a.uploads", false);
        check("b.uploads", true);
        check(".arriving-xyz", true);
        check("b.1", false);
    }
}
