//! The program and its parts on real databases, SQLite and PostgreSQL alike.

mod database;
mod layering;
mod load;
mod obscore;
mod protocol;
mod sky_functions;
mod support;
mod tap;
