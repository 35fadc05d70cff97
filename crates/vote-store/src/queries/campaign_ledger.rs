//! Rows of the ledger of campaign votes.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::campaign::{Ballot, Posted, PostedEnd};
use vote_domain::{CampaignId, Outcome, Seq, VoteId, VoterId};

use super::Conn;
use super::campaign_rows::{LOT, LotColumns, VoteRow, ballot_of, lot_of, names};
use crate::StoreError;
use crate::campaign_ledger::{LedgerCampaignVote, StatementRows};
use crate::key::{Key, Moment};
use crate::rows::{Value, key_in, key_values};
use crate::schema::{
    campaign_channels, campaign_grants, campaign_lots, campaign_options, campaign_voids,
    campaign_vote_marks, campaign_voter_marks, campaign_voters, campaign_votes,
};

pub(crate) async fn ballots(
    connection: &mut Conn,
    votes: &[VoteId],
) -> Result<Vec<(VoteId, CampaignId, Ballot)>, StoreError> {
    let mut ballots = Vec::new();
    for votes in key_in("vote_id", &key_values(votes.iter().copied())) {
        let rows: Vec<(Key, Key, i32, i32, i32)> = campaign_votes::table
            .filter(votes)
            .select((
                campaign_votes::vote_id,
                campaign_votes::campaign_id,
                campaign_votes::option_no,
                campaign_votes::channel_no,
                campaign_votes::tickets,
            ))
            .load(connection)
            .await?;
        ballots.extend(
            rows.into_iter()
                .map(|(vote, campaign, option, channel, tickets)| {
                    let ballot = ballot_of(option, channel, tickets);
                    (vote.into(), campaign.into(), ballot)
                }),
        );
    }
    Ok(ballots)
}

/// A row of the ledger, its option's and channel's keys, and when and why it was voided
/// after it had counted.
type Columns = (
    VoteRow,
    Option<String>,
    Option<String>,
    Option<bool>,
    Option<Moment>,
    Option<String>,
);

pub(crate) async fn by_ids(
    connection: &mut Conn,
    votes: &[VoteId],
) -> Result<Vec<LedgerCampaignVote>, StoreError> {
    let mut found = Vec::new();
    for votes in key_in("campaign_votes.vote_id", &key_values(votes.iter().copied())) {
        let rows: Vec<Columns> = campaign_votes::table
            .left_join(
                campaign_options::table.on(campaign_options::campaign_id
                    .eq(campaign_votes::campaign_id)
                    .and(campaign_options::option_no.eq(campaign_votes::option_no))),
            )
            .left_join(
                campaign_channels::table.on(campaign_channels::campaign_id
                    .eq(campaign_votes::campaign_id)
                    .and(campaign_channels::channel_no.eq(campaign_votes::channel_no))),
            )
            .left_join(
                campaign_voids::table.on(campaign_voids::vote_id.eq(campaign_votes::vote_id)),
            )
            .filter(votes)
            .select((
                campaign_votes::all_columns,
                campaign_options::option_key.nullable(),
                campaign_channels::channel_key.nullable(),
                campaign_voids::forfeited.nullable(),
                campaign_voids::voided_at.nullable(),
                campaign_voids::reason.nullable(),
            ))
            .load(connection)
            .await?;
        for row in rows {
            found.push(ledger_vote(row)?);
        }
    }
    add_reasons_of_marks(connection, &mut found).await?;
    Ok(found)
}

fn ledger_vote(row: Columns) -> Result<LedgerCampaignVote, StoreError> {
    let (vote, option, channel, void_forfeited, voided_at, void_reason) = row;
    let outcome = match (vote.outcome()?, voided_at) {
        (Outcome::Counted, Some(_)) => Outcome::Voided,
        (outcome, _) => outcome,
    };
    let settled_at = vote.settled_at();
    let voided_at = match outcome {
        Outcome::Voided => Some(voided_at.map_or(settled_at, Into::into)),
        Outcome::Counted | Outcome::Rejected(_) => None,
    };
    Ok(LedgerCampaignVote {
        vote_id: vote.vote_id.into(),
        campaign: vote.campaign_id.into(),
        voter: vote.voter_id.into(),
        ballot: vote.ballot(),
        option,
        channel,
        seq: vote.seq(),
        outcome,
        forfeited: void_forfeited.unwrap_or(vote.forfeited),
        settled_at,
        voided_at,
        void_reason,
    })
}

/// A vote that was voided as it settled fell under the first of the marks over it.
async fn add_reasons_of_marks(
    connection: &mut Conn,
    votes: &mut [LedgerCampaignVote],
) -> Result<(), StoreError> {
    let under_marks: Vec<&mut LedgerCampaignVote> = votes
        .iter_mut()
        .filter(|vote| vote.outcome == Outcome::Voided && vote.void_reason.is_none())
        .collect();
    if under_marks.is_empty() {
        return Ok(());
    }
    let mut of_votes: HashMap<(VoteId, CampaignId), (i64, String)> = HashMap::new();
    let keys: Vec<_> = under_marks
        .iter()
        .map(|vote| {
            [
                Value::Key(vote.vote_id.into()),
                Value::Key(vote.campaign.into()),
            ]
        })
        .collect();
    for keys in key_in("vote_id, campaign_id", &keys) {
        let marks: Vec<(Key, Key, i64, String)> = campaign_vote_marks::table
            .filter(keys)
            .select((
                campaign_vote_marks::vote_id,
                campaign_vote_marks::campaign_id,
                campaign_vote_marks::position,
                campaign_vote_marks::reason,
            ))
            .load(connection)
            .await?;
        of_votes.extend(
            marks
                .into_iter()
                .map(|(vote, campaign, position, reason)| {
                    ((vote.into(), campaign.into()), (position, reason))
                }),
        );
    }
    type OfVoter = Vec<(Seq, i64, String)>;
    let mut of_voters: HashMap<(VoterId, CampaignId), OfVoter> = HashMap::new();
    let keys: Vec<_> = under_marks
        .iter()
        .map(|vote| {
            [
                Value::Key(vote.voter.into()),
                Value::Key(vote.campaign.into()),
            ]
        })
        .collect();
    for keys in key_in("voter_id, campaign_id", &keys) {
        let marks: Vec<(Key, Key, i64, i64, String)> = campaign_voter_marks::table
            .filter(keys)
            .select((
                campaign_voter_marks::voter_id,
                campaign_voter_marks::campaign_id,
                campaign_voter_marks::up_to_seq,
                campaign_voter_marks::position,
                campaign_voter_marks::reason,
            ))
            .load(connection)
            .await?;
        for (voter, campaign, up_to, position, reason) in marks {
            let of_voter = of_voters
                .entry((voter.into(), campaign.into()))
                .or_default();
            of_voter.push((Seq(up_to), position, reason));
        }
    }
    for vote in under_marks {
        let of_vote = of_votes.get(&(vote.vote_id, vote.campaign));
        let of_voter = of_voters.get(&(vote.voter, vote.campaign));
        let first = of_voter
            .into_iter()
            .flatten()
            .filter(|(up_to, _, _)| vote.seq <= *up_to)
            .map(|(_, position, reason)| (position, reason))
            .chain(of_vote.map(|(position, reason)| (position, reason)))
            .min_by_key(|(position, _)| **position);
        vote.void_reason = first.map(|(_, reason)| reason.clone());
    }
    Ok(())
}

pub(crate) async fn statement_rows(
    connection: &mut Conn,
    campaign: CampaignId,
    voter: VoterId,
) -> Result<StatementRows, StoreError> {
    type Columns = (VoteRow, Option<bool>, Option<Moment>);
    let (campaign_key, voter_key) = (Key::from(campaign), Key::from(voter));
    let Some(name) = names(connection, campaign, [voter]).await?.remove(&voter) else {
        return Ok(StatementRows::default());
    };
    let version: i64 = campaign_voters::table
        .filter(campaign_voters::voter_id.eq(voter_key))
        .filter(campaign_voters::campaign_id.eq(campaign_key))
        .select(campaign_voters::version)
        .first(connection)
        .await?;
    let lots: Vec<LotColumns> = campaign_lots::table
        .filter(campaign_lots::voter_id.eq(voter_key))
        .filter(campaign_lots::campaign_id.eq(campaign_key))
        .select(LOT)
        .load(connection)
        .await?;
    let reasons: Vec<(Key, String)> = campaign_grants::table
        .filter(campaign_grants::voter_id.eq(voter_key))
        .filter(campaign_grants::campaign_id.eq(campaign_key))
        .select((campaign_grants::grant_id, campaign_grants::reason))
        .load(connection)
        .await?;
    let votes: Vec<Columns> = campaign_votes::table
        .left_join(campaign_voids::table.on(campaign_voids::vote_id.eq(campaign_votes::vote_id)))
        .filter(campaign_votes::campaign_id.eq(campaign_key))
        .filter(campaign_votes::voter_id.eq(voter_key))
        .order((campaign_votes::seq, campaign_votes::vote_id))
        .select((
            campaign_votes::all_columns,
            campaign_voids::forfeited.nullable(),
            campaign_voids::voided_at.nullable(),
        ))
        .load(connection)
        .await?;
    Ok(StatementRows {
        lots: lots
            .into_iter()
            .map(|row| lot_of(row).map(|((_, lot_id), lot)| (lot_id, lot)))
            .collect::<Result<_, _>>()?,
        votes: votes
            .into_iter()
            .map(|(vote, void_forfeited, voided_at)| {
                let end = match (vote.outcome()?, void_forfeited.zip(voided_at)) {
                    (Outcome::Rejected(reason), _) => PostedEnd::Rejected(reason),
                    (Outcome::Voided, _) if vote.forfeited => PostedEnd::Forfeited,
                    (Outcome::Voided, _) => PostedEnd::Returned(vote.settled_at()),
                    (Outcome::Counted, None) => PostedEnd::Spent,
                    (Outcome::Counted, Some((true, _))) => PostedEnd::Forfeited,
                    (Outcome::Counted, Some((false, at))) => PostedEnd::Returned(at.into()),
                };
                Ok(Posted {
                    vote: vote.into_vote(name.clone())?,
                    end,
                })
            })
            .collect::<Result<_, StoreError>>()?,
        grant_reasons: reasons
            .into_iter()
            .map(|(grant, reason)| (grant.into(), reason))
            .collect(),
        version: version.unsigned_abs(),
    })
}
