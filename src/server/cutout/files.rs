//! The file of a dataset: what its `access_url` names, in a directory that the
//! settings allow.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, PathBuf};

use super::super::State;
use super::told;
use crate::files::{Content, Found};
use crate::soda::Fault;

/// Directories whose files may be read.
#[derive(Clone, Debug)]
pub struct Roots(Vec<PathBuf>);

impl Roots {
    pub fn new(roots: Vec<PathBuf>) -> Roots {
        Roots(roots)
    }

    /// Opens a file; symbolic links are followed first, and then it must lie in
    /// one of the directories, which are looked up again each time.
    fn open(&self, path: &std::path::Path) -> Result<File, Fault> {
        let outside = || Fault::unsuited("the file of the dataset is not among those that are cut");
        let real = match path.canonicalize() {
            Ok(real) => real,
            // Of what lies elsewhere nobody learns whether it is there.
            Err(_) if !self.names(path) => return Err(outside()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(gone()),
            Err(_) => return Err(unread()),
        };
        let roots = self.0.iter().filter_map(|root| root.canonicalize().ok());
        if !roots.into_iter().any(|root| real.starts_with(root)) {
            return Err(outside());
        }
        let file = File::open(&real).map_err(|_| unread())?;
        match file.metadata() {
            Ok(about) if about.is_file() => Ok(file),
            _ => Err(outside()),
        }
    }

    /// Whether a path is in one of them by what it is called; one that climbs may
    /// lead anywhere.
    fn names(&self, path: &std::path::Path) -> bool {
        let climbs = path.components().any(|part| part == Component::ParentDir);
        !climbs && self.0.iter().any(|root| path.starts_with(root))
    }
}

fn gone() -> Fault {
    Fault::not_found("the file of the dataset is not there any more")
}

fn unread() -> Fault {
    Fault::broken("the file of the dataset cannot be read")
}

/// The file of a dataset, open: that which its links lead to, or what its row
/// names in the directories of cut-outs.
pub async fn find(state: &State, id: &str) -> Result<File, Fault> {
    let (links, known) = (state.datalink.clone(), id.to_owned());
    let linked = state
        .runtime
        .spawn(async move { links.file(&known, None).await });
    if let Ok(Ok(given)) = linked.await
        && let Found::Here(here) = given.found
        // A member of a zip is a part of a file, or has to be unpacked.
        && let Content::Plain(file, 0) = here.content
    {
        return Ok(file);
    }
    let (service, id) = (state.service.clone(), id.to_owned());
    let asking = state
        .runtime
        .spawn(async move { service.access_url(&id).await });
    let ended = |_| Fault::broken("finding the file ended unexpectedly");
    let url = asking.await.map_err(ended)?.map_err(told)?;
    let url = url.ok_or_else(|| {
        Fault::not_found("there is no dataset with this ID; it is its obs_publisher_did")
    })?;
    let path =
        path(&url).ok_or_else(|| Fault::unsuited("the dataset is no file of this service"))?;
    let roots = state.cutouts.roots.clone();
    let opening = state.runtime.spawn_blocking(move || roots.open(&path));
    opening.await.map_err(ended)?
}

/// The absolute path in a `file:` URI (RFC 8089).
fn path(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("file:")?;
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
        None => rest,
    };
    if !path.starts_with('/') || path.contains(['?', '#']) {
        return None;
    }
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'%', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = str::from_utf8(&digits).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = after;
            }
            (b'%', _) => return None,
            _ => bytes.push(byte),
        }
    }
    let whole = !bytes.contains(&0);
    whole.then(|| PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_name_paths() {
        fn check(url: &str, expected: Option<&str>) {
            assert_eq!(path(url), expected.map(PathBuf::from), "{url}");
        }
        check("file:///a/b%20c.fits", Some("/a/b c.fits"));
        check("file:/a", Some("/a"));
        check("file://localhost/a", Some("/a"));
        check("file://elsewhere/a", None);
        check("file:a", None);
        check("file:///a%00b", None);
        check("file:///a%2", None);
        check("file:///a%zz", None);
        check("http://x/a", None);
        check("", None);
    }

    #[test]
    fn only_files_in_the_directories_are_opened() {
        let inside = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let write = |path: &std::path::Path| std::fs::write(path, b"x").unwrap();
        write(&inside.path().join("a"));
        write(&outside.path().join("b"));
        let link = |to: PathBuf, name: &str| {
            std::os::unix::fs::symlink(to, inside.path().join(name)).unwrap();
        };
        link(outside.path().join("b"), "out");
        link(inside.path().join("a"), "in");
        let roots = Roots::new(vec![inside.path().to_owned(), "/nowhere/at/all".into()]);
        let status = |path: PathBuf| roots.open(&path).map_err(|fault| fault.status).err();
        let there = |name: &str| inside.path().join(name);
        assert_eq!(status(there("a")), None);
        assert_eq!(status(there("in")), None);
        assert_eq!(status(there("out")), Some(422));
        assert_eq!(status(outside.path().join("b")), Some(422));
        assert_eq!(status(outside.path().join("c")), Some(422));
        assert_eq!(status(there("..").join("x")), Some(422));
        assert_eq!(status(there("c")), Some(404));
        assert_eq!(status(inside.path().to_owned()), Some(422));
        assert_eq!(status("/nowhere/at/all/a".into()), Some(404));
    }
}
