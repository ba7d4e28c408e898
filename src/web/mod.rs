//! Pages for people: readable without scripts as far as they can be, and what
//! their scripts ask for. The scripts are written in `portal/` and stand built
//! under [`assets`].
//!
//! Whatever comes from a database or a person is escaped here, and put into
//! pages as text by the scripts; nothing of it is ever markup.
//!
//! Must not know: HTTP, SQL.

pub mod api;
pub mod assets;
mod facts;
mod landing;
mod rooms;
mod shell;

pub use facts::{facts, judged};
pub use landing::Landing;
pub use rooms::main;
pub use shell::{Page, Site};
