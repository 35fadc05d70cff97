//! Campaigns from outside: who votes in them, and a judge who compares what clients were
//! told with what SQL and the API hold in the end.

pub(crate) mod arena;
mod books;
pub mod close_run;
pub(crate) mod crowd;
mod draft;
mod history;
pub mod hot_option;
mod judge;
mod loss;
mod partner;
pub(crate) mod shown;
mod voter;

pub use arena::{Arena, Means};
pub use books::CampaignBooks;
pub use draft::{Channel, Draft};
pub use history::{Accepted, CampaignHistory, Doubt};
pub use judge::{CampaignPromise, CampaignViolation, Closing, judge};
pub use loss::{Loss, lose_nodes_under_load, lose_redis_under_load};
pub use partner::{Call, Partner, Service, Signed};
pub use voter::Voter;
