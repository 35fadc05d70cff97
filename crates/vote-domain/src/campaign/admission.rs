//! Whether tickets may be spent now.

use chrono::{DateTime, Utc};

use super::{Ballot, CampaignVote, DRAWS_MAX, Draw, Facts, Source, Stage, VoterState};
use crate::time::end_of_day;
use crate::{Seq, VoteId, Voter};

/// Why tickets may not be spent; nothing changes then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The campaign has not begun, or is over.
    #[error("the campaign is {}", .0.as_str())]
    NotOpen(Stage),
    /// The channel is reserved to other kinds of voters.
    #[error("the channel is reserved to others")]
    ChannelClosedToVoter,
    /// More than a vote may spend, or than it can draw from so many lots.
    #[error("a vote spends at most {max} tickets")]
    TooManyTickets {
        /// The most that would be taken.
        max: u64,
    },
    /// More than the voter has.
    #[error("the wallet holds {balance} tickets")]
    InsufficientTickets {
        /// What the voter has.
        balance: u64,
    },
    /// The channel's tickets of the day are used.
    #[error("{used} of the day's {limit} tickets on this channel are used")]
    ChannelLimitReached {
        /// The channel's daily limit.
        limit: u32,
        /// Used so far, votes in flight included.
        used: u32,
        /// When the next day begins.
        resets_at: DateTime<Utc>,
    },
}

/// Decides whether `voter` may cast `ballot` at `now`, and stamps the vote `vote_id`.
///
/// Pure: the gateway runs it on the state read together with `now`. The ballot names an
/// option and a channel that `facts` know. Tickets come from the lots that expire first.
///
/// # Errors
/// [`Rejection`], by what `facts` and `state` say.
pub fn admit(
    state: &VoterState,
    facts: &Facts,
    now: DateTime<Utc>,
    voter: &Voter,
    ballot: Ballot,
    vote_id: VoteId,
) -> Result<CampaignVote, Rejection> {
    let terms = &facts.terms;
    let seq = Seq::after(state.last_seq(), now);
    let stage = terms.stage(facts.progress, now);
    if stage != Stage::Open || !terms.admits_at(seq.at()) {
        return Err(Rejection::NotOpen(match stage {
            Stage::Open => Stage::Closing,
            stage => stage,
        }));
    }
    let channel = usize::try_from(ballot.channel.0)
        .ok()
        .and_then(|at| facts.channels.get(at));
    if !channel.is_some_and(|channel| channel.is_open_to(voter.kind())) {
        return Err(Rejection::ChannelClosedToVoter);
    }
    if ballot.tickets > terms.tickets_per_vote_max {
        return Err(Rejection::TooManyTickets {
            max: terms.tickets_per_vote_max.into(),
        });
    }
    let day = terms.day(seq.at());
    let limit = channel.and_then(|channel| channel.daily_ticket_limit);
    if let Some(limit) = limit {
        let used = state.used_on(ballot.channel, day);
        if used.saturating_add(ballot.tickets) > limit {
            return Err(Rejection::ChannelLimitReached {
                limit,
                used,
                resets_at: end_of_day(terms.zone, day),
            });
        }
    }
    Ok(CampaignVote {
        vote_id,
        campaign: terms.campaign,
        voter: voter.clone(),
        ballot,
        seq,
        day,
        limit,
        draws: draw(state, facts, voter, ballot.tickets, seq.at())?,
    })
}

/// Takes `tickets` from the lots that expire first.
fn draw(
    state: &VoterState,
    facts: &Facts,
    voter: &Voter,
    tickets: u32,
    at: DateTime<Utc>,
) -> Result<Vec<Draw>, Rejection> {
    let wallet = state.wallet(&facts.terms, voter.voter_id(), at);
    if wallet.balance < u64::from(tickets) {
        return Err(Rejection::InsufficientTickets {
            balance: wallet.balance,
        });
    }
    let mut left = tickets;
    let mut draws = Vec::new();
    for held in wallet.lots.iter().take(DRAWS_MAX) {
        let taken = held.remaining.min(left);
        left -= taken;
        if taken > 0 {
            draws.push(Draw {
                lot: held.lot_id,
                free_day: match held.lot.source {
                    Source::FreeDaily(day) => Some(day),
                    Source::Grant(_) => None,
                },
                tickets: taken,
            });
        }
    }
    if left > 0 {
        return Err(Rejection::TooManyTickets {
            max: u64::from(tickets - left),
        });
    }
    Ok(draws)
}
