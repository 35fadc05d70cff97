//! The gateway: admits votes and enqueues them.
//!
//! One vote's way through it: a [route](routes) reads the request and has it cast at the
//! [`booth`] of its ballot box: [`cast`] loads the voter's state, lets the product's rules
//! decide ([`reviews`], [`campaigns`]; [`product`] says what the two differ in), reserves
//! the vote in the state, hands it to the queue, and answers once the broker has it. What
//! else may be needed on the way has its own file: [`facts`] about reviews, [`repeats`] of
//! an idempotency key, votes that must be sent again ([`resend`]). [`voids`] take votes out of
//! the count again, and [`tell`] the voter's state; [`dead_letters`] are what operators decide
//! on. Who is let in at all when there is too much to do, [`pressure`] says; [`boxes`] shows
//! how far behind the workers are.

mod answer;
mod app;
mod booth;
mod boxes;
mod campaigns;
mod cast;
mod coalesce;
mod confirmed;
mod dead_letters;
mod doubts;
mod epoch;
mod error;
mod facts;
mod gateway;
mod guard;
mod heartbeat;
mod idempotency;
mod lag;
mod pressure;
mod product;
mod repeats;
mod request;
mod resend;
mod review_voids;
mod reviews;
pub mod routes;
mod status;
mod steps;
mod tell;
mod voids;
mod way;

pub use campaigns::CampaignRefusal;
pub use cast::{Accepted, Cast};
pub use dead_letters::{DropError, Dropped, ReplayError};
pub use error::{CastError, Unavailable};
pub use gateway::{Gateway, GatewayParts, GatewaySettings};
pub use idempotency::{IdempotencyKey, InvalidKey};
pub use pressure::PressureSettings;
pub use review_voids::VoidError;
pub use reviews::ReviewRefusal;
pub use status::{VoteState, VoteStatus};
pub use voids::{VoidOrder, VoidTarget, Voided};
