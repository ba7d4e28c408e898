//! What a link is to its dataset: terms of the vocabulary
//! <http://www.ivoa.net/rdf/datalink/core>, and of products the terms of
//! <http://www.ivoa.net/rdf/product-type>.

use crate::registry::Relation;

/// The terms that we say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    This,
    Preview,
    Progenitor,
    Derivation,
    Calibration,
    Bias,
    Dark,
    Flat,
    Cutout,
    Documentation,
}

impl Term {
    /// As a reference relative to the vocabulary, which it has to be (DataLink
    /// 1.1 section 3.2.6).
    pub fn name(self) -> &'static str {
        match self {
            Term::This => "#this",
            Term::Preview => "#preview",
            Term::Progenitor => "#progenitor",
            Term::Derivation => "#derivation",
            Term::Calibration => "#calibration",
            Term::Bias => "#bias",
            Term::Dark => "#dark",
            Term::Flat => "#flat",
            Term::Cutout => "#cutout",
            Term::Documentation => "#documentation",
        }
    }

    /// What a dataset of this type is to another.
    pub fn of(relation: Relation, dataset_type: &str) -> Term {
        match relation {
            Relation::Progenitor => Term::Progenitor,
            Relation::Derivation => Term::Derivation,
            Relation::Preview => Term::Preview,
            Relation::Calibration => match dataset_type {
                "bias" => Term::Bias,
                "dark" => Term::Dark,
                "flat" => Term::Flat,
                _ => Term::Calibration,
            },
        }
    }
}

/// What `dataproduct_type` of ObsCore 1.1 (section 3.3.1) is called in the
/// vocabulary of products, which came later.
pub(super) fn product(dataproduct_type: &str) -> Option<&'static str> {
    Some(match dataproduct_type {
        "image" => "#image",
        "cube" => "#cube",
        "spectrum" => "#spectrum",
        "sed" => "#sed",
        "timeseries" => "#timeseries",
        "visibility" => "#visibility",
        "event" => "#event-list",
        "measurements" => "#measurements",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The terms of datalink/core and of product-type, November 2026, without
    /// those that are deprecated or preliminary.
    const CORE: &str = "this progenitor derivation auxiliary weight error noise calibration bias \
                        dark flat preview preview-image preview-plot thumbnail proc cutout \
                        documentation detached-header coderived counterpart package";
    const PRODUCTS: &str = "spatially-resolved-dataset image cube spectral-cube time-cube \
                            polarization-cube spatial-profile polarization-resolved-dataset \
                            spectrally-resolved-dataset spectrum sed slit-spectrum \
                            polarized-spectrum dynamic-spectrum visibility \
                            temporally-resolved-dataset event-list timeseries light-curve \
                            velocity-curve measurements";

    fn known(vocabulary: &str, term: &str) -> bool {
        vocabulary
            .split_whitespace()
            .any(|known| term.strip_prefix('#') == Some(known))
    }

    #[test]
    fn every_term_is_in_its_vocabulary() {
        for term in [
            Term::This,
            Term::Preview,
            Term::Progenitor,
            Term::Derivation,
            Term::Calibration,
            Term::Bias,
            Term::Dark,
            Term::Flat,
            Term::Cutout,
            Term::Documentation,
        ] {
            assert!(known(CORE, term.name()), "{}", term.name());
        }
        let types = [
            "image",
            "cube",
            "spectrum",
            "sed",
            "timeseries",
            "visibility",
            "event",
            "measurements",
        ];
        for kind in types {
            let term = product(kind).unwrap_or_default();
            assert!(known(PRODUCTS, term), "{kind}: {term}");
        }
        assert_eq!(product("something"), None);
    }
}
