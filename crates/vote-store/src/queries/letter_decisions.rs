//! What operators decide on dead letters. Rows are locked in the order of all transactions:
//! campaigns by key, the letter, campaigns' voters by key, then reviews' voters by key.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;
use vote_domain::campaign::{CampaignVote, ChannelNo, OptionNo, Progress};
use vote_domain::review::ReviewVote;
use vote_domain::{CampaignId, Outcome, RejectReason, Seq, UserId, VoteId, Voter, VoterId};

use super::Conn;
use super::dead_letters::state_of;
use super::{campaign_rows, campaign_settle, review_rows, settle, voids};
use crate::StoreError;
use crate::audit::Act;
use crate::dead_letters::{DropOutcome, LetterDrop, LetterState, ReplayOutcome};
use crate::key::{Key, Moment};
use crate::rows::{Locked, key_in, key_values};
use crate::schema::{dead_letters, review_votes};

/// The end of a vote whose letter is dropped.
const DROPPED: Outcome = Outcome::Rejected(RejectReason::Dropped);

/// A letter's row as a decision needs it, locked.
struct Letter {
    ballot_box: String,
    n_arrivals: u64,
    state: LetterState,
}

async fn lock(connection: &mut Conn, id: Uuid) -> Result<Option<Letter>, StoreError> {
    let found: Vec<(String, i64, Option<Moment>, Option<String>)> = Locked(
        dead_letters::table
            .filter(dead_letters::dead_letter_id.eq(Key(id)))
            .select((
                dead_letters::ballot_box,
                dead_letters::n_arrivals,
                dead_letters::resolved_at,
                dead_letters::resolution,
            )),
    )
    .load(connection)
    .await?;
    let letter = |(ballot_box, n_arrivals, resolved_at, resolution): (_, i64, Option<_>, _)| {
        let resolution: Option<String> = resolution;
        Letter {
            ballot_box,
            n_arrivals: n_arrivals.unsigned_abs(),
            state: state_of(resolved_at.is_some(), resolution.as_deref()),
        }
    };
    Ok(found.into_iter().next().map(letter))
}

async fn resolve(
    connection: &mut Conn,
    id: Uuid,
    state: LetterState,
    act: &Act,
) -> Result<(), StoreError> {
    diesel::update(dead_letters::table.filter(dead_letters::dead_letter_id.eq(Key(id))))
        .set((
            dead_letters::resolved_at.eq(Some(Moment(act.at))),
            dead_letters::resolution.eq(Some(state.as_str())),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn note_replay(
    connection: &mut Conn,
    id: Uuid,
    n_arrivals: u64,
    act: &Act,
) -> Result<ReplayOutcome, StoreError> {
    let Some(letter) = lock(connection, id).await? else {
        return Ok(ReplayOutcome::NoSuchLetter);
    };
    if letter.state == LetterState::Dropped {
        return Ok(ReplayOutcome::Dropped);
    }
    if letter.n_arrivals != n_arrivals {
        return Ok(ReplayOutcome::ArrivedAgain);
    }
    resolve(connection, id, LetterState::Replayed, act).await?;
    let detail = json!({ "ballot_box": letter.ballot_box, "arrivals": n_arrivals });
    let record = act.record("dead_letter_replayed", format!("dead_letter:{id}"), detail);
    super::audit::append(connection, &[record]).await?;
    Ok(ReplayOutcome::Noted)
}

pub(crate) async fn drop_letter(
    connection: &mut Conn,
    id: Uuid,
    drop: &LetterDrop,
    act: &Act,
) -> Result<DropOutcome, StoreError> {
    let LetterDrop { votes, reason } = drop;
    let touched: BTreeSet<CampaignId> = votes.campaigns.iter().map(|vote| vote.campaign).collect();
    // Those whose ledger may still change. Whatever another's does not have by now has no end
    // there: it was never accepted, for no campaign drains before its letters are decided on.
    let mut unfinished = Vec::new();
    for campaign in touched {
        let progress = voids::lock(connection, campaign).await?;
        if progress.is_some_and(|progress| progress < Progress::Drained) {
            unfinished.push(campaign);
        }
    }
    let Some(letter) = lock(connection, id).await? else {
        return Ok(DropOutcome::NoSuchLetter);
    };
    match letter.state {
        LetterState::Dropped => return Ok(DropOutcome::AlreadyDropped),
        LetterState::Replayed => return Ok(DropOutcome::Replayed),
        LetterState::Open => {}
    }
    let mut rejected = Vec::new();
    for campaign in unfinished {
        let of_campaign = votes
            .campaigns
            .iter()
            .filter(|vote| vote.campaign == campaign);
        let of_campaign: Vec<CampaignVote> = of_campaign.map(storable_in_campaign).collect();
        rejected.extend(reject_in_campaign(connection, campaign, &of_campaign, act).await?);
    }
    let on_reviews: Vec<ReviewVote> = votes.reviews.iter().map(storable_on_review).collect();
    rejected.extend(reject_on_reviews(connection, &on_reviews, act).await?);
    resolve(connection, id, LetterState::Dropped, act).await?;
    let detail = json!({
        "ballot_box": letter.ballot_box,
        "reason": reason,
        "votes_rejected": rejected.iter().map(|vote| vote.0).collect::<Vec<_>>(),
    });
    let record = act.record("dead_letter_dropped", format!("dead_letter:{id}"), detail);
    super::audit::append(connection, &[record]).await?;
    Ok(DropOutcome::Done { rejected })
}

async fn reject_in_campaign(
    connection: &mut Conn,
    campaign: CampaignId,
    votes: &[CampaignVote],
    act: &Act,
) -> Result<Vec<VoteId>, StoreError> {
    // No vote of theirs settles: their last place stays what it is.
    let voters: BTreeMap<VoterId, (&Voter, Seq)> = votes
        .iter()
        .map(|vote| (vote.voter.voter_id(), (&vote.voter, Seq::default())))
        .collect();
    campaign_rows::lock_voters(connection, campaign, &voters).await?;
    let ids = key_values(votes.iter().map(|vote| vote.vote_id));
    let mut known = campaign_settle::known(connection, &ids).await?;
    let entries: Vec<_> = votes
        .iter()
        .filter(|vote| known.insert(vote.vote_id))
        .map(|vote| vote_domain::campaign::LedgerEntry {
            vote: vote.clone(),
            outcome: DROPPED,
            forfeited: false,
        })
        .collect();
    campaign_settle::insert_ledger(connection, &entries, act.at).await?;
    Ok(entries.iter().map(|entry| entry.vote.vote_id).collect())
}

async fn reject_on_reviews(
    connection: &mut Conn,
    votes: &[ReviewVote],
    act: &Act,
) -> Result<Vec<VoteId>, StoreError> {
    let voters: BTreeMap<UserId, Seq> = votes
        .iter()
        .map(|vote| (vote.voter, Seq::default()))
        .collect();
    review_rows::lock_voters(connection, &voters).await?;
    let mut known = HashSet::new();
    let ids = key_values(votes.iter().map(|vote| vote.vote_id));
    for ids in key_in("vote_id", &ids) {
        let found: Vec<Key> = review_votes::table
            .filter(ids)
            .select(review_votes::vote_id)
            .load(connection)
            .await?;
        known.extend(found.into_iter().map(VoteId::from));
    }
    let entries: Vec<_> = votes
        .iter()
        .filter(|vote| known.insert(vote.vote_id))
        .map(|vote| vote_domain::review::LedgerEntry {
            vote: vote.clone(),
            outcome: DROPPED,
            void: None,
        })
        .collect();
    settle::insert_ledger(connection, &entries, act.at).await?;
    for entry in &entries {
        // A void that waited for the vote waits no more.
        review_rows::forget_mark(connection, entry.vote.vote_id, entry.vote.review).await?;
    }
    Ok(entries.iter().map(|entry| entry.vote.vote_id).collect())
}

/// `vote` with what no column takes brought within bounds: it may be a letter for just that.
fn storable_in_campaign(vote: &CampaignVote) -> CampaignVote {
    let mut vote = vote.clone();
    vote.ballot.option = OptionNo(int(vote.ballot.option.0));
    vote.ballot.channel = ChannelNo(int(vote.ballot.channel.0));
    vote.ballot.tickets = int(vote.ballot.tickets);
    vote.limit = vote.limit.map(int);
    vote.day = date(vote.day);
    vote
}

/// The same of a vote on a review.
fn storable_on_review(vote: &ReviewVote) -> ReviewVote {
    let mut vote = vote.clone();
    vote.cost = int(vote.cost);
    vote.limit = int(vote.limit);
    vote.day = date(vote.day);
    vote
}

/// `number`, or the highest that a column takes.
fn int(number: u32) -> u32 {
    number.min(i32::MAX.unsigned_abs())
}

/// `day`, or the nearest that a column takes.
fn date(day: NaiveDate) -> NaiveDate {
    let bounds = NaiveDate::from_ymd_opt(1_000, 1, 1).zip(NaiveDate::from_ymd_opt(9_999, 12, 31));
    bounds.map_or(day, |(first, last)| day.clamp(first, last))
}
