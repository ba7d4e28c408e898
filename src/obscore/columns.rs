//! The ObsCore 1.1 data model, written once: what each column is called,
//! holds and means. Tables, TAP_SCHEMA, answers and checks are made from it.
//!
//! Names, types, units, UCDs and utypes: REC-ObsCore-v1.1, tables of
//! appendices B and C. Descriptions are our own words.

use adql::{Column, Type};

use super::extra::{ExtraError, check};
use crate::config::ExtraColumn;

/// How much a column is asked for (ObsCore 1.1, tables 1, 4 and appendix B).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Every service has the column and every row a value.
    Value,
    /// Every service has the column; a row may have no value.
    Mandatory,
    Optional,
    /// Not of the standard: declared by this service's configuration.
    Extra,
}

/// A column of `ivoa.obscore`, of the standard or declared beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    pub column: Column,
    pub need: Need,
    /// Whether a search on it is helped by an index.
    pub indexed: bool,
}

impl Declared {
    pub fn name(&self) -> &str {
        &self.column.name
    }

    pub fn kind(&self) -> Type {
        self.column.kind
    }

    /// Defined by the standard (`std` in TAP_SCHEMA).
    pub fn standard(&self) -> bool {
        self.need != Need::Extra
    }

    /// Worth showing first (`principal` in TAP_SCHEMA): all mandatory columns
    /// are (ObsCore 1.1 appendix C), and so is what a service added itself.
    pub fn principal(&self) -> bool {
        self.need != Need::Optional
    }
}

/// All columns in the order of the table: those of the standard, then the
/// extra ones as they were declared.
///
/// # Errors
/// Everything that is wrong with the extra columns, not only the first thing.
pub fn declared(extra: &[ExtraColumn]) -> Result<Vec<Declared>, ExtraError> {
    let mut columns: Vec<Declared> = STANDARD.iter().map(Standard::declared).collect();
    columns.extend(check(extra, &columns)?);
    Ok(columns)
}

/// The names of the columns whose values this program itself relies on.
pub mod name {
    pub const PUBLISHER_DID: &str = "obs_publisher_did";
    pub const REGION: &str = "s_region";
    pub const RA: &str = "s_ra";
    pub const DEC: &str = "s_dec";
}

/// `dataproduct_type` of ObsCore 1.1 section 3.3.1.
pub const PRODUCT_TYPES: [&str; 8] = [
    "image",
    "cube",
    "spectrum",
    "sed",
    "timeseries",
    "visibility",
    "event",
    "measurements",
];

/// One line of the tables below; empty text stands for none.
struct Standard {
    name: &'static str,
    kind: Type,
    unit: &'static str,
    utype: &'static str,
    ucd: &'static str,
    need: Need,
    indexed: bool,
    description: &'static str,
}

impl Standard {
    fn declared(&self) -> Declared {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Declared {
            column: Column {
                unit: some(self.unit),
                ucd: some(self.ucd),
                utype: Some(format!("obscore:{}", self.utype)),
                xtype: xtype(self.kind).map(str::to_owned),
                description: some(self.description),
                ..Column::new(self.name, self.kind)
            },
            need: self.need,
            indexed: self.indexed,
        }
    }

    const fn value(self) -> Standard {
        Standard {
            need: Need::Value,
            ..self
        }
    }

    const fn optional(self) -> Standard {
        Standard {
            need: Need::Optional,
            ..self
        }
    }

    const fn indexed(self) -> Standard {
        Standard {
            indexed: true,
            ..self
        }
    }
}

/// The xtype that says what plain VOTable types cannot (DALI 1.1 section 3.3;
/// `adql:REGION` is how ObsCore services announce STC-S text).
pub(super) fn xtype(kind: Type) -> Option<&'static str> {
    match kind {
        Timestamp => Some("timestamp"),
        Region => Some("adql:REGION"),
        _ => None,
    }
}

/// A mandatory column without index; the methods above say otherwise.
const fn column(
    name: &'static str,
    kind: Type,
    unit: &'static str,
    utype: &'static str,
    ucd: &'static str,
    description: &'static str,
) -> Standard {
    Standard {
        name,
        kind,
        unit,
        utype,
        ucd,
        need: Need::Mandatory,
        indexed: false,
        description,
    }
}

use Type::{BigInt, Double, Integer, Region, Text, Timestamp};

/// The mandatory columns, then the optional ones, in the order of appendix C.
#[rustfmt::skip]
static STANDARD: [Standard; 60] = [
    column("dataproduct_type", Text, "", "ObsDataset.dataProductType", "meta.code.class",
        "Kind of data: image, cube, spectrum, sed, timeseries, visibility, event or measurements").indexed(),
    column("calib_level", Integer, "", "ObsDataset.calibLevel", "meta.code;obs.calib",
        "How far the data are processed: 0 raw in a format of the instrument, 1 raw in a standard format, 2 calibrated, 3 combined or enhanced, 4 results of analysis").value(),
    column("obs_collection", Text, "", "DataID.collection", "meta.id",
        "Collection the data belong to").value().indexed(),
    column("obs_id", Text, "", "DataID.observationID", "meta.id",
        "Identifier of the observation, shared by all data that came from it").value().indexed(),
    column("obs_publisher_did", Text, "", "Curation.publisherDID", "meta.ref.ivoid",
        "Identifier of the dataset, given by its publisher and unique in this table").value().indexed(),
    column("access_url", Text, "", "Access.reference", "meta.ref.url",
        "Where the dataset, or a list of links to its parts, can be downloaded"),
    column("access_format", Text, "", "Access.format", "meta.code.mime",
        "Media type of what access_url gives"),
    column("access_estsize", BigInt, "kbyte", "Access.size", "phys.size;meta.file",
        "Approximate size of what access_url gives"),
    column("target_name", Text, "", "Target.name", "meta.id;src",
        "Object the observation was aimed at").indexed(),
    column("s_ra", Double, "deg", "Char.SpatialAxis.Coverage.Location.Coord.Position2D.Value2.C1", "pos.eq.ra",
        "Right ascension of the centre, ICRS").indexed(),
    column("s_dec", Double, "deg", "Char.SpatialAxis.Coverage.Location.Coord.Position2D.Value2.C2", "pos.eq.dec",
        "Declination of the centre, ICRS").indexed(),
    column("s_fov", Double, "deg", "Char.SpatialAxis.Coverage.Bounds.Extent.diameter", "phys.angSize;instr.fov",
        "Approximate diameter of the region covered"),
    column("s_region", Region, "", "Char.SpatialAxis.Coverage.Support.Area", "pos.outline;obs.field",
        "Outline of the region covered, ICRS").indexed(),
    column("s_resolution", Double, "arcsec", "Char.SpatialAxis.Resolution.Refval.value", "pos.angResolution",
        "Typical spatial resolution: full width at half maximum of the point spread function"),
    column("s_xel1", BigInt, "", "Char.SpatialAxis.numBins1", "meta.number",
        "Number of elements along the first spatial axis"),
    column("s_xel2", BigInt, "", "Char.SpatialAxis.numBins2", "meta.number",
        "Number of elements along the second spatial axis"),
    column("t_min", Double, "d", "Char.TimeAxis.Coverage.Bounds.Limits.StartTime", "time.start;obs.exposure",
        "Start of the observation, MJD").indexed(),
    column("t_max", Double, "d", "Char.TimeAxis.Coverage.Bounds.Limits.StopTime", "time.end;obs.exposure",
        "End of the observation, MJD"),
    column("t_exptime", Double, "s", "Char.TimeAxis.Coverage.Support.Extent", "time.duration;obs.exposure",
        "Total time of exposure"),
    column("t_resolution", Double, "s", "Char.TimeAxis.Resolution.Refval.value", "time.resolution",
        "Shortest interval that can be told apart in time"),
    column("t_xel", BigInt, "", "Char.TimeAxis.numBins", "meta.number",
        "Number of elements along the time axis"),
    column("em_min", Double, "m", "Char.SpectralAxis.Coverage.Bounds.Limits.LoLimit", "em.wl;stat.min",
        "Shortest wavelength covered, in vacuum"),
    column("em_max", Double, "m", "Char.SpectralAxis.Coverage.Bounds.Limits.HiLimit", "em.wl;stat.max",
        "Longest wavelength covered, in vacuum"),
    column("em_res_power", Double, "", "Char.SpectralAxis.Resolution.ResolPower.refVal", "spect.resolution",
        "Typical resolving power: wavelength over the smallest difference told apart"),
    column("em_xel", BigInt, "", "Char.SpectralAxis.numBins", "meta.number",
        "Number of elements along the spectral axis"),
    column("o_ucd", Text, "", "Char.ObservableAxis.ucd", "meta.ucd",
        "UCD of the quantity that was measured"),
    column("pol_states", Text, "", "Char.PolarizationAxis.stateList", "meta.code;phys.polarization",
        "Polarization states between slashes, as in /I/Q/U/V/"),
    column("pol_xel", BigInt, "", "Char.PolarizationAxis.numBins", "meta.number",
        "Number of polarization states"),
    column("facility_name", Text, "", "Provenance.ObsConfig.Facility.name", "meta.id;instr.tel",
        "Observatory, telescope or spacecraft"),
    column("instrument_name", Text, "", "Provenance.ObsConfig.Instrument.name", "meta.id;instr",
        "Instrument that recorded the data").indexed(),

    column("dataproduct_subtype", Text, "", "ObsDataset.dataProductSubtype", "meta.code.class",
        "Kind of data in the words of its archive, finer than dataproduct_type").optional(),
    column("target_class", Text, "", "Target.class", "src.class",
        "Kind of object the observation was aimed at").optional(),
    column("obs_creation_date", Timestamp, "", "DataID.date", "time;meta.dataset",
        "When the dataset was made, UTC").optional(),
    column("obs_creator_name", Text, "", "DataID.creator", "meta.id",
        "Person or group that made the dataset").optional(),
    column("obs_creator_did", Text, "", "DataID.creatorDID", "meta.id",
        "Identifier of the dataset, given by whoever made it").optional(),
    column("obs_title", Text, "", "DataID.title", "meta.title;obs",
        "Short title of the dataset").optional(),
    column("publisher_id", Text, "", "Curation.publisherID", "meta.ref.ivoid",
        "IVOA identifier of the publisher").optional(),
    column("bib_reference", Text, "", "Curation.reference", "meta.bib.bibcode",
        "Publication to read or to cite: a URL, DOI or bibcode").optional(),
    column("data_rights", Text, "", "Curation.rights", "meta.code",
        "Who may have the data: public, secure or proprietary").optional(),
    column("obs_release_date", Timestamp, "", "Curation.releaseDate", "time.release",
        "When the dataset becomes public, UTC").optional(),
    column("s_ucd", Text, "", "Char.SpatialAxis.ucd", "meta.ucd",
        "UCD of the spatial axis").optional(),
    column("s_unit", Text, "", "Char.SpatialAxis.unit", "meta.unit",
        "Unit of the spatial axis").optional(),
    column("s_resolution_min", Double, "arcsec", "Char.SpatialAxis.Resolution.Bounds.Limits.LoLimit", "pos.angResolution;stat.min",
        "Finest spatial resolution").optional(),
    column("s_resolution_max", Double, "arcsec", "Char.SpatialAxis.Resolution.Bounds.Limits.HiLimit", "pos.angResolution;stat.max",
        "Coarsest spatial resolution").optional(),
    column("s_pixel_scale", Double, "arcsec", "Char.SpatialAxis.Sampling.RefVal.SamplingPeriod", "phys.angSize;instr.pixel",
        "Size of a pixel on the sky").optional(),
    column("s_calib_status", Text, "", "Char.SpatialAxis.calibrationStatus", "meta.code.qual",
        "State of the astrometric calibration").optional(),
    column("s_stat_error", Double, "arcsec", "Char.SpatialAxis.Accuracy.StatError.Refval.value", "stat.error;pos.eq",
        "Statistical error of positions").optional(),
    column("t_calib_status", Text, "", "Char.TimeAxis.calibrationStatus", "meta.code.qual",
        "State of the time calibration").optional(),
    column("t_stat_error", Double, "s", "Char.TimeAxis.Accuracy.StatError.Refval.value", "stat.error;time",
        "Statistical error of times").optional(),
    column("em_ucd", Text, "", "Char.SpectralAxis.ucd", "meta.ucd",
        "UCD of the spectral axis").optional(),
    column("em_unit", Text, "", "Char.SpectralAxis.unit", "meta.unit",
        "Unit of the spectral axis").optional(),
    column("em_calib_status", Text, "", "Char.SpectralAxis.calibrationStatus", "meta.code.qual",
        "State of the spectral calibration").optional(),
    column("em_res_power_min", Double, "", "Char.SpectralAxis.Resolution.ResolPower.LoLimit", "spect.resolution;stat.min",
        "Lowest resolving power").optional(),
    column("em_res_power_max", Double, "", "Char.SpectralAxis.Resolution.ResolPower.HiLimit", "spect.resolution;stat.max",
        "Highest resolving power").optional(),
    column("em_resolution", Double, "m", "Char.SpectralAxis.Resolution.Refval.value", "spect.resolution;stat.mean",
        "Mean spectral resolution, as a difference of wavelengths").optional(),
    column("em_stat_error", Double, "m", "Char.SpectralAxis.Accuracy.StatError.Refval.value", "stat.error;em",
        "Statistical error of wavelengths").optional(),
    column("o_unit", Text, "", "Char.ObservableAxis.unit", "meta.unit",
        "Unit of the quantity that was measured").optional(),
    column("o_calib_status", Text, "", "Char.ObservableAxis.calibrationStatus", "meta.code.qual",
        "State of the flux calibration, or whatever was measured").optional(),
    // Its unit differs from row to row (o_unit), so the column has none.
    column("o_stat_error", Double, "", "Char.ObservableAxis.Accuracy.StatError.Refval.value", "stat.error",
        "Statistical error of the quantity that was measured, in the unit of o_unit").optional(),
    column("proposal_id", Text, "", "Provenance.Proposal.identifier", "meta.id;obs.proposal",
        "Proposal the observation was made for").optional(),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn standard() -> Vec<Declared> {
        declared(&[]).unwrap()
    }

    #[test]
    fn the_standard_has_thirty_mandatory_and_thirty_optional_columns() {
        let count =
            |wanted: &dyn Fn(Need) -> bool| standard().iter().filter(|d| wanted(d.need)).count();
        assert_eq!(count(&|n| n == Need::Value), 4);
        assert_eq!(count(&|n| n == Need::Mandatory), 26);
        assert_eq!(count(&|n| n == Need::Optional), 30);
    }

    #[test]
    fn every_column_says_what_it_is() {
        let columns = standard();
        let names: std::collections::HashSet<_> = columns.iter().map(Declared::name).collect();
        assert_eq!(names.len(), columns.len());
        for declared in &columns {
            let column = &declared.column;
            assert!(column.ucd.is_some(), "{} has no UCD", column.name);
            assert!(column.utype.is_some(), "{} has no utype", column.name);
            assert!(column.description.is_some(), "{}", column.name);
        }
    }

    #[test]
    fn a_region_is_announced_as_text_with_its_xtype() {
        let columns = standard();
        let region = columns.iter().find(|d| d.name() == name::REGION).unwrap();
        assert_eq!(region.kind(), Region);
        assert_eq!(region.column.xtype.as_deref(), Some("adql:REGION"));
        assert_eq!(region.column.unit, None);
    }
}
