//! The program and its parts on real databases, SQLite and PostgreSQL alike.

mod async_;
mod cases;
mod coverage;
mod database;
mod documents;
mod felis;
mod formats;
mod functions;
mod geometry_values;
mod joins;
mod language;
mod layering;
mod leaving;
mod load;
mod manners;
mod obscore;
mod plans;
mod protocol;
mod random;
mod registry;
mod sky_functions;
mod sky_index;
mod sky_parity;
mod support;
mod tap;
mod units;
