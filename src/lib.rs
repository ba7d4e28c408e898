//! The service: an IVOA TAP and ObsCore server over PostgreSQL or SQLite.
//!
//! Rooms, from the ground up; a room imports only from floors below it, and
//! `tests/it/layering.rs` holds them to it:
//!
//! | floor | rooms |
//! |---|---|
//! | 0 | the crates `adql` (a query's text to SQL) and `votable` (rows to bytes) |
//! | 1 | [`config`], [`dali`], [`database`], [`input`] |
//! | 2 | [`spatial`], [`tap_schema`], [`registry`], [`files`] |
//! | 3 | [`obscore`], [`felis`], [`output`], [`demo`], [`uws`] |
//! | 4 | [`tap`], [`datalink`], [`soda`], [`vosi`]; [`sia`] and [`scs`], which ask [`tap`] |
//! | 5 | [`server`], [`web`], [`commands`] |
//!
//! The road of a query is told by [`tap::Service::answer`], the life of a job by
//! [`uws`].

pub mod config;
pub mod dali;
pub mod database;
pub mod input;

pub mod files;
pub mod registry;
pub mod spatial;
pub mod tap_schema;

pub mod demo;
pub mod felis;
pub mod obscore;
pub mod output;
pub mod uws;

pub mod datalink;
pub mod scs;
pub mod sia;
pub mod soda;
pub mod tap;
pub mod vosi;

pub mod commands;
pub mod server;
pub mod web;
