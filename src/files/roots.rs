//! Directories that files may be given from.

use std::path::{Component, Path, PathBuf};

use super::{Fault, fault};

/// The directories as the settings name them, and as they truly are; `None`
/// for one that is not there.
#[derive(Debug)]
pub(super) struct Roots<'a>(Vec<(&'a Path, Option<PathBuf>)>);

impl<'a> Roots<'a> {
    pub fn of(roots: &'a [PathBuf]) -> Roots<'a> {
        let look = |root: &'a PathBuf| (root.as_path(), root.canonicalize().ok());
        Roots(roots.iter().map(look).collect())
    }

    /// The true path of what is in one of them: links are followed, and lead
    /// nowhere else.
    pub fn resolve(&self, path: &Path) -> Result<PathBuf, Fault> {
        let within = |path: &Path| {
            let mut there = self.0.iter().filter_map(|(_, root)| root.as_deref());
            there.any(|root| path.starts_with(root))
        };
        match path.canonicalize() {
            Ok(path) if within(&path) => Ok(path),
            Ok(_) => Err(self.missing(path).unwrap_or(Fault::Outside)),
            // Of what is elsewhere nothing is told, not even whether it is there.
            Err(error) => Err(match self.missing(path) {
                Some(missing) => missing,
                None if self.names(path) => fault(&error),
                None => Fault::Outside,
            }),
        }
    }

    /// By what it is called alone.
    fn names(&self, path: &Path) -> bool {
        // A name that climbs may lead anywhere.
        let climbs = path.components().any(|part| part == Component::ParentDir);
        let mut all = self.0.iter();
        !climbs
            && all.any(|(root, there)| {
                path.starts_with(root) || there.as_ref().is_some_and(|it| path.starts_with(it))
            })
    }

    /// It is in a directory that is itself not there.
    fn missing(&self, path: &Path) -> Option<Fault> {
        let mut gone = self.0.iter().filter(|(_, there)| there.is_none());
        gone.any(|(root, _)| path.starts_with(root))
            .then_some(Fault::RootGone)
    }
}
