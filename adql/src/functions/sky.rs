//! User defined functions on the sky: those of the IVOA catalogue
//! (EN-udf-catalogue 1.2 sections 2.1 and 2.2).

use super::{Argument, Function, Result, Sql, Unit, plain, sky_checked, udf};
use crate::types::Type;

pub(super) static SKY: &[Function] = &[
    Function {
        result: Result::Is(Type::BigInt),
        feature: udf(
            "ivo_healpix_index(hpxOrder INTEGER, long DOUBLE PRECISION, lat DOUBLE PRECISION) \
             -> BIGINT",
            "The number of the HEALPix cell of that order (0 to 29), in nested numbering, that \
             holds the position; degrees. NULL without a position.",
        ),
        checked: Some(sky_checked::healpix_index),
        ..plain(
            "IVO_HEALPIX_INDEX",
            &[Argument::Integer, Argument::Number, Argument::Number],
            Unit::Lost,
            Sql::Same("{@sky_healpix_index_1}({0}, {1}, {2})"),
        )
    },
    Function {
        result: Result::Is(Type::BigInt),
        feature: udf(
            "ivo_healpix_index(hpxOrder INTEGER, point POINT) -> BIGINT",
            "The number of the HEALPix cell of that order (0 to 29), in nested numbering, that \
             holds the point.",
        ),
        checked: Some(sky_checked::healpix_index),
        ..plain(
            "IVO_HEALPIX_INDEX",
            &[Argument::Integer, Argument::Point],
            Unit::Lost,
            Sql::Same("{@sky_healpix_index_1}({0}, {1.1}, {1.2})"),
        )
    },
    Function {
        result: Result::Is(Type::Point),
        feature: udf(
            "ivo_healpix_center(hpxOrder INTEGER, hpxIndex BIGINT) -> POINT",
            "The centre of the HEALPix cell of that order (0 to 29) and number, in nested \
             numbering.",
        ),
        checked: Some(sky_checked::healpix_center),
        ..plain(
            "IVO_HEALPIX_CENTER",
            &[Argument::Integer, Argument::Integer],
            Unit::Is("deg"),
            Sql::Same("{@sky_healpix_center_1}({0}, {1})"),
        )
    },
    Function {
        result: Result::Is(Type::Point),
        feature: udf(
            "ivo_epoch_prop_pos(ra DOUBLE PRECISION, dec DOUBLE PRECISION, \
             parallax DOUBLE PRECISION, pmra DOUBLE PRECISION, pmdec DOUBLE PRECISION, \
             radial_velocity DOUBLE PRECISION, ref_epoch DOUBLE PRECISION, \
             out_epoch DOUBLE PRECISION) -> POINT",
            "The position at out_epoch of an object with these data at ref_epoch (Julian years), \
             which moves along a straight line: ra and dec in degrees, parallax in mas, proper \
             motions in mas/yr (pmra with the factor cos(dec)), radial velocity in km/s. A \
             parallax, motion or velocity that is NULL counts as 0; the others must not be NULL.",
        ),
        checked: Some(sky_checked::epoch_prop_pos),
        ..plain(
            "IVO_EPOCH_PROP_POS",
            &[Argument::Number; 8],
            Unit::Is("deg"),
            Sql::Same("{@sky_moved_1}({0}, {1}, {2}, {3}, {4}, {5}, {6}, {7})"),
        )
    },
    Function {
        // As checked, the type of the geometry.
        result: Result::Is(Type::Unknown),
        feature: udf(
            "ivo_geom_transform(from_sys VARCHAR, to_sys VARCHAR, geo GEOMETRY) -> GEOMETRY",
            "A point, circle, polygon or box in another reference frame, by a simple rotation. \
             The frames are the string literals 'ICRS', 'FK5' (J2000), 'FK4' (B1950), 'GALACTIC', \
             'SUPER_GALACTIC' and 'ECLIPTIC' (J2000).",
        ),
        checked: Some(sky_checked::geom_transform),
        // The check puts the rotation in place of the names of the frames.
        ..plain(
            "IVO_GEOM_TRANSFORM",
            &[Argument::Text, Argument::Text, Argument::Geometry],
            Unit::Is("deg"),
            Sql::Same("{@sky_turned_1}({0}, {1})"),
        )
    },
    Function {
        result: Result::Is(Type::Region),
        feature: udf(
            "MOC(moc VARCHAR) -> REGION",
            "The HEALPix cells of a Multi-Order Coverage map, given as a string literal in its \
             ASCII form ('4/0-3 5/96') or as JSON, for CONTAINS and INTERSECTS.",
        ),
        checked: Some(sky_checked::moc_of_text),
        ..plain("MOC", &[Argument::Text], Unit::Lost, Sql::Same("{0}"))
    },
    Function {
        result: Result::Is(Type::Region),
        feature: udf(
            "MOC(hpxOrder INTEGER, geo GEOMETRY) -> REGION",
            "All HEALPix cells of that order (0 to 29) which have a point in common with a \
             geometry that is made of literals, for CONTAINS and INTERSECTS.",
        ),
        checked: Some(sky_checked::moc_of_geometry),
        ..plain(
            "MOC",
            &[Argument::Integer, Argument::Geometry],
            Unit::Lost,
            Sql::Same("{1}"),
        )
    },
];

/// The cell of a lower order, where a column has the cells of the finest: what
/// a call of `ivo_healpix_index` becomes. No query can say it.
pub(crate) static COARSER: Function = Function {
    result: Result::Is(Type::BigInt),
    ..plain(
        "IVO_HEALPIX_INDEX",
        &[Argument::Integer, Argument::Integer],
        Unit::Lost,
        Sql::Same("({0} >> CAST({1} AS integer))"),
    )
};
