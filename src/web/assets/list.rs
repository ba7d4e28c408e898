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
pub(super) const ALL: [Asset; 14] = [
    asset!("icon-73a4fd42.svg", "image/svg+xml"),
    asset!("inter-latin-wght-normal-NRMW37G5.woff2", "font/woff2"),
    asset!("jetbrains-mono-latin-wght-normal-VBS632QH.woff2", "font/woff2"),
    asset!("jobs-VUMNU4VK.js", "text/javascript;charset=utf-8"),
    asset!("landing-5EIBO27W.js", "text/javascript;charset=utf-8"),
    asset!("licences.txt", "text/plain;charset=utf-8"),
    asset!("operator-OJRLUFQD.js", "text/javascript;charset=utf-8"),
    asset!("part-5LDI4K34.js", "text/javascript;charset=utf-8"),
    asset!("query-74N75CPW.js", "text/javascript;charset=utf-8"),
    asset!("row-2K4Z7EIE.js", "text/javascript;charset=utf-8"),
    asset!("schema-5FHADCBG.js", "text/javascript;charset=utf-8"),
    asset!("search-7XTIE2HV.js", "text/javascript;charset=utf-8"),
    asset!("style-AAPI4JPN.css", "text/css;charset=utf-8"),
    asset!("theme-35VFKC45.js", "text/javascript;charset=utf-8"),
];
