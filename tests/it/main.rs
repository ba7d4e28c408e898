//! The program and its parts on real databases, SQLite and PostgreSQL alike.

mod async_;
mod cases;
mod database;
mod documents;
mod felis;
mod formats;
mod functions;
mod geometry_values;
mod language;
mod layering;
mod leaving;
mod load;
mod obscore;
mod protocol;
mod random;
mod sky_functions;
mod sky_parity;
mod support;
mod tap;
mod units;
