//! Written by portal/build.mjs.

use super::Asset;

macro_rules! asset {
    ($name:literal, $media_type:literal) => {
        Asset {
            name: $name,
            media_type: $media_type,
            bytes: include_bytes!($name),
        }
    };
}

#[rustfmt::skip]
pub(super) const ALL: [Asset; 16] = [
    asset!("icon-73a4fd42.svg", "image/svg+xml"),
    asset!("inter-latin-wght-normal-NRMW37G5.woff2", "font/woff2"),
    asset!("jetbrains-mono-latin-wght-normal-VBS632QH.woff2", "font/woff2"),
    asset!("jobs-KUZBBY7F.js", "text/javascript;charset=utf-8"),
    asset!("landing-AXYZK3JU.js", "text/javascript;charset=utf-8"),
    asset!("licences.txt", "text/plain;charset=utf-8"),
    asset!("operator-VUQIEX5P.js", "text/javascript;charset=utf-8"),
    asset!("part-CWG5GDCR.js", "text/javascript;charset=utf-8"),
    asset!("part-DLGILB5G.js", "text/javascript;charset=utf-8"),
    asset!("part-SG6Z3FEA.js", "text/javascript;charset=utf-8"),
    asset!("query-YBROE65J.js", "text/javascript;charset=utf-8"),
    asset!("row-5A27GOTA.js", "text/javascript;charset=utf-8"),
    asset!("schema-FSO3SCV5.js", "text/javascript;charset=utf-8"),
    asset!("search-TQ5RJVYH.js", "text/javascript;charset=utf-8"),
    asset!("style-RSINXIYI.css", "text/css;charset=utf-8"),
    asset!("theme-35VFKC45.js", "text/javascript;charset=utf-8"),
];
