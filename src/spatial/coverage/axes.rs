//! Which columns say where, when and in which light a row was taken.

use adql::{Column, Type};

use super::Extent;
use crate::database::Batch;
use crate::spatial::Place;

/// The columns that tell it, by their places.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    place: Option<Place>,
    /// Beginning and end, which may be one column.
    time: Option<(Time, Time)>,
    /// Shortest and longest wavelength.
    light: Option<(usize, usize)>,
}

/// A column of times.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Time {
    /// Days (MJD).
    Days(usize),
    /// UTC.
    Timestamp(usize),
}

/// Of 2000-01-01, from which timestamps count.
const MJD_2000: f64 = 51_544.0;

const MICROSECONDS_PER_DAY: f64 = 86_400e6;

impl Axes {
    /// Regions and positions as [`Place::of`] finds them. Times: `t_min` and
    /// `t_max`, else columns with the UCDs `time.start` and `time.end`, else
    /// one with `time.epoch`; timestamps, or days (MJD) if the unit is d.
    /// Wavelengths: `em_min` and `em_max`, else `em.wl;stat.min` and
    /// `em.wl;stat.max`, in metres.
    pub fn of(columns: &[Column]) -> Axes {
        let time = |name: &str, ucd: &str| {
            let place = find(columns, name, ucd, &|column| {
                let unit = column.unit.as_deref();
                column.kind == Type::Timestamp || (column.kind == Type::Double && unit == Some("d"))
            })?;
            Some(match columns.get(place)?.kind {
                Type::Timestamp => Time::Timestamp(place),
                _ => Time::Days(place),
            })
        };
        let light = |name: &str, ucd: &str| {
            find(columns, name, ucd, &|column| {
                column.kind == Type::Double && column.unit.as_deref() == Some("m")
            })
        };
        let epoch = || time("", "time.epoch").map(|epoch| (epoch, epoch));
        Axes {
            place: Place::of(columns),
            time: time("t_min", "time.start")
                .zip(time("t_max", "time.end"))
                .or_else(epoch),
            light: light("em_min", "em.wl;stat.min").zip(light("em_max", "em.wl;stat.max")),
        }
    }

    pub fn has_place(&self) -> bool {
        self.place.is_some()
    }

    pub fn has_time(&self) -> bool {
        self.time.is_some()
    }

    pub fn has_light(&self) -> bool {
        self.light.is_some()
    }

    /// The columns that are looked at, by their places.
    pub fn columns(&self) -> Vec<usize> {
        let mut columns = self.place.as_ref().map_or(Vec::new(), Place::columns);
        if let Some((first, last)) = self.time {
            columns.extend([first, last].map(|(Time::Days(it) | Time::Timestamp(it))| it));
        }
        columns.extend(self.light.iter().flat_map(|&(first, last)| [first, last]));
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Adds what a row covers. A row without a region counts with its position;
    /// of a span of which one end is known, that end counts.
    pub fn add(&self, batch: &Batch, row: usize, extent: &mut Extent) {
        let place = self.place.as_ref().and_then(|it| it.find(batch, row));
        let span = |ends: [Option<f64>; 2]| match ends {
            [Some(first), last] => Some((first, last.unwrap_or(first))),
            [None, last] => last.map(|last| (last, last)),
        };
        let number = |place: usize| double(batch.cell(row, place)?);
        let instant = |time: Time| match time {
            Time::Days(place) => number(place),
            Time::Timestamp(place) => {
                let micros = batch.cell(row, place)?.try_into().ok();
                let micros = micros.map(i64::from_be_bytes)?;
                Some(MJD_2000 + micros as f64 / MICROSECONDS_PER_DAY)
            }
        };
        let time = self.time.and_then(|(a, b)| span([instant(a), instant(b)]));
        let light = self.light.and_then(|(a, b)| span([number(a), number(b)]));
        extent.add(place.as_ref(), time, light);
    }
}

fn double(cell: &[u8]) -> Option<f64> {
    let number = cell.try_into().map(f64::from_be_bytes).ok()?;
    number.is_finite().then_some(number)
}

/// The column of that name, else the first whose UCD begins so.
fn find(
    columns: &[Column],
    name: &str,
    ucd: &str,
    fits: &dyn Fn(&Column) -> bool,
) -> Option<usize> {
    let by = |wanted: &dyn Fn(&Column) -> bool| {
        columns
            .iter()
            .position(|column| wanted(column) && fits(column))
    };
    by(&|column| column.name.eq_ignore_ascii_case(name)).or_else(|| {
        by(&|column| {
            let said = column.ucd.as_deref().unwrap_or_default().to_lowercase();
            let rest = said.strip_prefix(ucd);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(';'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::Grain;
    use super::*;

    fn column(name: &str, kind: Type, unit: &str, ucd: &str) -> Column {
        let mut column = Column::new(name, kind);
        column.unit = Some(unit.to_owned());
        column.ucd = Some(ucd.to_owned());
        column
    }

    #[test]
    fn columns_are_found_by_name_and_by_ucd() {
        let t_min = column("T_MIN", Type::Double, "d", "");
        let t_max = column("t_max", Type::Double, "d", "");
        let start = column("a", Type::Timestamp, "", "time.start;obs.exposure");
        let end = column("b", Type::Timestamp, "", "time.end");
        let epoch = column("c", Type::Double, "d", "time.epoch");
        let year = column("d", Type::Double, "yr", "time.epoch");
        let shortest = column("em_min", Type::Double, "m", "");
        let longest = column("x", Type::Double, "m", "em.wl;stat.max");
        let check = |columns: &[&Column], expected: &[usize]| {
            let columns: Vec<Column> = columns.iter().map(|it| (*it).clone()).collect();
            assert_eq!(Axes::of(&columns).columns(), expected);
        };
        check(&[&year, &start, &t_max, &t_min], &[2, 3]);
        check(&[&year, &start, &end], &[1, 2]);
        check(&[&start, &epoch], &[1]);
        check(&[&year, &start], &[]);
        check(&[&shortest, &longest], &[0, 1]);
        check(&[&shortest], &[]);
    }

    #[test]
    fn half_a_span_is_an_instant() {
        let columns = [
            column("t_min", Type::Double, "d", ""),
            column("t_max", Type::Timestamp, "", ""),
            column("em_min", Type::Double, "m", ""),
            column("em_max", Type::Double, "m", ""),
        ];
        let axes = Axes::of(&columns);
        let check = |cells: [Option<f64>; 2], days: Option<i64>, bands: &[(f64, f64)]| {
            let mut batch = Batch::new(columns.each_ref().map(|it| it.kind.wire()));
            batch.push(None);
            let micros = days.map(|days| (days * 86_400_000_000).to_be_bytes());
            batch.push(micros.as_ref().map(|it| &it[..]));
            for cell in cells {
                batch.push(cell.map(f64::to_be_bytes).as_ref().map(|it| &it[..]));
            }
            let mut extent = Extent::new(&Grain::KEPT);
            axes.add(&batch, 0, &mut extent);
            assert_eq!(extent.light.intervals(), bands);
            let times = extent.time.intervals();
            assert_eq!(times.len(), usize::from(days.is_some()));
            for (first, last) in times {
                let day = MJD_2000 + days.unwrap_or_default() as f64;
                assert!(first <= day + 0.002 && day <= last, "{first} {day} {last}");
            }
        };
        check([Some(1.0), Some(2.0)], Some(7_305), &[(1.0, 2.0)]);
        check([Some(1.0), None], Some(-1), &[(1.0, 1.0)]);
        check([None, Some(2.0)], None, &[(2.0, 2.0)]);
        check([None, None], None, &[]);
    }
}
