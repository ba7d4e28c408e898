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
pub(super) const ALL: [Asset; 20] = [
    asset!("icon-73a4fd42.svg", "image/svg+xml"),
    asset!("inter-latin-wght-normal-NRMW37G5.woff2", "font/woff2"),
    asset!("jetbrains-mono-latin-wght-normal-VBS632QH.woff2", "font/woff2"),
    asset!("jobs-4UOFTBJ4.js", "text/javascript;charset=utf-8"),
    asset!("landing-GEXL4RWW.js", "text/javascript;charset=utf-8"),
    asset!("licences.txt", "text/plain;charset=utf-8"),
    asset!("operator-SDCIREXM.js", "text/javascript;charset=utf-8"),
    asset!("part-34JDZGOX.js", "text/javascript;charset=utf-8"),
    asset!("part-BIMMWAED.js", "text/javascript;charset=utf-8"),
    asset!("part-IHPKYODX.js", "text/javascript;charset=utf-8"),
    asset!("part-NCJEKM7L.js", "text/javascript;charset=utf-8"),
    asset!("part-UOSTMCBW.js", "text/javascript;charset=utf-8"),
    asset!("part-UUZS7TZ7.js", "text/javascript;charset=utf-8"),
    asset!("part-YZO5I3WS.js", "text/javascript;charset=utf-8"),
    asset!("query-JTQWQ7UO.js", "text/javascript;charset=utf-8"),
    asset!("row-GPKPWF7P.js", "text/javascript;charset=utf-8"),
    asset!("schema-EVK6VP5I.js", "text/javascript;charset=utf-8"),
    asset!("search-DXPWHA4Y.js", "text/javascript;charset=utf-8"),
    asset!("style-KFOT2YP3.css", "text/css;charset=utf-8"),
    asset!("theme-35VFKC45.js", "text/javascript;charset=utf-8"),
];
