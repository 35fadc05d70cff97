//! The rules of campaign votes: tickets are granted, spent on options, and expire.
//!
//! [`admit`] decides, at the gateway, whether tickets may be spent, and stamps the vote
//! with the lots they come from. [`merge`] settles, in the worker, against rows locked in
//! SQL. As for reviews, any order, repetition and split of what `admit` produced ends in
//! the same rows. What a wallet holds follows from its lots and from time alone: nothing
//! runs at midnight, and nothing runs when a lot expires.

mod admission;
mod ballot;
mod board;
mod draft;
mod edit;
mod lot;
mod merge;
mod result;
mod statement;
mod terms;
mod void;
mod wallet;

pub use admission::{Rejection, admit};
pub use ballot::{Ballot, CampaignVote, ChannelNo, DRAWS_MAX, Draw, Hour, OptionNo};
pub use board::{Ranked, ranked};
pub use draft::{
    AHEAD_MAX, CHANNELS_MAX, CampaignOption, ChannelDraft, DAILY_LIMIT_MAX, Draft, EXPIRY_DAYS_MAX,
    ExpiryDraft, FAULTS_MAX, Fault, OPTIONS_MAX, OptionDraft, Plan, Subject, WINDOW_MAX,
};
pub use edit::{Edit, EditRefusal, FIXED_BEFORE_START};
pub use lot::{Lot, Source};
pub use merge::{LedgerEntry, Rows, Settlement, merge};
pub use result::{InvalidResult, OptionVotes, ResultFacts};
pub use statement::{Entry, Kind, Posted, PostedEnd, statement};
pub use terms::{CLOSE_AFTER, Channel, Facts, Progress, Stage, TICKETS_MAX, Terms, TicketExpiry};
pub use void::{Mark, Marks, VoterMark, void};
pub use wallet::{Base, Holding, LOTS_MAX, Touched, VoterState, Wallet};

#[cfg(test)]
mod tests;
