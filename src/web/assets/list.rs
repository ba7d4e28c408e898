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
pub(super) const ALL: [Asset; 21] = [
    asset!("icon-73a4fd42.svg", "image/svg+xml"),
    asset!("inter-latin-wght-normal-NRMW37G5.woff2", "font/woff2"),
    asset!("jetbrains-mono-latin-wght-normal-VBS632QH.woff2", "font/woff2"),
    asset!("jobs-3SHNW3ZH.js", "text/javascript;charset=utf-8"),
    asset!("landing-XZ4RQQJ4.js", "text/javascript;charset=utf-8"),
    asset!("licences.txt", "text/plain;charset=utf-8"),
    asset!("operator-VUQIEX5P.js", "text/javascript;charset=utf-8"),
    asset!("part-A5Q6CN3N.js", "text/javascript;charset=utf-8"),
    asset!("part-G5POARQL.js", "text/javascript;charset=utf-8"),
    asset!("part-GKVEP2CI.js", "text/javascript;charset=utf-8"),
    asset!("part-HNEFVSDN.js", "text/javascript;charset=utf-8"),
    asset!("part-IEP44OUM.js", "text/javascript;charset=utf-8"),
    asset!("part-SG6Z3FEA.js", "text/javascript;charset=utf-8"),
    asset!("part-UUZS7TZ7.js", "text/javascript;charset=utf-8"),
    asset!("part-WYQKNBMX.js", "text/javascript;charset=utf-8"),
    asset!("query-HT7FFMEI.js", "text/javascript;charset=utf-8"),
    asset!("row-POXJJHIH.js", "text/javascript;charset=utf-8"),
    asset!("schema-IOESSDFV.js", "text/javascript;charset=utf-8"),
    asset!("search-OTBK6SON.js", "text/javascript;charset=utf-8"),
    asset!("style-6DIEHFGB.css", "text/css;charset=utf-8"),
    asset!("theme-35VFKC45.js", "text/javascript;charset=utf-8"),
];
