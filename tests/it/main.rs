//! The program and its parts on real databases, SQLite and PostgreSQL alike.

mod async_;
mod database;
mod felis;
mod geometry_values;
mod layering;
mod load;
mod obscore;
mod protocol;
mod random;
mod sky_parity;
mod support;
mod tap;
mod units;
