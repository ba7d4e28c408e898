//! The program and its parts on real databases, SQLite and PostgreSQL alike.

mod database;
mod layering;
mod leaving;
mod load;
mod obscore;
mod protocol;
mod support;
mod tap;
