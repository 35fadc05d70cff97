//! The gateway: admits votes and enqueues them.
//!
//! One vote's way through it: a [route](routes) reads the request and calls
//! [`Gateway::cast`], which loads the voter's state ([`voters`]), lets
//! [`vote_domain::review::admit`] decide, reserves the vote in the state, hands it to the
//! queue, and answers once the broker has it. What else may be needed on the way has its
//! own file: [`facts`] about reviews, [`repeats`] of an idempotency key, votes that must
//! be sent again ([`resend`]).

mod answer;
mod app;
mod cast;
mod coalesce;
mod confirmed;
mod epoch;
mod error;
mod facts;
mod gateway;
mod heartbeat;
mod idempotency;
mod repeats;
mod resend;
pub mod routes;
mod status;
mod voters;

pub use cast::{Accepted, Cast};
pub use error::{CastError, Unavailable};
pub use gateway::{Gateway, GatewayParts, GatewaySettings};
pub use idempotency::{IdempotencyKey, InvalidKey};
pub use status::{VoteState, VoteStatus};
