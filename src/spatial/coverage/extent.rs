//! What some rows cover, growing.

use adql::sky::{Coverage, SpaceTimeCoverage, TimeCoverage};

use super::Bands;
use crate::spatial::Where;

/// How finely each map is drawn; `None`: not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grain {
    /// The order of the MOC of space, 0 to 29.
    pub space: Option<u8>,
    /// The order of the MOC of time, 0 to 61.
    pub time: Option<u8>,
    /// Those of time and space of the MOC of both.
    pub both: Option<(u8, u8)>,
}

impl Grain {
    /// What is kept of whole tables: cells of 3.4 arcminutes; of 18 minutes,
    /// since the way of the light to the barycentre, of up to 8 minutes, is not
    /// reckoned (MOC 2.0 section 4.2 advises this order); and together cells of
    /// 55 arcminutes and 38 hours.
    pub const KEPT: Grain = Grain {
        space: Some(10),
        time: Some(31),
        both: Some((24, 6)),
    };
}

/// The union of what rows cover.
#[derive(Clone, Debug)]
pub struct Extent {
    grain: Grain,
    pub space: Coverage,
    pub time: TimeCoverage,
    pub both: SpaceTimeCoverage,
    pub light: Bands,
}

impl Extent {
    pub fn new(grain: &Grain) -> Extent {
        let (time, space) = grain.both.unwrap_or_default();
        Extent {
            grain: *grain,
            space: Coverage::new(grain.space.unwrap_or_default()),
            time: TimeCoverage::new(grain.time.unwrap_or_default()),
            both: SpaceTimeCoverage::new(time, space),
            light: Bands::default(),
        }
    }

    /// Adds a row: where it was, from when to when (MJD), and from which to
    /// which wavelength (metres). What is nowhere, or no span, covers nothing;
    /// in space and time together only what has both.
    pub fn add(
        &mut self,
        place: Option<&Where>,
        time: Option<(f64, f64)>,
        light: Option<(f64, f64)>,
    ) {
        if let Some(place) = place.filter(|_| self.grain.space.is_some()) {
            match place {
                Where::Region(region) => self.space.add(region),
                // A place that is nowhere on the sky covers nothing.
                Where::Position(lon, lat) => drop(self.space.add_position(*lon, *lat)),
            }
        }
        if let Some((first, last)) = time {
            if self.grain.time.is_some() {
                self.time.add(first, last);
            }
            match place.filter(|_| self.grain.both.is_some()) {
                Some(Where::Region(region)) => self.both.add(region, first, last),
                Some(Where::Position(lon, lat)) => {
                    self.both.add_position(*lon, *lat, first, last);
                }
                None => {}
            }
        }
        if let Some((first, last)) = light {
            self.light.add(first, last);
        }
    }

    /// Adds all of another; the coarser orders stay.
    pub fn absorb(&mut self, other: &mut Extent) {
        self.space.absorb(&mut other.space);
        self.time.absorb(&mut other.time);
        self.both.absorb(&mut other.both);
        self.light.absorb(&other.light);
    }
}
