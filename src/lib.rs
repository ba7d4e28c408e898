pub mod config;
pub mod dali;
pub mod database;
pub mod output;
pub mod tap;
pub mod vosi;
