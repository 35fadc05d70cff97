//! What Tally's HTTP services share, so that a handler holds nothing but its own work.
//!
//! - [`Problem`]: every answer that is no success, as RFC 9457 says;
//! - [`extract`]: bodies, paths and queries, checked at the edge;
//! - [`Actor`], [`Tokens`]: who acts, and may they;
//! - [`RateLimits`]: how often one client may call;
//! - [`page`], [`etag`]: lists, and answers that are polled;
//! - [`Site`]: the service on the network, with [`Readiness`], [`Meter`], traces,
//!   `/openapi.json` and `/docs` around its routes.

pub mod actor;
mod address;
mod api_docs;
mod edge;
pub mod etag;
pub mod extract;
pub mod health;
mod ids;
pub mod meter;
pub mod page;
pub mod problem;
pub mod rate;
mod routes;
pub mod site;
mod stream;
pub mod tokens;
pub mod trace;

pub use actor::{Actor, MaybeActor};
pub use api_docs::BearerScheme;
pub use extract::{BodyLimit, Json, Path, Query};
pub use health::Readiness;
pub use ids::parse_ids;
pub use meter::Meter;
pub use page::{Cursor, CursorTime, Limit, Page, PageQuery};
pub use problem::{Problem, ProblemDetails};
pub use rate::RateLimits;
pub use routes::route_template;
pub use site::{API_BASE, Listening, ServeError, Site};
pub use tokens::{TokenError, Tokens};
pub use trace::TraceParent;
