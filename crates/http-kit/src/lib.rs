//! What Tally's HTTP services share, so that a handler holds nothing but its own work.
//!
//! - [`Problem`]: every answer that is no success, as RFC 9457 says;
//! - [`extract`]: bodies, paths and queries, checked at the edge;
//! - [`Actor`], [`Tokens`]: who acts, and may they;
//! - [`page`], [`etag`]: lists, and answers that are polled.

pub mod actor;
pub mod etag;
pub mod extract;
pub mod page;
pub mod problem;
pub mod tokens;

pub use actor::{Actor, MaybeActor};
pub use extract::{BodyLimit, Json, Path, Query};
pub use page::{Cursor, Limit, Page, PageQuery};
pub use problem::Problem;
pub use tokens::{TokenError, Tokens};
