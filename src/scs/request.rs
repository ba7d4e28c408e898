//! RA, DEC, SR and VERB (SCS 1.03 section 2.1).

use crate::dali::{Params, encoded};
use crate::input::shown;
use crate::obscore::columns::name;
use crate::obscore::declared;
use crate::tap::Fault;

/// All within `radius` of a position; degrees, ICRS.
#[derive(Clone, Debug, PartialEq)]
pub struct Cone {
    pub ra: f64,
    pub dec: f64,
    pub radius: f64,
    pub verbosity: Verbosity,
}

/// VERB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// What it is, where, and where to get it.
    Least,
    /// The columns that ObsCore asks of every archive.
    Usual,
    All,
}

/// Columns of the least verbose answers.
const LEAST: [&str; 8] = [
    name::PUBLISHER_DID,
    name::RA,
    name::DEC,
    "dataproduct_type",
    "obs_collection",
    "t_min",
    "access_url",
    "access_format",
];

impl Cone {
    /// ```
    /// use obstap::{dali::Params, scs::Cone};
    /// let mut params = Params::default();
    /// params.add_encoded(b"RA=180.567&DEC=-30.45&SR=0.0125&VERB=3");
    /// assert_eq!(
    ///     Cone::read(&params)?.adql(),
    ///     "SELECT * FROM ivoa.obscore \
    ///      WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(180.567, -30.45, 0.0125))"
    /// );
    /// # Ok::<(), obstap::tap::Fault>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A number that is missing, is none, or is out of its range (section 2.3).
    pub fn read(params: &Params) -> Result<Cone, Fault> {
        Ok(Cone {
            ra: number(params, "RA", 0.0, 360.0)?,
            dec: number(params, "DEC", -90.0, 90.0)?,
            radius: number(params, "SR", 0.0, 180.0)?,
            verbosity: match given(params, "VERB")? {
                Some("1") => Verbosity::Least,
                None | Some("2") => Verbosity::Usual,
                Some("3") => Verbosity::All,
                Some(other) => {
                    return Err(Fault::usage(format!(
                        "VERB={} is not known; it may be 1, 2 or 3",
                        shown(other)
                    )));
                }
            },
        })
    }

    pub fn adql(&self) -> String {
        let columns = match self.verbosity {
            Verbosity::Least => LEAST.join(", "),
            Verbosity::Usual => usual().join(", "),
            Verbosity::All => "*".to_owned(),
        };
        let Cone {
            ra, dec, radius, ..
        } = self;
        format!(
            "SELECT {columns} FROM ivoa.obscore \
             WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE({ra:?}, {dec:?}, {radius:?}))"
        )
    }

    /// An address of the same answer, relative to the one asked; the name of a
    /// format is to be put at its end.
    pub fn address(&self, maxrec: u64) -> Option<String> {
        let verbosity = match self.verbosity {
            Verbosity::Least => 1,
            Verbosity::Usual => 2,
            Verbosity::All => 3,
        };
        let number = |value: f64| encoded(&format!("{value:?}"));
        Some(format!(
            "?RA={}&DEC={}&SR={}&VERB={verbosity}&MAXREC={maxrec}&RESPONSEFORMAT=",
            number(self.ra),
            number(self.dec),
            number(self.radius)
        ))
    }
}

/// The mandatory columns of the standard. Extra columns are left to VERB=3.
fn usual() -> Vec<String> {
    let standard = declared(&[]).unwrap_or_default();
    let principal = standard.iter().filter(|column| column.principal());
    principal.map(|column| column.name().to_owned()).collect()
}

/// What is said, if anything is.
fn given<'a>(params: &'a Params, name: &str) -> Result<Option<&'a str>, Fault> {
    let value = params.single(name)?.map(str::trim);
    Ok(value.filter(|value| !value.is_empty()))
}

/// A number of degrees.
fn number(params: &Params, name: &str, least: f64, most: f64) -> Result<f64, Fault> {
    let Some(text) = given(params, name)? else {
        return Err(Fault::usage(format!(
            "parameter {name} is missing; a search needs RA, DEC and SR, in degrees"
        )));
    };
    let wrong = |why: String| Fault::usage(format!("{name}={} {why}", shown(text)));
    let value: f64 = text
        .parse()
        .map_err(|_| wrong("is not a number".to_owned()))?;
    match (least..=most).contains(&value) {
        // Minus zero is zero.
        true => Ok(value + 0.0),
        false => Err(wrong(format!("is not between {least} and {most} degrees"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Cone, String> {
        let mut params = Params::default();
        params.add_encoded(text.as_bytes());
        Cone::read(&params).map_err(|fault| fault.message().to_owned())
    }

    #[test]
    fn three_numbers_and_a_verbosity() {
        fn check(text: &str, ra: f64, dec: f64, radius: f64, verbosity: Verbosity) {
            let expected = Cone {
                ra,
                dec,
                radius,
                verbosity,
            };
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        check("RA=1&DEC=2&SR=3", 1.0, 2.0, 3.0, Verbosity::Usual);
        check(
            "ra=360&dec=-90&sr=180&verb=1",
            360.0,
            -90.0,
            180.0,
            Verbosity::Least,
        );
        check(
            "RA=1e-3&DEC=%2B2.&SR=0&VERB=3&x=y",
            0.001,
            2.0,
            0.0,
            Verbosity::All,
        );
        check("RA=1&DEC=2&SR=3&VERB=", 1.0, 2.0, 3.0, Verbosity::Usual);
    }

    #[test]
    fn what_is_wrong_is_said() {
        fn check(text: &str, message: &str) {
            assert_eq!(read(text), Err(message.to_owned()), "{text}");
        }
        let missing = |name| {
            format!("parameter {name} is missing; a search needs RA, DEC and SR, in degrees")
        };
        check("", &missing("RA"));
        check("RA=1&SR=1", &missing("DEC"));
        check("RA=1&DEC=1&SR=", &missing("SR"));
        check("RA=as3f&DEC=1&SR=1", "RA=\"as3f\" is not a number");
        check(
            "RA=1&DEC=91.0&SR=1",
            "DEC=\"91.0\" is not between -90 and 90 degrees",
        );
        check(
            "RA=-1&DEC=1&SR=1",
            "RA=\"-1\" is not between 0 and 360 degrees",
        );
        check(
            "RA=1&DEC=1&SR=-0.1",
            "SR=\"-0.1\" is not between 0 and 180 degrees",
        );
        check(
            "RA=NaN&DEC=1&SR=1",
            "RA=\"NaN\" is not between 0 and 360 degrees",
        );
        check(
            "RA=1&DEC=1&SR=Inf",
            "SR=\"Inf\" is not between 0 and 180 degrees",
        );
        check(
            "RA=1&DEC=1&SR=1&VERB=4",
            "VERB=\"4\" is not known; it may be 1, 2 or 3",
        );
        check(
            "RA=1&RA=2&DEC=1&SR=1",
            "parameter RA is given more than once, with different values; give it once",
        );
    }

    #[test]
    fn verbosity_chooses_the_columns() {
        let adql = |verb| read(&format!("RA=1&DEC=2&SR=3&VERB={verb}")).map(|cone| cone.adql());
        let count = |verb| {
            adql(verb).map(|text| {
                text.split(" FROM ")
                    .next()
                    .map_or(0, |it| it.split(',').count())
            })
        };
        assert_eq!((count(1), count(2), count(3)), (Ok(8), Ok(30), Ok(1)));
    }
}
