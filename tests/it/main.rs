//! The program and its parts on real databases, SQLite and PostgreSQL alike.

mod database;
mod felis;
mod formats;
mod functions;
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
