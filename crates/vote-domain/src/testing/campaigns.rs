//! Random campaigns, and random histories of them.
//!
//! A [`Run`] lets [`Step`]s happen to a [campaign](facts) one by one: time passes,
//! tickets are granted, votes admitted, settled and voided. [`Books`] keep what SQL would.
//! What happened can be replayed in any order that could have happened: [`arrivals`].

mod arrivals;
mod books;
mod run;
mod step;
mod terms;

pub use arrivals::{Arrival, arrivals};
pub use books::{Books, End, Grant, Void, Voided};
pub use run::{Event, Run};
pub use step::{Deed, Step, When, forgetful_steps, steps};
pub use terms::{facts, voters};
