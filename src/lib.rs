pub mod database;
pub mod input;
