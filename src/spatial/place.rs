//! Where on the sky a row lies, told by its columns.

use adql::sky::Region;
use adql::{Column, Type};

use crate::database::Batch;

/// The columns that tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    region: Option<(usize, Type)>,
    /// Longitude and latitude.
    position: Option<(usize, usize)>,
}

/// What a row says of itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Where {
    Region(Region),
    /// Degrees, ICRS.
    Position(f64, f64),
}

impl Place {
    /// The first column of regions (or else of points), and the first pair of
    /// right ascension and declination, which stands in where the region is
    /// missing. `None` when there is neither.
    pub fn of(columns: &[Column]) -> Option<Place> {
        let find = |wanted: &dyn Fn(&Column) -> bool| columns.iter().position(wanted);
        let region = find(&|column| is_region(column))
            .or_else(|| find(&|column| column.kind == Type::Point))
            .and_then(|place| columns.get(place).map(|column| (place, column.kind)));
        let coordinate = |ucd: &str, names: [&str; 2]| {
            let by_ucd = |main: bool| {
                find(&|column| {
                    let said = column.ucd.as_deref().unwrap_or_default().to_lowercase();
                    // An error or a difference of positions is none.
                    column.kind == Type::Double
                        && said.split(';').next() == Some(ucd)
                        && !said.contains("arith.")
                        && (!main || said.contains("meta.main"))
                })
            };
            let by_name = || {
                find(&|column| {
                    column.kind == Type::Double
                        && names
                            .iter()
                            .any(|name| column.name.eq_ignore_ascii_case(name))
                })
            };
            by_ucd(true).or_else(|| by_ucd(false)).or_else(by_name)
        };
        let position =
            coordinate("pos.eq.ra", ["s_ra", "ra"]).zip(coordinate("pos.eq.dec", ["s_dec", "dec"]));
        (region.is_some() || position.is_some()).then_some(Place { region, position })
    }

    /// The column that is all said by the region itself.
    pub fn region_column(&self) -> Option<usize> {
        self.region.map(|(column, _)| column)
    }

    /// The columns that are looked at.
    pub fn columns(&self) -> Vec<usize> {
        let region = self.region.iter().map(|(column, _)| *column);
        let position = self.position.iter().flat_map(|&(lon, lat)| [lon, lat]);
        region.chain(position).collect()
    }

    /// Where a row lies; `None` when it does not say, or nothing that is on the
    /// sky.
    pub fn find(&self, batch: &Batch, row: usize) -> Option<Where> {
        if let Some((column, kind)) = self.region
            && let Some(cell) = batch.cell(row, column)
            && let Some(found) = region(kind, cell)
        {
            return Some(Where::Region(found));
        }
        let (lon, lat) = self.position?;
        let lon = float(batch.cell(row, lon)?)?;
        let lat = float(batch.cell(row, lat)?)?;
        let there = lon.is_finite() && (-90.0..=90.0).contains(&lat);
        there.then_some(Where::Position(lon, lat))
    }
}

fn float(cell: &[u8]) -> Option<f64> {
    cell.try_into().map(f64::from_be_bytes).ok()
}

fn is_region(column: &Column) -> bool {
    let xtype = column.xtype.as_deref().unwrap_or_default().to_lowercase();
    match column.kind {
        Type::Region | Type::Circle | Type::Polygon => true,
        Type::Text => matches!(xtype.as_str(), "adql:region" | "shape" | "stc-s" | "moc"),
        _ => false,
    }
}

fn region(kind: Type, cell: &[u8]) -> Option<Region> {
    match kind {
        Type::Point | Type::Circle | Type::Polygon => {
            let (numbers, _) = cell.as_chunks();
            let numbers: Vec<f64> = numbers.iter().map(|it| f64::from_be_bytes(*it)).collect();
            let region = match numbers.as_slice() {
                &[lon, lat] => Region::point(lon, lat),
                &[lon, lat, radius] => Region::circle(lon, lat, radius),
                numbers => {
                    let vertices: Vec<(f64, f64)> = numbers
                        .as_chunks::<2>()
                        .0
                        .iter()
                        .map(|&[lon, lat]| (lon, lat))
                        .collect();
                    Region::polygon(&vertices)
                }
            };
            region.ok()
        }
        _ => Region::parse(std::str::from_utf8(cell).ok()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adql::Wire;

    fn column(name: &str, kind: Type, ucd: &str) -> Column {
        let mut column = Column::new(name, kind);
        column.ucd = Some(ucd.to_owned());
        column
    }

    #[test]
    fn columns_are_found_by_kind_ucd_and_name() {
        fn check(columns: &[Column], region: Option<usize>, position: Option<(usize, usize)>) {
            let found = Place::of(columns).map(|p| (p.region.map(|r| r.0), p.position));
            let expected = (region.is_some() || position.is_some()).then_some((region, position));
            assert_eq!(found, expected);
        }
        let ra = column("alpha", Type::Double, "pos.eq.ra");
        let dec = column("delta", Type::Double, "pos.eq.dec;meta.main");
        let region = Column::new("s_region", Type::Region);
        let point = Column::new("p", Type::Point);
        let name = Column::new("name", Type::Text);
        check(&[ra.clone(), name], None, None);
        check(&[ra.clone(), dec.clone()], None, Some((0, 1)));
        let error = column("e", Type::Double, "stat.error;pos.eq.ra");
        check(&[error, dec.clone()], None, None);
        check(&[dec, region.clone(), ra], Some(1), Some((2, 0)));
        check(&[point, region], Some(1), None);
        let named = ["s_dec", "S_RA"].map(|name| Column::new(name, Type::Double));
        check(&named, None, Some((1, 0)));
    }

    #[test]
    fn a_row_without_a_region_lies_at_its_position() {
        let columns = [
            Column::new("s_region", Type::Region),
            Column::new("s_ra", Type::Double),
            Column::new("s_dec", Type::Double),
        ];
        let place = Place::of(&columns).unwrap();
        let check = |region: Option<&str>, lat: Option<f64>, expected: Option<Where>| {
            let mut batch = Batch::new([Wire::Text, Wire::Float8, Wire::Float8]);
            batch.push(region.map(str::as_bytes));
            batch.push(Some(&10f64.to_be_bytes()));
            batch.push(lat.map(f64::to_be_bytes).as_ref().map(|b| &b[..]));
            assert_eq!(place.find(&batch, 0), expected);
        };
        let circle = Region::circle(1.0, 2.0, 3.0).unwrap();
        check(Some("circle 1 2 3"), None, Some(Where::Region(circle)));
        check(None, Some(20.0), Some(Where::Position(10.0, 20.0)));
        check(
            Some("nonsense"),
            Some(20.0),
            Some(Where::Position(10.0, 20.0)),
        );
        check(None, None, None);
        check(None, Some(f64::NAN), None);
    }
}
