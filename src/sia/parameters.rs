//! The parameters of SIA 2.0 (sections 2.1.1 to 2.1.17), written once: what
//! each is compared with, and what is told of it.

/// A parameter of a search.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub meaning: Meaning,
    /// As VOTable writes it; empty for none.
    pub unit: &'static str,
    pub description: &'static str,
    /// A value that is accepted.
    pub example: &'static str,
}

/// What a value is and what it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A shape that meets `s_region`.
    Position,
    /// An interval that meets the one between two columns.
    Coverage(&'static str, &'static str),
    /// An interval that holds the value of a column.
    Value(&'static str),
    /// Exactly the text of a column.
    Text(&'static str),
    /// The same, but for IVOA identifiers, in which case does not matter.
    Identifier(&'static str),
    /// One of the states that a column lists.
    State(&'static str),
    /// Exactly the whole number of a column.
    Level(&'static str),
}

use Meaning::{Coverage, Identifier, Level, Position, State, Text, Value};

/// All that narrow a search, in the order of the standard.
#[rustfmt::skip]
pub const PARAMETERS: [Parameter; 17] = [
    parameter("POS", Position, "", "CIRCLE 12.0 34.0 0.5",
        "Region that s_region meets, ICRS degrees: CIRCLE lon lat radius, RANGE lon1 lon2 lat1 lat2, or POLYGON lon1 lat1 lon2 lat2 lon3 lat3 …"),
    parameter("BAND", Coverage("em_min", "em_max"), "m", "500e-9 550e-9",
        "Wavelengths that em_min to em_max meets, metres: one number or two, -Inf and +Inf for open ends"),
    parameter("TIME", Coverage("t_min", "t_max"), "d", "55123.456 +Inf",
        "Times that t_min to t_max meets, MJD (UTC)"),
    parameter("POL", State("pol_states"), "", "I",
        "Polarization state that pol_states lists"),
    parameter("FOV", Value("s_fov"), "deg", "1.0 2.0",
        "Field of view (s_fov), degrees"),
    parameter("SPATRES", Value("s_resolution"), "arcsec", "-Inf 0.9",
        "Spatial resolution (s_resolution), arcseconds"),
    parameter("SPECRP", Value("em_res_power"), "", "1000 +Inf",
        "Resolving power (em_res_power)"),
    parameter("EXPTIME", Value("t_exptime"), "s", "600 1800",
        "Exposure time (t_exptime), seconds"),
    parameter("TIMERES", Value("t_resolution"), "s", "-Inf 1.0",
        "Resolution in time (t_resolution), seconds"),
    parameter("ID", Identifier("obs_publisher_did"), "", "ivo://archive.example.org/obs?42",
        "Identifier of the dataset (obs_publisher_did)"),
    parameter("COLLECTION", Text("obs_collection"), "", "DECam",
        "Collection (obs_collection)"),
    parameter("FACILITY", Text("facility_name"), "", "CTIO 4m Blanco",
        "Observatory or telescope (facility_name)"),
    parameter("INSTRUMENT", Text("instrument_name"), "", "DECam",
        "Instrument (instrument_name)"),
    parameter("DPTYPE", Text("dataproduct_type"), "", "image",
        "Kind of data (dataproduct_type)"),
    parameter("CALIB", Level("calib_level"), "", "2",
        "Calibration level (calib_level)"),
    parameter("TARGET", Text("target_name"), "", "M31",
        "Name of the target (target_name)"),
    parameter("FORMAT", Text("access_format"), "", "image/fits",
        "Media type of what access_url gives (access_format)"),
];

/// What is found at all (section 2.1.14).
pub const PRODUCTS: [&str; 2] = ["image", "cube"];

/// Levels of calibration (ObsCore 1.1 section 3.3.2).
pub const LEVELS: [&str; 5] = ["0", "1", "2", "3", "4"];

/// Polarization states (ObsCore 1.1 appendix B.6.5.1).
pub const STATES: [&str; 14] = [
    "I", "Q", "U", "V", "RR", "LL", "RL", "LR", "XX", "YY", "XY", "YX", "POLI", "POLA",
];

const fn parameter(
    name: &'static str,
    meaning: Meaning,
    unit: &'static str,
    example: &'static str,
    description: &'static str,
) -> Parameter {
    Parameter {
        name,
        meaning,
        unit,
        description,
        example,
    }
}
