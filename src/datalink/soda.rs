//! Descriptions of the service that cuts parts out of datasets (SODA 1.0
//! section 4, <https://www.ivoa.net/documents/SODA/20170604/>).
//!
//! For a few datasets each has its own, whose ranges say what makes sense
//! (section 4.3); for many there is one that takes its ID from the rows.

use adql::sky::{Outline, Region};
use votable::{Datatype, Descriptor, Field, Param};

use super::link::{Goes, Link};
use crate::config::Cutout;

/// `ID` of the description that all share.
pub(super) const SHARED: &str = "cutout";

/// Corners of an outline that is told.
const CORNERS: usize = 100;

/// One for all; none where nobody cuts.
pub(super) fn all(cutout: &Cutout, base: &str) -> Vec<Descriptor> {
    let url = url(cutout, base);
    let one = url.map(|url| described(url, SHARED.to_owned(), None, None));
    one.into_iter().collect()
}

/// One for each of these links that leads to the service, which is made to.
pub(super) fn each(links: &mut [Link], cutout: &Cutout, base: &str) -> Vec<Descriptor> {
    let Some(url) = url(cutout, base) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for link in links {
        if let Goes::Service(cut) = &mut link.goes {
            cut.service = format!("{SHARED}{}", all.len() + 1);
            all.push(described(
                url.clone(),
                cut.service.clone(),
                Some(&link.id),
                cut.region.as_deref(),
            ));
        }
    }
    all
}

fn url(cutout: &Cutout, base: &str) -> Option<String> {
    match cutout {
        Cutout::Nobody => None,
        Cutout::Own => Some(format!("{base}/soda/sync")),
        Cutout::Other(url) => Some(url.clone()),
    }
}

fn described(
    url: String,
    service: String,
    dataset: Option<&str>,
    region: Option<&Region>,
) -> Descriptor {
    let (circle, polygon) = region.map(ranges).unwrap_or_default();
    let shape = |name: &str, size: &str, max, description: &str| Param {
        field: Field {
            arraysize: Some(size.to_owned()),
            unit: Some("deg".to_owned()),
            ucd: Some("pos.outline;obs".to_owned()),
            xtype: Some(name.to_lowercase()),
            max,
            description: Some(description.to_owned()),
            ..Field::new(name, Datatype::Double)
        },
        value: String::new(),
    };
    let id = Param {
        field: Field {
            ucd: Some("meta.ref.url;meta.curation".to_owned()),
            reference: dataset.is_none().then(|| "ID".to_owned()),
            description: Some("The dataset to cut from".to_owned()),
            datatype: match dataset.is_none_or(str::is_ascii) {
                true => Datatype::Char,
                false => Datatype::UnicodeChar,
            },
            ..Field::text("ID")
        },
        value: dataset.unwrap_or_default().to_owned(),
    };
    let pos = Param {
        field: Field {
            ucd: Some("pos.outline;obs".to_owned()),
            description: Some("The region to cut out: CIRCLE, RANGE or POLYGON, ICRS".to_owned()),
            ..Field::text("POS")
        },
        value: String::new(),
    };
    Descriptor {
        id: Some(service),
        name: Some("cutout".to_owned()),
        description: Some("Cuts the part of an image that covers a region of the sky.".to_owned()),
        access_url: url,
        standard_id: Some("ivo://ivoa.net/std/SODA#sync-1.0".to_owned()),
        content_type: Some("application/fits".to_owned()),
        inputs: vec![
            id,
            shape(
                "CIRCLE",
                "3",
                circle,
                "The circle to cut out: centre and radius, ICRS",
            ),
            shape(
                "POLYGON",
                "*",
                polygon,
                "The polygon to cut out: its corners, ICRS",
            ),
            pos,
        ],
        ..Descriptor::default()
    }
}

/// The largest circle and polygon that make sense, as text: round the region,
/// and its outline where it is one of few corners.
fn ranges(region: &Region) -> (Option<String>, Option<String>) {
    let cap = region.bounding_cap();
    let [x, y, z] = cap.centre;
    let (lon, lat) = (
        y.atan2(x).to_degrees().rem_euclid(360.0),
        z.clamp(-1.0, 1.0).asin(),
    );
    let radius = 2.0 * (cap.chord / 2.0).min(1.0).asin();
    // Rounded up, to what an image resolves.
    let radius = (radius.to_degrees() * 1e6).ceil() / 1e6;
    let circle = format!("{lon:.7} {:.7} {radius}", lat.to_degrees());
    let outlines = region.outlines();
    let polygon = match outlines.as_slice() {
        [Outline::Ring(corners)] if (3..=CORNERS).contains(&corners.len()) => {
            let corners = corners.iter().map(|(lon, lat)| format!("{lon} {lat}"));
            Some(corners.collect::<Vec<_>>().join(" "))
        }
        _ => None,
    };
    (Some(circle), polygon)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_go_round_the_dataset() {
        let check = |text: &str, circle: &str, polygon: &str| {
            let (round, outline) = Region::parse(text)
                .map(|it| ranges(&it))
                .unwrap_or_default();
            assert!(
                round.as_deref().unwrap_or_default().starts_with(circle),
                "{round:?}"
            );
            let outline = outline.unwrap_or_default();
            assert!(outline.starts_with(polygon), "{outline}");
        };
        let square = "POLYGON ICRS 10 -1 12 -1 12 1 10 1";
        check(square, "11.0000000 0.0000000 1.41", "10 -1 ");
        check("CIRCLE ICRS 0 90 0.5", "0.0000000 90.0000000 0.5", "");
    }
}
