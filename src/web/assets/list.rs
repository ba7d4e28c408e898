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
    asset!("jobs-UBKBYUI5.js", "text/javascript;charset=utf-8"),
    asset!("landing-FNMKILI2.js", "text/javascript;charset=utf-8"),
    asset!("licences.txt", "text/plain;charset=utf-8"),
    asset!("operator-I72CSX4I.js", "text/javascript;charset=utf-8"),
    asset!("part-46C7OMMA.js", "text/javascript;charset=utf-8"),
    asset!("part-A5JVRPPB.js", "text/javascript;charset=utf-8"),
    asset!("part-EEGLAFO7.js", "text/javascript;charset=utf-8"),
    asset!("part-MQXDC2YK.js", "text/javascript;charset=utf-8"),
    asset!("part-UUZS7TZ7.js", "text/javascript;charset=utf-8"),
    asset!("part-VFNUVMGK.js", "text/javascript;charset=utf-8"),
    asset!("part-YBXV7TFJ.js", "text/javascript;charset=utf-8"),
    asset!("query-O2YBSDLG.js", "text/javascript;charset=utf-8"),
    asset!("row-J5YFE2F4.js", "text/javascript;charset=utf-8"),
    asset!("schema-MYEI3QTP.js", "text/javascript;charset=utf-8"),
    asset!("search-YDF5WWUG.js", "text/javascript;charset=utf-8"),
    asset!("style-YZSGFOFI.css", "text/css;charset=utf-8"),
    asset!("theme-35VFKC45.js", "text/javascript;charset=utf-8"),
];
