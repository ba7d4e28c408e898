//! The program and its parts on real databases, SQLite and PostgreSQL alike.

mod database;
mod formats;
mod layering;
mod load;
mod obscore;
mod protocol;
mod support;
mod tap;
