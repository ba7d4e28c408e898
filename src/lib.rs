pub mod database;
pub mod demo;
pub mod input;
