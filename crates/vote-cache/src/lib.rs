//! What must be quick and may be lost: the states of voters, counters, cached entries,
//! and who is alive. The only user of Redis, and beside it the same in memory for the
//! embedded mode. It knows no SQL; below, values are bytes, and two modules give them types.
//!
//! - [`Cache`]: both adapters behind one type; [`key`] says what lies where.
//! - [`state`]: voter states, written by compare-and-set.
//! - [`counter`]: counters, of which the newest version stands.
//! - [`entry`], [`Loader`]: what was read from SQL, loaded once for all who ask.
//! - [`VoterStates`], `review_counts`: voter states and counters with their types.
//! - [`Cache::claim`], [`Cache::now`]: names claimed once, and the time.
//! - [`Cache::note_settled`], [`Cache::settled_to`]: how far settling has come.
//! - [`presence`]: which gateways are alive, and whether Redis lost its data.

mod cache;
mod claim;
pub mod counter;
pub mod entry;
mod error;
pub mod key;
mod lag;
mod loader;
mod memory;
pub mod presence;
mod redis;
mod review_counts;
pub mod state;
mod voter_states;

pub use cache::Cache;
pub use counter::Counter;
pub use entry::Entry;
pub use error::CacheError;
pub use loader::{LoadError, Loader};
pub use state::{Keep, Read, StateKey, Token, Versioned, Write, Written};
pub use voter_states::{KnownState, StateError, VoterStates};
