//! Repositories of Rubin's Data Butler as a source of datasets.

mod hsc;
