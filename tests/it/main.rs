//! The program and its parts on real databases, SQLite and PostgreSQL alike.

mod async_;
mod database;
mod geometry_values;
mod layering;
mod load;
mod obscore;
mod protocol;
mod sky_parity;
mod support;
mod tap;
