pub mod database;
pub mod obscore;
pub mod spatial;
pub mod tap_schema;
