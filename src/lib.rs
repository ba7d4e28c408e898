pub mod database;
pub mod demo;
pub mod input;
pub mod obscore;
pub mod spatial;
pub mod tap_schema;
