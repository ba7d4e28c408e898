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
    asset!("jobs-3JCGO6NA.js", "text/javascript;charset=utf-8"),
    asset!("landing-FNMKILI2.js", "text/javascript;charset=utf-8"),
    asset!("licences.txt", "text/plain;charset=utf-8"),
    asset!("operator-X7OHV4HS.js", "text/javascript;charset=utf-8"),
    asset!("part-46C7OMMA.js", "text/javascript;charset=utf-8"),
    asset!("part-HNEFVSDN.js", "text/javascript;charset=utf-8"),
    asset!("part-ISUZ4HPK.js", "text/javascript;charset=utf-8"),
    asset!("part-MQXDC2YK.js", "text/javascript;charset=utf-8"),
    asset!("part-RBQQZHP5.js", "text/javascript;charset=utf-8"),
    asset!("part-UUZS7TZ7.js", "text/javascript;charset=utf-8"),
    asset!("part-YBXV7TFJ.js", "text/javascript;charset=utf-8"),
    asset!("query-3MC7YXB3.js", "text/javascript;charset=utf-8"),
    asset!("row-IVWLGXSQ.js", "text/javascript;charset=utf-8"),
    asset!("schema-NM4H3QSU.js", "text/javascript;charset=utf-8"),
    asset!("search-V6NHIQLJ.js", "text/javascript;charset=utf-8"),
    asset!("style-DN6JJCWV.css", "text/css;charset=utf-8"),
    asset!("theme-35VFKC45.js", "text/javascript;charset=utf-8"),
];
