//! From pixels to the sky, as an image's header says it (FITS 4.0 section 8;
//! Greisen & Calabretta 2002, A&A 395, 1061, "Paper I"; Calabretta & Greisen
//! 2002, A&A 395, 1077, "Paper II").
//!
//! Projections: TAN, SIN (slanted too), NCP, ARC, ZEA, STG, ZPN, CAR, CEA, MER,
//! SFL, PAR, MOL, AIT and HPX; with SIP; TPV, and TAN with such terms as SCAMP
//! writes it. Frames: ICRS, FK5 of any equinox, FK4 of 1950, galactic,
//! supergalactic, ecliptic of 2000.
//!
//! Left out, and refused rather than passed over: other projections, distortions
//! by look-up tables (CPDIS, D2IM), TNX, ZPX, TPD, the polynomials of DSS plates,
//! a fiducial point of one's own (PVi_0 to PVi_2), axes that mix the sky with
//! something else.
//!
//! # Why only in one direction?
//!
//! Pixels to the sky is the direction that headers define: every pixel has one
//! position, SIP and TPV are exact, and no position is looked for where a
//! polynomial says nothing. Which pixels a region meets is found by asking them
//! (see `window`).
//!
//! # Why none of the crates for it?
//!
//! Looked at were `wcs` 0.4.2 with `mapproj` 0.4.0 (CDS): no TPV; SIP's
//! polynomials are evaluated with squared powers and without their constant, and
//! have no inverse without AP and BP; FK4 and ecliptic coordinates are taken for
//! ICRS; a short CTYPE ends the program. `fitsio` needs a library in C, and has
//! no WCS. The formulas are short.

mod distortion;
mod projection;
mod sphere;

use std::collections::BTreeSet;

use adql::sky::Rotation;

use super::Fault;
use super::fits::header::Cards;
use distortion::{Sip, Tpv};
use projection::Projection;
use sphere::Pole;

/// Axes of a WCS that are looked at.
const AXES: usize = 20;

/// Where the pixels of an image are in the sky.
#[derive(Clone, Debug, PartialEq)]
pub struct Wcs {
    /// The axes of the image (the first is 0) that lead through the sky.
    pub axes: [usize; 2],
    /// Where on these axes the reference pixel is, the first pixel being 1.
    reference: [f64; 2],
    sip: Option<Sip>,
    /// Degrees of longitude and latitude in the plane, by pixels.
    matrix: [[f64; 2]; 2],
    tpv: Option<Tpv>,
    projection: Projection,
    pole: Pole,
    frame: Rotation,
}

impl Wcs {
    /// The first celestial WCS of a header with so many axes: the one without a
    /// letter, then A to Z. None where there is no celestial one.
    ///
    /// # Errors
    ///
    /// One that cannot be followed.
    pub fn read(cards: &Cards, axes: usize) -> Result<Option<Wcs>, Fault> {
        let letters = ('A'..='Z').map(String::from);
        for alternate in std::iter::once(String::new()).chain(letters) {
            if let Some(found) = Reader::find(cards, axes, &alternate)? {
                return found.read().map(Some);
            }
        }
        // Before WCS: the plate's polynomial alone.
        if cards.has("AMDX1") {
            return Err(plate());
        }
        Ok(None)
    }

    /// The unit vector (ICRS) of a position on the two axes, where the middle of
    /// the first pixel is 1; none where there is no sky.
    pub fn sky(&self, pixel: [f64; 2]) -> Option<[f64; 3]> {
        let (mut u, mut v) = (pixel[0] - self.reference[0], pixel[1] - self.reference[1]);
        if let Some(sip) = &self.sip {
            (u, v) = sip.straightened(u, v);
        }
        let [of_lon, of_lat] = self.matrix;
        let mut x = of_lon[0] * u + of_lon[1] * v;
        let mut y = of_lat[0] * u + of_lat[1] * v;
        if let Some(tpv) = &self.tpv {
            (x, y) = tpv.straightened(x, y);
        }
        let (phi, theta) = self.projection.native(x, y)?;
        let v = self.pole.celestial(phi, theta);
        let rows = self.frame.0;
        let icrs = rows.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);
        icrs.iter().all(|it| it.is_finite()).then_some(icrs)
    }
}

/// A celestial pair of axes among those of one WCS.
struct Reader<'a> {
    cards: &'a Cards,
    alternate: &'a str,
    /// Axes of the image.
    image: usize,
    /// Axes of the world: longitude and latitude, from 1.
    lon: usize,
    lat: usize,
    /// What CTYPE of the longitude begins with.
    kind: String,
    /// The three letters, and what follows.
    code: String,
    suffix: String,
}

/// `RA---TAN-SIP` gives `RA`, `TAN` and `-SIP`.
fn parts(ctype: &str) -> (String, String, String) {
    let ctype = ctype.trim().to_ascii_uppercase();
    let part = |range: std::ops::Range<usize>| {
        let end = range.end.min(ctype.len());
        ctype.get(range.start.min(end)..end).unwrap_or_default()
    };
    let kind = part(0..4).trim_end_matches('-').to_owned();
    (kind, part(5..8).to_owned(), part(8..80).to_owned())
}

impl<'a> Reader<'a> {
    fn find(
        cards: &'a Cards,
        image: usize,
        alternate: &'a str,
    ) -> Result<Option<Reader<'a>>, Fault> {
        let mut lon = None;
        let mut lat = None;
        for axis in 1..=AXES {
            let ctype = cards.text(&format!("CTYPE{axis}{alternate}"));
            let (kind, code, suffix) = parts(&ctype.unwrap_or_default());
            match kind.as_str() {
                "RA" | "GLON" | "SLON" | "ELON" => {
                    lon = lon.or(Some((axis, kind, code, suffix)));
                }
                "DEC" | "GLAT" | "SLAT" | "ELAT" => lat = lat.or(Some((axis, kind, code, suffix))),
                _ => {}
            }
        }
        let (Some((lon, kind, code, suffix)), Some((lat, other, its_code, its_suffix))) =
            (lon, lat)
        else {
            return Ok(None);
        };
        let pairs = [
            ("RA", "DEC"),
            ("GLON", "GLAT"),
            ("SLON", "SLAT"),
            ("ELON", "ELAT"),
        ];
        if !pairs.contains(&(kind.as_str(), other.as_str()))
            || code != its_code
            || suffix != its_suffix
        {
            return Err(Fault::unsuited(
                "the CTYPE of its longitude and its latitude do not agree",
            ));
        }
        Ok(Some(Reader {
            cards,
            alternate,
            image,
            lon,
            lat,
            kind,
            code,
            suffix,
        }))
    }

    fn real(&self, name: &str) -> Result<Option<f64>, Fault> {
        self.cards.real(&format!("{name}{}", self.alternate))
    }

    fn pv(&self, axis: usize, m: usize) -> Result<Option<f64>, Fault> {
        self.real(&format!("PV{axis}_{m}"))
    }

    fn read(&self) -> Result<Wcs, Fault> {
        self.refuse_others()?;
        let (matrix, axes) = self.matrix()?;
        let units = [self.degrees(self.lon)?, self.degrees(self.lat)?];
        let crval = |axis: usize, unit: f64| {
            Ok::<_, Fault>(self.real(&format!("CRVAL{axis}"))?.unwrap_or(0.0) * unit)
        };
        let (lon, lat) = (crval(self.lon, units[0])?, crval(self.lat, units[1])?);
        if !lon.is_finite() || !(-90.0..=90.0).contains(&lat) {
            return Err(Fault::unsuited(format!(
                "its reference position {lon} {lat} is not in the sky"
            )));
        }
        let crpix = |axis: usize| Ok(self.real(&format!("CRPIX{}", axis + 1))?.unwrap_or(0.0));
        let sip = Sip::read(self.cards, self.alternate)?;
        // SCAMP wrote TAN where it meant TPV: more terms than TAN can have.
        // Where there is SIP as well, these are a second way to say the same.
        let scamp = |axis: usize| (5..40).any(|m| self.pv(axis, m).is_ok_and(|it| it.is_some()));
        let tpv = match self.code.as_str() {
            "TPV" => true,
            "TAN" => sip.is_none() && (scamp(self.lon) || scamp(self.lat)),
            _ => false,
        };
        let tpv = match tpv {
            true => Some(Tpv::read(|axis, m| {
                self.pv(if axis == 0 { self.lon } else { self.lat }, m)
            })?),
            false => None,
        };
        let projection = Projection::new(&self.code, lat, |m| self.pv(self.lat, m))?;
        let (mut lonpole, mut latpole) = (self.real("LONPOLE")?, self.real("LATPOLE")?);
        if tpv.is_none() && sip.is_none() {
            let theta0 = projection.theta0();
            let own = [
                (0, 0.0, "PV of the longitude"),
                (1, 0.0, "native longitude"),
                (2, theta0, "native latitude"),
            ];
            for (m, usual, what) in own {
                if self.pv(self.lon, m)?.is_some_and(|it| it != usual) {
                    return Err(Fault::unsuited(format!(
                        "its fiducial point has a {what} of its own (PV{}_{m}), which is not followed",
                        self.lon
                    )));
                }
            }
            // Paper II section 2.5: these weigh more.
            lonpole = self.pv(self.lon, 3)?.or(lonpole);
            latpole = self.pv(self.lon, 4)?.or(latpole);
        }
        let pole = Pole::new((lon, lat), projection.theta0(), lonpole, latpole)?;
        let radesys = self.cards.text(&format!("RADESYS{}", self.alternate));
        let radesys = radesys.or_else(|| self.cards.text("RADECSYS"));
        let equinox = self.real("EQUINOX")?.or(self.cards.real("EPOCH")?);
        Ok(Wcs {
            axes,
            reference: [crpix(axes[0])?, crpix(axes[1])?],
            sip,
            matrix: [
                matrix[0].map(|it| it * units[0]),
                matrix[1].map(|it| it * units[1]),
            ],
            tpv,
            projection,
            pole,
            frame: sphere::to_icrs(&self.kind, radesys.as_deref(), equinox)?,
        })
    }

    /// What would change the positions and is not followed here.
    fn refuse_others(&self) -> Result<(), Fault> {
        let table = self.cards.keywords().find(|name| {
            let digit = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
            ["CPDIS", "CQDIS", "D2IMDIS", "D2IMARR", "AXISCORR"]
                .iter()
                .any(|begin| name.strip_prefix(begin).is_some_and(digit))
                || *name == "AXISCORR"
        });
        if let Some(name) = table {
            return Err(Fault::unsuited(format!(
                "its positions are corrected by a table of distortions ({name}), which is not followed"
            )));
        }
        if self.cards.has("AMDX1") && self.alternate.is_empty() {
            return Err(plate());
        }
        match (self.code.as_str(), self.suffix.as_str()) {
            ("", _) => Err(Fault::unsuited("its CTYPE names no projection")),
            (_, "" | "-SIP") => Ok(()),
            (_, suffix) => Err(Fault::unsuited(format!(
                "its CTYPE ends in {suffix}, a distortion that is not followed"
            ))),
        }
    }

    /// Degrees of the unit of an axis.
    fn degrees(&self, axis: usize) -> Result<f64, Fault> {
        let unit = self.cards.text(&format!("CUNIT{axis}{}", self.alternate));
        let unit = unit.unwrap_or_default();
        match unit.trim().to_ascii_lowercase().as_str() {
            "" | "deg" | "degree" | "degrees" => Ok(1.0),
            "arcmin" => Ok(1.0 / 60.0),
            "arcsec" => Ok(1.0 / 3600.0),
            "mas" => Ok(1.0 / 3_600_000.0),
            "rad" => Ok(1f64.to_degrees()),
            other => Err(Fault::unsuited(format!(
                "the unit of its axis {axis} is {other}, which is no angle"
            ))),
        }
    }

    /// Paper I section 2.1: CD, or PC and CDELT, or CDELT and CROTA; with the
    /// axes of the image that longitude and latitude change along.
    fn matrix(&self) -> Result<([[f64; 2]; 2], [usize; 2]), Fault> {
        let rows = [self.row(self.lon)?, self.row(self.lat)?];
        let used: BTreeSet<usize> = (0..AXES)
            .filter(|axis| {
                rows.iter()
                    .any(|row| row.get(*axis).is_some_and(|it| *it != 0.0))
            })
            .collect();
        let used: Vec<usize> = used.into_iter().collect();
        let [p, q] = used[..] else {
            return Err(Fault::unsuited(format!(
                "longitude and latitude change along {} of its axes, not along two",
                used.len()
            )));
        };
        if q >= self.image {
            return Err(Fault::unsuited(
                "longitude and latitude change along an axis that the image does not have",
            ));
        }
        let matrix = rows.map(|row| [p, q].map(|axis| row.get(axis).copied().unwrap_or_default()));
        let determinant = matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0];
        match determinant != 0.0 && determinant.is_finite() {
            true => Ok((matrix, [p, q])),
            false => Err(Fault::unsuited("the matrix of its WCS has no inverse")),
        }
    }

    /// The row of one world axis, by axes of the image.
    fn row(&self, world: usize) -> Result<[f64; AXES], Fault> {
        let any = |begin: &str, mine: &dyn Fn(usize, usize) -> String| {
            self.cards.keywords().any(|name| name.starts_with(begin))
                && (1..=AXES).any(|i| (1..=AXES).any(|j| self.cards.has(&mine(i, j))))
        };
        let alternate = self.alternate;
        let cd = |i: usize, j: usize| format!("CD{i}_{j}{alternate}");
        let pc = |i: usize, j: usize| format!("PC{i}_{j}{alternate}");
        // As it was first proposed.
        let old = |i: usize, j: usize| format!("PC{i:03}{j:03}");
        let mut row = [0.0; AXES];
        if any("CD", &cd) {
            for (j, place) in (1..).zip(&mut row) {
                *place = self.cards.real(&cd(world, j))?.unwrap_or(0.0);
            }
            return Ok(row);
        }
        let scale =
            |axis: usize| Ok::<_, Fault>(self.real(&format!("CDELT{axis}"))?.unwrap_or(1.0));
        let names: Option<&dyn Fn(usize, usize) -> String> = if any("PC", &pc) {
            Some(&pc)
        } else if alternate.is_empty() && any("PC0", &old) {
            Some(&old)
        } else {
            None
        };
        // Paper II section 6.1: the angle stands with the latitude.
        let turn = match names {
            None => self.real(&format!("CROTA{}", self.lat))?.unwrap_or(0.0),
            Some(_) => 0.0,
        };
        if turn != 0.0 {
            let (sin, cos) = turn.to_radians().sin_cos();
            let (own, other) = match world == self.lon {
                true => (self.lon, self.lat),
                false => (self.lat, self.lon),
            };
            let sign = if world == self.lon { -1.0 } else { 1.0 };
            for (j, place) in (1..).zip(&mut row) {
                if j == own {
                    *place = scale(own)? * cos;
                } else if j == other {
                    *place = sign * scale(other)? * sin;
                }
            }
            return Ok(row);
        }
        for (j, place) in (1..).zip(&mut row) {
            let unit = if j == world { 1.0 } else { 0.0 };
            let said = match names {
                Some(name) => self.cards.real(&name(world, j))?,
                None => None,
            };
            *place = said.unwrap_or(unit) * scale(world)?;
        }
        Ok(row)
    }
}

fn plate() -> Fault {
    Fault::unsuited(
        "its positions are given by the polynomial of a plate (AMDX1), which is not followed",
    )
}
