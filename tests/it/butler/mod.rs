//! Repositories of Rubin's Data Butler as a source of datasets.

mod following;
mod hsc;
mod made;
mod reading;
mod speed;
