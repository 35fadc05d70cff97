//! What can happen to a campaign.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use crate::campaign::{ChannelNo, OptionNo, Terms};
use crate::time::end_of_day;

/// One thing that happens.
#[derive(Clone, Debug)]
pub struct Step {
    /// When.
    pub when: When,
    /// What.
    pub deed: Deed,
}

/// When a step happens.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// So many milliseconds after the last step.
    After(i64),
    /// So many milliseconds after the next start, local midnight or end, if this is later
    /// than the last step; else at once.
    AboutNextEdge(i64),
}

impl When {
    /// The moment, if the last step happened at `now`.
    #[must_use]
    pub fn moment(self, terms: &Terms, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::After(ms) => now + TimeDelta::milliseconds(ms),
            Self::AboutNextEdge(ms) => {
                let midnight = end_of_day(terms.zone, terms.day(now));
                let edges = [terms.starts_at, terms.ends_at, midnight];
                let next = edges.into_iter().filter(|edge| *edge > now).min();
                let moment = next.unwrap_or(now) + TimeDelta::milliseconds(ms);
                moment.max(now)
            }
        }
    }
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Tickets are granted, if the campaign is not over.
    Grant {
        /// Which voter.
        voter: usize,
        /// How many.
        tickets: u32,
    },
    /// A voter asks to spend tickets.
    Cast {
        /// Which voter.
        voter: usize,
        /// On what, modulo the number of options.
        option: OptionNo,
        /// By which channel, modulo their number.
        channel: ChannelNo,
        /// How many.
        tickets: u32,
    },
    /// Some of the votes on the queue settle, and some that were settled before arrive
    /// again.
    Settle {
        /// Says which, in what order, and whether voters' states are told.
        seed: u64,
    },
    /// A voter's state is read from SQL.
    Load {
        /// Which voter.
        voter: usize,
    },
    /// A vote is voided.
    VoidVote {
        /// Which vote, modulo the number of votes.
        nth: usize,
        /// Whether its tickets are lost.
        forfeit: bool,
    },
    /// All votes of a voter so far are voided.
    VoidVoter {
        /// Which voter.
        voter: usize,
        /// Whether their tickets are lost.
        forfeit: bool,
    },
    /// A voter's state is lost, its votes in flight too: the queue still has them.
    Forget {
        /// Which voter.
        voter: usize,
    },
}

/// Steps of `n_voters` voters in which no voter's state is lost.
pub fn steps(n_voters: usize) -> impl Strategy<Value = Vec<Step>> {
    history_of(deed(n_voters).boxed())
}

/// Steps of `n_voters` voters whose states are lost now and then.
pub fn forgetful_steps(n_voters: usize) -> impl Strategy<Value = Vec<Step>> {
    let forget = (0..n_voters).prop_map(|voter| Deed::Forget { voter });
    history_of(prop_oneof![5 => deed(n_voters), 1 => forget].boxed())
}

fn history_of(deed: BoxedStrategy<Deed>) -> impl Strategy<Value = Vec<Step>> {
    let when = prop_oneof![
        15 => (0_i64..60_000).prop_map(When::After),
        2 => (0_i64..40_000_000).prop_map(When::After),
        2 => (-1_i64..2).prop_map(When::AboutNextEdge),
    ];
    let step = (when, deed).prop_map(|(when, deed)| Step { when, deed });
    prop::collection::vec(step, 1..50)
}

fn deed(n_voters: usize) -> impl Strategy<Value = Deed> {
    let voter = 0..n_voters;
    let grant =
        (voter.clone(), 1_u32..10).prop_map(|(voter, tickets)| Deed::Grant { voter, tickets });
    let tickets = prop_oneof![8 => 1_u32..5, 1 => 5_u32..20];
    let channel = prop_oneof![2 => Just(0), 1 => 0_u32..6];
    let cast = (voter.clone(), 0_u32..6, channel, tickets).prop_map(
        |(voter, option, channel, tickets)| Deed::Cast {
            voter,
            option: OptionNo(option),
            channel: ChannelNo(channel),
            tickets,
        },
    );
    let void_vote =
        (0_usize..60, any::<bool>()).prop_map(|(nth, forfeit)| Deed::VoidVote { nth, forfeit });
    let void_voter = (voter.clone(), any::<bool>())
        .prop_map(|(voter, forfeit)| Deed::VoidVoter { voter, forfeit });
    prop_oneof![
        4 => grant,
        12 => cast,
        5 => any::<u64>().prop_map(|seed| Deed::Settle { seed }),
        2 => voter.prop_map(|voter| Deed::Load { voter }),
        2 => void_vote,
        1 => void_voter,
    ]
}
