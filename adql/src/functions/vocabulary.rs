//! Terms of the IVOA vocabularies (Vocabularies in the VO 2.1) that ObsCore's
//! columns take their values from, and which term is wider than which. A line
//! of a list is a term and then, after `<`, the terms directly wider.

/// One of the vocabularies at <https://www.ivoa.net/rdf>.
pub(crate) struct Vocabulary {
    pub name: &'static str,
    /// In a tree (RDF classes and properties) the narrower of a narrower term
    /// is narrower; in a SKOS vocabulary it is not.
    is_tree: bool,
    lines: &'static str,
}

static VOCABULARIES: &[Vocabulary] = &[
    // As of 2024-05-19.
    Vocabulary {
        name: "product-type",
        is_tree: false,
        lines: include_str!("vocabularies/product-type.txt"),
    },
    // As of 2020-08-26.
    Vocabulary {
        name: "messenger",
        is_tree: true,
        lines: include_str!("vocabularies/messenger.txt"),
    },
    // As of 2020-10-06.
    Vocabulary {
        name: "object-type",
        is_tree: true,
        lines: include_str!("vocabularies/object-type.txt"),
    },
    // As of 2022-01-27.
    Vocabulary {
        name: "datalink/core",
        is_tree: true,
        lines: include_str!("vocabularies/datalink-core.txt"),
    },
];

pub(crate) fn find(name: &str) -> Option<&'static Vocabulary> {
    VOCABULARIES.iter().find(|known| known.name == name)
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    VOCABULARIES.iter().map(|known| known.name)
}

impl Vocabulary {
    pub fn terms(&self) -> impl Iterator<Item = &'static str> {
        self.entries().map(|(term, _)| term)
    }

    /// Terms with those directly wider.
    fn entries(&self) -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static str>)> {
        self.lines.lines().map(|line| {
            let (term, wider) = line.split_once(" < ").unwrap_or((line, ""));
            (term, wider.split_ascii_whitespace())
        })
    }

    /// The term and what is narrower; nothing if there is no such term.
    pub fn narrower(&self, term: &str) -> Vec<&'static str> {
        let mut found: Vec<&'static str> = self.terms().filter(|known| *known == term).collect();
        loop {
            let before = found.len();
            let wide = match self.is_tree {
                true => found.clone(),
                false => found.first().copied().into_iter().collect(),
            };
            for (term, mut wider) in self.entries() {
                if !found.contains(&term) && wider.any(|wider| wide.contains(&wider)) {
                    found.push(term);
                }
            }
            if found.len() == before {
                return self.terms().filter(|term| found.contains(term)).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrower_terms_of_trees_and_of_others() {
        let check = |name: &str, term: &str, expected: &str| {
            let vocabulary = find(name).expect(name);
            assert_eq!(vocabulary.narrower(term).join(" "), expected);
        };
        check("datalink/core", "calibration", "calibration bias dark flat");
        check(
            "messenger",
            "Photon",
            "Photon Radio Millimeter Infrared Optical UV EUV X-ray Gamma-ray",
        );
        check("messenger", "UV", "UV EUV");
        check("messenger", "photon", "");
        check(
            "product-type",
            "timeseries",
            "timeseries light-curve velocity-curve",
        );
        check(
            "product-type",
            "spectrally-resolved-dataset",
            "spectral-cube spectrally-resolved-dataset spectrum slit-spectrum \
             polarized-spectrum dynamic-spectrum",
        );
        check(
            "object-type",
            "agn",
            "agn seyfert seyfert-1 seyfert-2 radio-g liner qso blazar bl-lac",
        );
    }

    #[test]
    fn every_wider_term_is_a_term() {
        for vocabulary in VOCABULARIES {
            let terms: Vec<&str> = vocabulary.terms().collect();
            for (term, mut wider) in vocabulary.entries() {
                assert!(wider.all(|wider| terms.contains(&wider)), "{term}");
            }
        }
    }
}
