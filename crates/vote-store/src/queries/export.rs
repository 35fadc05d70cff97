//! Rows of the ledgers, in the order of keys.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::{CampaignId, Seq, UserId, VoteId, Voter, VoterId};

use super::Conn;
use super::campaign_rows::VoteRow;
use crate::StoreError;
use crate::export::{Admitted, ExportedCampaignVote, ExportedReviewVote, ExportedVoid};
use crate::key::{Key, Moment};
use crate::schema::{
    campaign_channels, campaign_options, campaign_voids, campaign_voters, campaign_votes,
    review_voids, review_votes,
};

type VoidColumns = (Key, bool, String, Moment);

fn void_of(columns: Option<VoidColumns>) -> Option<ExportedVoid> {
    columns.map(|(void_id, forfeited, reason, voided_at)| ExportedVoid {
        void_id: void_id.into(),
        forfeited,
        reason,
        voided_at: voided_at.into(),
    })
}

type ReviewColumns = (
    (Key, Key, Key, i64, i16, NaiveDate, i32, i32),
    (Option<String>, Moment),
    Option<VoidColumns>,
);

pub(crate) async fn review_votes(
    connection: &mut Conn,
    admitted: Admitted,
    after: Option<VoteId>,
    limit: u32,
) -> Result<Vec<ExportedReviewVote>, StoreError> {
    let from = match after {
        None => Some(Key::FIRST),
        Some(after) => Key::from(after).next(),
    };
    let Some(from) = from else {
        return Ok(Vec::new());
    };
    let seqs = admitted.seqs();
    let rows: Vec<ReviewColumns> = review_votes::table
        .left_join(review_voids::table.on(review_voids::vote_id.eq(review_votes::vote_id)))
        .filter(review_votes::vote_id.ge(from))
        .filter(review_votes::seq.ge(seqs.start))
        .filter(review_votes::seq.lt(seqs.end))
        .order(review_votes::vote_id)
        .limit(limit.into())
        .select((
            (
                review_votes::vote_id,
                review_votes::voter_id,
                review_votes::review_id,
                review_votes::seq,
                review_votes::direction,
                review_votes::day,
                review_votes::cost,
                review_votes::day_limit,
            ),
            (review_votes::reason, review_votes::settled_at),
            (
                review_voids::void_id,
                review_voids::forfeited,
                review_voids::reason,
                review_voids::voided_at,
            )
                .nullable(),
        ))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(vote, (reason, settled_at), void)| {
            let (vote_id, voter, review, seq, direction, day, cost, day_limit) = vote;
            ExportedReviewVote {
                vote_id: vote_id.into(),
                voter: voter.into(),
                review: review.into(),
                seq: Seq(seq),
                direction,
                day,
                cost: cost.unsigned_abs(),
                day_limit: day_limit.unsigned_abs(),
                reason,
                settled_at: settled_at.into(),
                void: void_of(void),
            }
        })
        .collect())
}

type CampaignColumns = (
    VoteRow,
    Option<String>,
    Option<String>,
    Option<(String, String)>,
    Option<VoidColumns>,
);

pub(crate) async fn campaign_votes(
    connection: &mut Conn,
    campaign: CampaignId,
    admitted: Admitted,
    after: Option<(VoterId, Seq, VoteId)>,
    limit: u32,
) -> Result<Vec<ExportedCampaignVote>, StoreError> {
    let seqs = admitted.seqs();
    let mut query = campaign_votes::table
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
            campaign_voters::table.on(campaign_voters::campaign_id
                .eq(campaign_votes::campaign_id)
                .and(campaign_voters::voter_id.eq(campaign_votes::voter_id))),
        )
        .left_join(campaign_voids::table.on(campaign_voids::vote_id.eq(campaign_votes::vote_id)))
        .filter(campaign_votes::campaign_id.eq(Key::from(campaign)))
        .filter(campaign_votes::seq.ge(seqs.start))
        .filter(campaign_votes::seq.lt(seqs.end))
        .order((
            campaign_votes::voter_id,
            campaign_votes::seq,
            campaign_votes::vote_id,
        ))
        .limit(limit.into())
        .select((
            campaign_votes::all_columns,
            campaign_options::option_key.nullable(),
            campaign_channels::channel_key.nullable(),
            (campaign_voters::voter_kind, campaign_voters::voter_name).nullable(),
            (
                campaign_voids::void_id,
                campaign_voids::forfeited,
                campaign_voids::reason,
                campaign_voids::voided_at,
            )
                .nullable(),
        ))
        .into_boxed();
    if let Some((voter, Seq(seq), vote)) = after {
        let (voter, vote) = (Key::from(voter), Key::from(vote));
        query = query.filter(campaign_votes::voter_id.ge(voter)).filter(
            campaign_votes::voter_id
                .gt(voter)
                .or(campaign_votes::seq.gt(seq))
                .or(campaign_votes::seq
                    .eq(seq)
                    .and(campaign_votes::vote_id.gt(vote))),
        );
    }
    let rows: Vec<CampaignColumns> = query.load(connection).await?;
    rows.into_iter()
        .map(|(row, option, channel, voter_name, void)| {
            let voter = VoterId::from(row.voter_id);
            let (forfeited, settled_at) = (row.forfeited, row.settled_at());
            let outcome = row.outcome()?;
            // The key alone matters here.
            let vote = row.into_vote(Voter::member(UserId(voter.0)))?;
            Ok(ExportedCampaignVote {
                vote_id: vote.vote_id,
                voter,
                voter_name,
                option,
                channel,
                tickets: vote.ballot.tickets,
                seq: vote.seq,
                day: vote.day,
                use_limit: vote.limit,
                draws: vote
                    .draws
                    .iter()
                    .map(|draw| (draw.lot, draw.tickets))
                    .collect(),
                reason: outcome.reason().map(str::to_owned),
                forfeited,
                settled_at,
                void: void_of(void),
            })
        })
        .collect()
}
