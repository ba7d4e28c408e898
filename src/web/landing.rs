//! The first page: what is here, how fresh, and how to ask. It is whole without
//! scripts; with them the map is drawn and ages go on.

use std::fmt::Write;

use adql::{Catalog, time};

use super::shell::{Site, filled};
use crate::output::escaped;
use crate::tap::{Facts, Group};
use crate::vosi::examples::Example;

const PAGE: &str = include_str!("landing.html");

/// Examples that are shown.
const EXAMPLES: usize = 6;
/// Values of a group that are shown.
const VALUES: usize = 8;

/// What the page tells.
pub struct Landing<'a> {
    pub site: Site<'a>,
    pub catalog: &'a Catalog,
    /// `None` before anything has been counted.
    pub facts: Option<&'a Facts>,
    pub examples: &'a [Example],
}

impl Landing<'_> {
    /// The markup between head and foot.
    pub fn main(&self) -> String {
        let root = escaped(self.site.root());
        filled(PAGE, |mark| match mark {
            "root" => root.clone(),
            "base" => escaped(self.site.base),
            "count" => self.count(),
            "title" => escaped(self.site.title),
            "about" => escaped(self.site.description),
            "groups" => self.groups(),
            "tables" => self.tables(),
            "examples" => self.examples(),
            _ => String::new(),
        })
    }

    fn count(&self) -> String {
        let Some(facts) = self.facts else {
            return "<div><dt>Observations</dt><dd>being counted …</dd></div>".to_owned();
        };
        let mut told = String::new();
        let mut tell = |name: &str, value: String| {
            // Writing to a String cannot fail.
            let _ = write!(told, "<div><dt>{name}</dt><dd>{value}</dd></div>");
        };
        tell("Observations", grouped(facts.rows));
        for (column, one, more) in [
            ("obs_collection", "Collection", "Collections"),
            ("instrument_name", "Instrument", "Instruments"),
        ] {
            let count = facts.groups.get(column).map_or(0, Vec::len);
            let name = if count == 1 { one } else { more };
            tell(name, grouped(count as u64));
        }
        if let (Some(first), Some(last)) = (facts.first, facts.last) {
            tell("From", day(first));
            tell("To", day(last));
            let moment = moment(last);
            tell(
                "Newest",
                format!(
                    "<time id=\"newest\" datetime=\"{moment}Z\">{}</time>",
                    moment.replace('T', " ")
                ),
            );
        }
        told
    }

    fn groups(&self) -> String {
        let Some(facts) = self.facts.filter(|facts| facts.rows > 0) else {
            return "<p class=\"dim\">Nothing has been loaded yet, or it has not been counted.</p>"
                .to_owned();
        };
        let mut told = String::new();
        for (column, title) in [
            ("obs_collection", "Collections"),
            ("instrument_name", "Instruments"),
            ("facility_name", "Facilities"),
            ("dataproduct_type", "Kinds of data"),
        ] {
            let Some(groups) = facts.groups.get(column) else {
                continue;
            };
            let _ = write!(told, "<div class=\"card group\"><h3>{title}</h3><ul>");
            let most = groups.iter().map(|it| it.rows).max().unwrap_or(1).max(1);
            for group in groups.iter().take(VALUES) {
                told.push_str(&self.value(column, group, most));
            }
            told.push_str("</ul>");
            if groups.len() > VALUES {
                let _ = write!(
                    told,
                    "<p class=\"dim\">and {} more</p>",
                    groups.len() - VALUES
                );
            }
            told.push_str("</div>");
        }
        told.push_str(&bands(facts));
        told
    }

    fn value(&self, column: &str, group: &Group, most: u64) -> String {
        let link = format!(
            "{}/search#{column}={}",
            self.site.root(),
            crate::dali::encoded(&group.value)
        );
        format!(
            "<li><a href=\"{}\">{}</a> <span class=\"num\">{}</span>\
             <meter min=\"0\" max=\"{most}\" value=\"{}\" aria-hidden=\"true\"></meter></li>",
            escaped(&link),
            escaped(&group.value),
            grouped(group.rows),
            group.rows
        )
    }

    fn examples(&self) -> String {
        let mut told = String::new();
        for example in self.examples.iter().take(EXAMPLES) {
            let query = crate::dali::encoded(&example.query);
            let root = escaped(self.site.root());
            let _ = write!(
                told,
                "<article class=\"card\"><h3>{}</h3><p class=\"dim\">{}</p><pre>{}</pre>\
                 <div class=\"row\"><a class=\"btn small\" href=\"{root}/query#adql={query}&amp;run\">Run it</a>\
                 <a class=\"btn small quiet\" href=\"{root}/tap/sync?LANG=ADQL&amp;MAXREC=200&amp;RESPONSEFORMAT=html&amp;QUERY={query}\">As a plain page</a></div></article>",
                escaped(&example.name),
                escaped(example.description.as_deref().unwrap_or_default()),
                escaped(&example.query),
            );
        }
        told
    }

    fn tables(&self) -> String {
        let mut told = String::new();
        let root = escaped(self.site.root());
        for table in self.catalog.tables() {
            let name = table.full_name();
            let _ = writeln!(
                told,
                "<tr><td><a href=\"{root}/schema#{encoded}\"><code>{name}</code></a></td><td>{text}</td><td class=\"r\">{count}</td></tr>",
                encoded = crate::dali::encoded(&name),
                name = escaped(&name),
                count = table.columns.len(),
                text = escaped(table.description.as_deref().unwrap_or_default()),
            );
        }
        told
    }
}

/// Ranges of wavelength on a common scale, as an image.
fn bands(facts: &Facts) -> String {
    let ends = |pick: fn(f64, f64) -> f64, of: fn(&crate::tap::Band) -> f64| {
        facts.bands.iter().map(of).reduce(pick)
    };
    let (Some(low), Some(high)) = (
        ends(f64::min, |it| it.shortest),
        ends(f64::max, |it| it.longest),
    ) else {
        return String::new();
    };
    let (low, high) = ((low * 0.9).log10(), (high * 1.1).log10());
    let place = |metres: f64| 100.0 * (metres.log10() - low) / (high - low);
    let most = facts
        .bands
        .iter()
        .map(|it| it.rows)
        .max()
        .unwrap_or(1)
        .max(1) as f64;
    let mut told = String::from(
        "<div class=\"card group bands\"><h3>Wavelengths</h3><svg viewBox=\"0 0 100 34\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
    );
    for band in &facts.bands {
        let (from, to) = (place(band.shortest), place(band.longest));
        let height = 6.0 + 28.0 * (band.rows as f64 / most).sqrt();
        let _ = write!(
            told,
            "<rect x=\"{from:.2}\" width=\"{:.2}\" y=\"{:.2}\" height=\"{height:.2}\" rx=\"0.4\"/>",
            (to - from).max(0.4),
            34.0 - height,
        );
    }
    let _ = write!(
        told,
        "</svg><p class=\"ends num\"><span>{}</span><span>{}</span></p><p class=\"dim\">{} ranges, the higher the more observations</p></div>",
        wavelength(10f64.powf(low)),
        wavelength(10f64.powf(high)),
        facts.bands.len(),
    );
    told
}

/// In the unit that people use for it.
fn wavelength(metres: f64) -> String {
    let (number, unit) = match metres {
        m if m < 1e-8 => (m * 1e10, "Å"),
        m if m < 1e-6 => (m * 1e9, "nm"),
        m if m < 1e-3 => (m * 1e6, "µm"),
        m if m < 1.0 => (m * 1e3, "mm"),
        m => (m, "m"),
    };
    match number {
        n if n >= 10.0 => format!("{n:.0} {unit}"),
        n => format!("{n:.2} {unit}"),
    }
}

/// With thin spaces between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            told.push('\u{202f}');
        }
        told.push(digit);
    }
    told
}

/// Microseconds since 2000 of a Modified Julian Date.
fn micros(mjd: f64) -> i64 {
    ((mjd - 51_544.0) * 86_400e6).round() as i64
}

/// To the second, UTC.
fn moment(mjd: f64) -> String {
    let micros = micros(mjd);
    time::format(micros - micros.rem_euclid(1_000_000))
}

fn day(mjd: f64) -> String {
    moment(mjd).chars().take_while(|c| *c != 'T').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: Site<'static> = Site {
        base: "https://sky.example/obs",
        title: "The <sky>",
        description: "{{tables}}",
        resolver: None,
        aladin: None,
    };

    #[test]
    fn the_page_tells_what_there_is() {
        let group = |value: &str, rows| Group {
            value: value.to_owned(),
            rows,
            first: None,
            last: None,
        };
        let facts = Facts {
            rows: 1_234_567,
            first: Some(51_544.0),
            last: Some(60_000.5),
            groups: [("obs_collection", vec![group("<i>", 5), group("a&b", 3)])].into(),
            bands: vec![crate::tap::Band {
                shortest: 4e-7,
                longest: 5e-7,
                rows: 9,
            }],
        };
        let page = Landing {
            site: SITE,
            catalog: &Catalog::default(),
            facts: Some(&facts),
            examples: &[],
        };
        let told = page.main();
        for part in [
            "1\u{202f}234\u{202f}567",
            "<dd>2000-01-01</dd>",
            "datetime=\"2023-02-25T12:00:00Z\"",
            "&lt;i&gt;",
            "search#obs_collection=a%26b",
            "https://sky.example/obs/tap/sync",
            "360 nm",
            "<p class=\"lead\">{{tables}}</p>",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let empty = Landing {
            facts: None,
            ..page
        };
        assert!(empty.main().contains("being counted"));
    }

    #[test]
    fn wavelengths_have_the_unit_of_their_people() {
        fn check(metres: f64, expected: &str) {
            assert_eq!(wavelength(metres), expected);
        }
        check(1e-10, "1.00 Å");
        check(5.5e-7, "550 nm");
        check(2.2e-6, "2.20 µm");
        check(0.0013, "1.30 mm");
        check(0.21, "210 mm");
    }
}
