//! The rules of voting, and nothing else: no input or output, no clock of its own,
//! no runtime. What is decided here is decided once, for the gateway that admits a
//! vote and for the worker that settles it.
//!
//! Start with [`review::admit`] and [`review::merge`]: those two functions are the rules.

pub mod campaign;
pub mod clock;
pub mod id;
mod outcome;
pub mod ranking;
pub mod review;
pub mod role;
mod seq;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
pub mod voter;
pub mod voter_state;

pub use clock::Clock;
pub use id::{
    CampaignId, GrantId, Ids, ItemId, LotId, PartnerId, RestaurantId, ReviewId, UserId, VoteId,
};
pub use outcome::{Outcome, RejectReason};
pub use role::{Permission, Role};
pub use seq::Seq;
pub use voter::{Voter, VoterId, VoterKind};
