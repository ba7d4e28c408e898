//! What pages are drawn with: scripts, styles, fonts. Built from `portal/` and
//! named by their content, so that whoever has a file never asks for it again.

mod list;

use std::io::Write;
use std::sync::{LazyLock, OnceLock};

use flate2::Compression;
use flate2::write::GzEncoder;

/// A file.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    pub name: &'static str,
    pub media_type: &'static str,
    pub bytes: &'static [u8],
}

/// Files that are larger compressed, or hardly smaller.
const PACKED: [&str; 1] = ["font/woff2"];

static COMPRESSED: LazyLock<Vec<OnceLock<Vec<u8>>>> =
    LazyLock::new(|| list::ALL.iter().map(|_| OnceLock::new()).collect());

impl Asset {
    pub fn named(name: &str) -> Option<&'static Asset> {
        list::ALL.iter().find(|asset| asset.name == name)
    }

    /// The file of one source: `style.css` is `style-ABCDEFGH.css`.
    pub fn of(source: &str) -> Option<&'static Asset> {
        let (stem, extension) = source.split_once('.')?;
        list::ALL.iter().find(|asset| {
            let hash = asset
                .name
                .strip_prefix(stem)
                .and_then(|rest| rest.strip_prefix('-'))
                .and_then(|rest| rest.strip_suffix(extension));
            hash.is_some_and(|hash| hash.len() == 9 && hash.ends_with('.'))
        })
    }

    /// The bytes as gzip, made once; `None` where that is no use.
    pub fn gzip(&self) -> Option<&'static [u8]> {
        if PACKED.contains(&self.media_type) {
            return None;
        }
        let place = list::ALL.iter().position(|asset| asset.name == self.name)?;
        let packed = COMPRESSED.get(place)?.get_or_init(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            // Writing to a Vec cannot fail.
            let _ = encoder.write_all(self.bytes);
            encoder.finish().unwrap_or_default()
        });
        Some(packed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_found_by_name() {
        let check = |source: &str, there: bool| {
            assert_eq!(Asset::of(source).is_some(), there, "{source}");
        };
        for page in crate::web::Page::ALL {
            check(&format!("{}.js", page.entry()), true);
        }
        check("theme.js", true);
        check("style.css", true);
        check("icon.svg", true);
        check("part.css", false);
        check("style", false);
        assert!(Asset::named("licences.txt").is_some());
        assert!(Asset::named("mod.rs").is_none());
    }

    #[test]
    fn texts_are_smaller_compressed() {
        for asset in &list::ALL {
            if let Some(packed) = asset.gzip() {
                assert!(
                    packed.len() < asset.bytes.len() || asset.bytes.len() < 300,
                    "{}",
                    asset.name
                );
            }
        }
    }
}
