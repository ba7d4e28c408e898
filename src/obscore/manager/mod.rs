//! ObsCore tables that follow registries: rows are there when their datasets
//! are, as they are, and gone when these are gone.
//!
//! What a table must have is a function of its registry: which datasets are
//! wanted ([`Describe::wanted`]), and what row each has ([`Describe::row`]). So
//! there is one way of writing: look at some datasets again, and make their rows
//! what they should be ([`reconcile`](compare)). Whoever learns of changes only has to say
//! which datasets: [`Live`] in the transaction of our own registry, [`sync()`] and
//! [`follow()`] for a registry elsewhere; [`verify()`] compares everything and says
//! what is wrong, by cause. Told twice, or late, it comes to the same.
//!
//! Every transaction that writes rows of a registry reads what it writes under a
//! lock, so that two managers on one table do no harm. A dataset that cannot be
//! described never keeps others from their rows: it is recorded with the reason.
//!
//! Follows ObsCore 1.1 in what a row must be ([`super::Record`]); the rest is our
//! own design. Leaves out: reading registries ([`crate::registry`]).
//!
//! Must not know: HTTP, drivers, how a registry is stored.

mod compare;
mod diff;
mod error;
mod feed;
mod follow;
mod line;
mod live;
mod mapped;
mod plan;
mod read;
mod release;
mod status;
mod sweep;
mod sync;
mod verify;
mod write;

pub use compare::{Cause, Difference, Tally};
pub use diff::{Diff, Differing, diff_file, diff_tables};
pub use error::ManagerError;
pub use feed::{Attach, Feed, Kind, Repository, State, attach, detach, feeds, register};
pub use follow::{Pace, follow};
pub use line::Describe;
pub use live::Live;
pub use mapped::{Mapped, mapped};
pub use plan::{Plan, plan};
pub use release::{Release, create, drop, list, switch};
pub use status::{Status, status};
pub use sync::{Manager, Options, Reading, sync};
pub use verify::{Report, repair, verify};
