//! Results as files in one directory: `ID.ATTEMPT` when whole,
//! `ID.ATTEMPT.part` until then. What was sent along with a job lies beside
//! them (`uploads`).
//!
//! Why the number of the attempt? A runner that was believed lost may still
//! write; it must not touch the file of the one that took over.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::{Job, Phase, Problem, uploads};

/// Files of jobs that nobody knows are left alone for so long: their job may
/// have been taken up just now.
const ORPHAN: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug)]
pub struct Results {
    pub(super) directory: PathBuf,
}

impl Results {
    /// Makes the directory if it is not there, and tries to write in it.
    pub fn open(directory: &Path) -> io::Result<Results> {
        std::fs::create_dir_all(directory)?;
        tempfile::NamedTempFile::new_in(directory)?.close()?;
        Ok(Results {
            directory: directory.to_owned(),
        })
    }

    pub(super) async fn create(&self, job: &Job, rows: Arc<AtomicU64>) -> io::Result<Output> {
        for attempt in 1..job.attempt {
            self.forget(&job.id, attempt).await;
        }
        let path = self.part(&job.id, job.attempt);
        Ok(Output {
            file: File::create(&path).await?,
            part: Some(path),
            whole: self.whole(job),
            bytes: 0,
            rows,
        })
    }

    /// The file of a job that is COMPLETED.
    pub fn whole(&self, job: &Job) -> PathBuf {
        self.directory.join(format!("{}.{}", job.id, job.attempt))
    }

    fn part(&self, id: &str, attempt: i64) -> PathBuf {
        self.directory.join(format!("{id}.{attempt}.part"))
    }

    /// Removes everything a job may have left.
    pub(super) async fn remove(&self, id: &str, attempts: i64) {
        for attempt in 1..=attempts {
            self.forget(id, attempt).await;
        }
        self.remove_uploads(id).await;
    }

    pub(super) async fn forget(&self, id: &str, attempt: i64) {
        let whole = self.directory.join(format!("{id}.{attempt}"));
        for path in [self.part(id, attempt), whole] {
            match tokio::fs::remove_file(&path).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "cannot remove a result");
                }
                _ => {}
            }
        }
    }

    /// Removes what a process that ended too early has left. `known`: attempt
    /// and phase of every job.
    pub(super) fn sweep(&self, known: &HashMap<String, (i64, Phase)>) -> io::Result<u64> {
        let mut removed = 0;
        for entry in std::fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            if uploads::is_left(name, |id| known.contains_key(id)) {
                removed += u64::from(uploads::clear(&entry, ORPHAN)?);
                continue;
            }
            let Some((id, attempt, part)) = parse(name) else {
                continue;
            };
            let wanted = known.get(id).is_some_and(|&(latest, phase)| {
                attempt == latest
                    && match part {
                        true => phase == Phase::Executing,
                        false => matches!(phase, Phase::Executing | Phase::Completed),
                    }
            });
            let age = entry.metadata()?.modified()?;
            let age = SystemTime::now().duration_since(age).unwrap_or_default();
            if !wanted && age > ORPHAN {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Job, attempt, and whether it is a part.
fn parse(name: &str) -> Option<(&str, i64, bool)> {
    let (rest, part) = match name.strip_suffix(".part") {
        Some(rest) => (rest, true),
        None => (name, false),
    };
    let (id, attempt) = rest.split_once('.')?;
    Some((id, attempt.parse().ok()?, part))
}

/// A result being written. Dropped before it is whole, it is gone.
pub struct Output {
    file: File,
    /// Away once the file has its name.
    part: Option<PathBuf>,
    whole: PathBuf,
    bytes: u64,
    rows: Arc<AtomicU64>,
}

impl Output {
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).await.map_err(unwritten)
    }

    /// Says how many rows there are so far.
    pub fn found(&self, rows: u64) {
        self.rows.store(rows, Ordering::Relaxed);
    }

    /// Gives the file its name, with everything in it on the disk; gives its
    /// size.
    pub(super) async fn keep(mut self) -> Result<u64, Problem> {
        let named = async {
            self.file.flush().await?;
            self.file.sync_all().await?;
            if let Some(part) = &self.part {
                tokio::fs::rename(part, &self.whole).await?;
            }
            io::Result::Ok(())
        };
        named.await.map_err(unwritten)?;
        self.part = None;
        Ok(self.bytes)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            // If this fails, the sweep comes by.
            let _ = std::fs::remove_file(part);
        }
    }
}

pub(super) fn unwritten(error: io::Error) -> Problem {
    tracing::error!(%error, "a result cannot be written");
    Problem::transient(match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "there is no room left for the result; ask for less, or send the job again later"
        }
        _ => "the result could not be written; send the job again later",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_files_have_names_we_read() {
        fn check(name: &str, expected: Option<(&str, i64, bool)>) {
            assert_eq!(parse(name), expected, "{name}");
        }
        check("abc.1", Some(("abc", 1, false)));
        check("abc.12.part", Some(("abc", 12, true)));
        check("abc", None);
        check("abc.txt", None);
        check(".tmpAbCdEf", None);
    }
}
