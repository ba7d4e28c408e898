//! What a request says (SODA 1.0 section 3): which dataset, and which part of
//! the sky.
//!
//! ID, POS, CIRCLE and POLYGON are obeyed, one of each, and one of the three
//! regions; several are refused, which section 3.1 allows. Without a region the
//! file is answered as it is. BAND, TIME and POL have to be of their form; an
//! image has no such axes, so they take nothing away, which the cut-out says.

use adql::sky::Region;

use crate::dali::Params;

use super::Fault;

/// Numbers of a polygon; more would take long to compare with an image.
const NUMBERS: usize = 20_000;

/// A request that is understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub id: String,
    pub region: Option<Region>,
    /// Sentences for the header of the cut-out.
    pub notes: Vec<String>,
}

impl Request {
    /// # Errors
    ///
    /// A parameter is missing, not of its form, or there more than once.
    pub fn read(params: &Params) -> Result<Request, Fault> {
        let id = single(params, "ID")?.filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| {
            Fault::usage("ID is missing: the obs_publisher_did of the dataset to cut")
        })?;
        let mut regions = Vec::new();
        for name in ["POS", "CIRCLE", "POLYGON"] {
            if let Some(value) = single(params, name)? {
                regions.push((name, region(name, value)?));
            }
        }
        if let [(first, _), (second, _), ..] = &regions[..] {
            return Err(Fault::several(format!(
                "{first} and {second} are two regions; ask for one after the other"
            )));
        }
        let region = regions.pop().map(|(_, region)| region);
        let mut notes = vec![format!("SODA 1.0 cut-out of {id}")];
        if let Some(region) = &region {
            notes.push(format!("Region: {}", short(&region.to_string())));
        }
        for (name, axis) in [("BAND", "wavelength"), ("TIME", "time")] {
            if let Some(value) = single(params, name)? {
                interval(name, value)?;
                notes.push(ignored(name, value, axis));
            }
        }
        // The only one that may always be repeated (section 3.3.7).
        for value in params.all("POL") {
            state(value)?;
            notes.push(ignored("POL", value, "polarization"));
        }
        Ok(Request {
            id: id.to_owned(),
            region,
            notes,
        })
    }
}

fn ignored(name: &str, value: &str, axis: &str) -> String {
    format!("{name} {value} was ignored: an image has no axis of {axis} to cut")
}

/// Long regions are known by their beginning.
fn short(text: &str) -> String {
    const MOST: usize = 600;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
    }
}

/// Section 3.1.
fn single<'a>(params: &'a Params, name: &str) -> Result<Option<&'a str>, Fault> {
    match params.single(name) {
        Ok(value) => Ok(value.map(str::trim)),
        Err(_) => Err(Fault::several(format!(
            "{name} has several values; ask for one after the other"
        ))),
    }
}

fn region(name: &str, value: &str) -> Result<Region, Fault> {
    let wrong = |reason: String| Fault::usage(format!("{name}={}: {reason}", short(value)));
    let (word, numbers) = match name {
        "POS" => {
            let (word, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
            (word.to_ascii_uppercase(), rest)
        }
        name => (name.to_owned(), value),
    };
    let numbers = numbers
        .split_whitespace()
        .map(|number| number_of(number).ok_or_else(|| wrong(format!("{number} is no number"))))
        .collect::<Result<Vec<f64>, Fault>>()?;
    if numbers.len() > NUMBERS {
        return Err(wrong(format!("it has more than {} vertices", NUMBERS / 2)));
    }
    let count = |expected: &str| {
        wrong(format!(
            "{word} needs {expected}, in degrees; these are {}",
            numbers.len()
        ))
    };
    let region = match (word.as_str(), &numbers[..]) {
        ("CIRCLE", [lon, lat, radius]) => Region::circle(*lon, *lat, *radius),
        ("CIRCLE", _) => return Err(count("three numbers")),
        ("POLYGON", numbers) if numbers.len() >= 6 && numbers.len().is_multiple_of(2) => {
            let pairs = numbers.as_chunks::<2>().0;
            let vertices: Vec<(f64, f64)> = pairs.iter().map(|[lon, lat]| (*lon, *lat)).collect();
            Region::polygon(&vertices)
        }
        ("POLYGON", _) => return Err(count("three pairs of numbers or more")),
        ("RANGE", [lon1, lon2, lat1, lat2]) => {
            // Open ends (section 3.3.1) are those of the sky.
            let closed = |end: f64, at: f64| if end.is_finite() { end } else { at };
            let (lon1, lon2) = (closed(*lon1, 0.0), closed(*lon2, 360.0));
            let (lat1, lat2) = (closed(*lat1, -90.0), closed(*lat2, 90.0));
            Region::parse(&format!("RANGE {lon1} {lon2} {lat1} {lat2}"))
        }
        ("RANGE", _) => return Err(count("four numbers")),
        _ => {
            return Err(wrong(
                "a region begins with CIRCLE, RANGE or POLYGON".into(),
            ));
        }
    };
    region.map_err(|error| wrong(error.to_string()))
}

/// Also `+Inf` and `-Inf`, as DALI 1.1 section 3.3.4 writes open ends.
fn number_of(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    (!number.is_nan()).then_some(number)
}

fn interval(name: &str, value: &str) -> Result<(), Fault> {
    let numbers: Option<Vec<f64>> = value.split_whitespace().map(number_of).collect();
    match numbers.as_deref() {
        Some([_]) => Ok(()),
        Some([least, most]) if least <= most => Ok(()),
        _ => Err(Fault::usage(format!(
            "{name}={}: an interval is two numbers, the lower one first",
            short(value)
        ))),
    }
}

fn state(value: &str) -> Result<(), Fault> {
    // ObsCore 1.1 section B.6.6.
    const STATES: [&str; 20] = [
        "I", "Q", "U", "V", "RR", "LL", "RL", "LR", "XX", "YY", "XY", "YX", "POLI", "POLA", "EI",
        "EQ", "EU", "EV", "PF", "PA",
    ];
    match STATES.contains(&value.trim()) {
        true => Ok(()),
        false => Err(Fault::usage(format!(
            "POL={}: a state of polarization is one of {}",
            short(value),
            STATES.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::Word;
    use super::*;

    fn read(text: &str) -> Result<Request, Fault> {
        let mut params = Params::default();
        params.add_encoded(text.as_bytes());
        Request::read(&params)
    }

    #[test]
    fn regions_are_read() {
        fn check(text: &str, expected: Option<&str>) {
            let region = read(&format!("ID=a&{text}")).unwrap().region;
            let region = region.map(|region| region.to_string());
            assert_eq!(region.as_deref(), expected, "{text}");
        }
        check("", None);
        check("CIRCLE=12 34 0.5", Some("Circle ICRS 12 34 0.5"));
        check("POS=circle 12 34 0.5", Some("Circle ICRS 12 34 0.5"));
        check(
            "circle=12+34+0.5&CIRCLE=12 34 0.5",
            Some("Circle ICRS 12 34 0.5"),
        );
        check("POLYGON=1 1 2 1 2 2", Some("Polygon ICRS 1 1 2 1 2 2"));
        check("POS=RANGE 0 360 -2 2", Some("Range ICRS 0 360 -2 2"));
        check(
            "POS=RANGE 12 %2BInf -Inf 2",
            Some("Range ICRS 12 360 -90 2"),
        );
    }

    #[test]
    fn faults_begin_with_their_word() {
        fn check(text: &str, word: Word, part: &str) {
            let fault = read(text).unwrap_err();
            assert_eq!(fault.word, word, "{text}: {fault}");
            assert!(fault.message.contains(part), "{text}: {fault}");
        }
        check("CIRCLE=1 2 3", Word::UsageError, "ID is missing");
        check("ID=&CIRCLE=1 2 3", Word::UsageError, "ID is missing");
        check(
            "ID=a&ID=b",
            Word::MultiValuedParamNotSupported,
            "ID has several",
        );
        let two = "ID=a&CIRCLE=1 2 3&CIRCLE=1 2 4";
        check(
            two,
            Word::MultiValuedParamNotSupported,
            "CIRCLE has several",
        );
        let two = "ID=a&CIRCLE=1 2 3&POS=CIRCLE 1 2 4";
        check(two, Word::MultiValuedParamNotSupported, "POS and CIRCLE");
        check("ID=a&CIRCLE=1 2", Word::UsageError, "three numbers");
        check("ID=a&CIRCLE=1 2 x", Word::UsageError, "x is no number");
        check("ID=a&CIRCLE=1 92 1", Word::UsageError, "92");
        check("ID=a&CIRCLE=1 2 -1", Word::UsageError, "radius");
        check("ID=a&CIRCLE=NaN 2 1", Word::UsageError, "NaN is no number");
        check("ID=a&POS=BOX 1 2 3 4", Word::UsageError, "begins with");
        check("ID=a&POS=", Word::UsageError, "begins with");
        check("ID=a&POLYGON=1 2 3 4 5", Word::UsageError, "three pairs");
        check("ID=a&POLYGON=1 0 2 0 3 0", Word::UsageError, "POLYGON");
        check("ID=a&BAND=x", Word::UsageError, "interval");
        check("ID=a&TIME=5 4", Word::UsageError, "lower one first");
        check("ID=a&POL=Z", Word::UsageError, "polarization");
    }

    #[test]
    fn what_is_ignored_is_said() {
        let request = read("ID=a&BAND=5e-7 %2BInf&POL=I&POL=V").unwrap();
        let said = request.notes.join("\n");
        assert!(said.contains("BAND 5e-7 +Inf was ignored"), "{said}");
        assert!(said.contains("POL V was ignored"), "{said}");
    }
}
