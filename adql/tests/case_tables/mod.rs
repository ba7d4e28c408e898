//! The tables that the chapters under `cases/` speak of.

use adql::catalog::{PositionIndex, RegionIndex, Table};
use adql::{Catalog, Column, Type};

fn column(name: &str, kind: Type, unit: Option<&str>) -> Column {
    Column {
        unit: unit.map(str::to_owned),
        ..Column::new(name, kind)
    }
}

fn table(schema: &str, name: &str, columns: Vec<Column>) -> Table {
    Table {
        schema: schema.to_owned(),
        name: name.to_owned(),
        stored: (schema.to_lowercase(), name.to_lowercase()),
        columns,
        ..Table::default()
    }
}

/// The tables of most chapters; `whole` is for those that ask as astronomers
/// do: all columns of ObsCore 1.1 (section 3) that are mandatory.
pub fn catalog(whole: bool) -> Catalog {
    let mut obscore = Table {
        regions: vec![RegionIndex {
            column: "s_region".to_owned(),
            prefix: "fp".to_owned(),
        }],
        positions: vec![PositionIndex {
            lon: "s_ra".to_owned(),
            lat: "s_dec".to_owned(),
            cell: "pt_hpx".to_owned(),
        }],
        ..table(
            "ivoa",
            "ObsCore",
            vec![
                column("obs_id", Type::Text, None),
                column("calib_level", Type::Integer, None),
                column("s_ra", Type::Double, Some("deg")),
                column("s_dec", Type::Double, Some("deg")),
                column("s_region", Type::Region, None),
                column("t_exptime", Type::Double, Some("s")),
                column("obs_release_date", Type::Timestamp, None),
                column("em_min", Type::Double, Some("m")),
                column("dataproduct_type", Type::Text, None),
            ],
        )
    };
    if whole {
        obscore.columns = whole_obscore();
    }
    Catalog::new([
        obscore,
        table(
            "demo",
            "stars",
            vec![
                column("id", Type::BigInt, None),
                column("ra", Type::Double, Some("deg")),
                column("dec", Type::Double, Some("deg")),
                column("mag", Type::Real, Some("mag")),
                column("obs_id", Type::Text, None),
                column("Odd Name", Type::Text, None),
                column("size", Type::Integer, None),
            ],
        ),
        measurements(),
        table(
            "demo",
            "flags",
            vec![
                column("id", Type::BigInt, None),
                column("good", Type::Boolean, None),
            ],
        ),
        table("archive", "flags", vec![column("id", Type::BigInt, None)]),
        table(
            "tap_schema",
            "tables",
            vec![column("table_name", Type::Text, None)],
        ),
    ])
}

fn whole_obscore() -> Vec<Column> {
    let text = |names: &'static str| names.split(' ').map(|name| column(name, Type::Text, None));
    let number = |name, unit| column(name, Type::Double, unit);
    let mut columns = Vec::new();
    columns.push(column("calib_level", Type::Integer, None));
    columns.extend(text(
        "dataproduct_type obs_collection obs_id obs_publisher_did access_url access_format \
         target_name pol_states o_ucd facility_name instrument_name",
    ));
    columns.push(column("access_estsize", Type::BigInt, Some("kbyte")));
    columns.push(number("s_ra", Some("deg")));
    columns.push(number("s_dec", Some("deg")));
    columns.push(number("s_fov", Some("deg")));
    columns.push(column("s_region", Type::Region, None));
    columns.push(number("s_resolution", Some("arcsec")));
    columns.push(number("t_min", Some("d")));
    columns.push(number("t_max", Some("d")));
    columns.push(number("t_exptime", Some("s")));
    columns.push(number("t_resolution", Some("s")));
    columns.push(number("em_min", Some("m")));
    columns.push(number("em_max", Some("m")));
    columns.push(number("em_res_power", None));
    columns.push(column("obs_release_date", Type::Timestamp, None));
    columns
}

/// Columns with all their metadata, some of it as odd as catalogues have it.
fn measurements() -> Table {
    use Type::{BigInt, Double, Integer, Real, Text};
    let columns = [
        ("id", BigInt, "", "meta.id;meta.main"),
        ("ra", Double, "deg", "pos.eq.ra;meta.main"),
        ("dec", Double, "deg", "pos.eq.dec;meta.main"),
        ("ra_error", Double, "deg", "stat.error;pos.eq.ra"),
        ("pm_ra", Double, "deg/yr", "pos.pm;pos.eq.ra"),
        ("pm_dec", Double, "deg/yr", "pos.pm;pos.eq.dec"),
        ("flux", Real, "10**-20 erg/s/cm^2", "phot.flux"),
        ("wl_min", Double, "m", "em.wl;stat.min"),
        ("exposure", Double, "s", "time.duration;obs.exposure"),
        ("period", Double, "d", "time.period"),
        ("mag_b", Real, "mag", "phot.mag;em.opt.B"),
        ("mag_v", Real, "mag", "phot.mag;em.opt.V"),
        ("seeing", Real, "arcsecs", "instr.obsty.seeing"),
        ("odd", Double, "W/m2.Hz", ""),
        ("phot_cnt", Integer, "", "phot.count"),
        ("title", Text, "", "meta.title"),
    ];
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let columns = columns.map(|(name, kind, unit, ucd)| Column {
        ucd: some(ucd),
        utype: some(if name == "ra" { "char.position" } else { "" }),
        description: Some(format!("What {name} is")),
        unicode: name == "title",
        ..column(name, kind, some(unit).as_deref())
    });
    table("demo", "measured", columns.to_vec())
}
