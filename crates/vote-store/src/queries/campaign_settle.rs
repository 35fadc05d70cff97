//! The transaction that settles a batch of campaign votes. In what order rows are locked
//! is said in [`campaign_rows`](super::campaign_rows).

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::campaign::{
    CampaignVote, LedgerEntry, Mark, Marks, Progress, Rows, Terms, Touched, VoterMark, merge,
};
use vote_domain::voter_state::Settled;
use vote_domain::{CampaignId, Seq, VoteId, Voter, VoterId};

use super::Conn;
use super::campaign_change::Change;
use super::campaign_rows::{
    draws_bytes, lock_voters, read_lots, read_uses, touch, untouched, write,
};
use crate::StoreError;
use crate::campaign_settle::SettledCampaignBatch;
use crate::key::Key;
use crate::rows::{OnDuplicate, Value, Write, key_in, key_values};
use crate::schema::{campaign_vote_marks, campaign_voter_marks, campaign_voters, campaign_votes};

const LEDGER: Write = Write {
    table: "campaign_votes",
    upsert_key: "",
    columns: &[
        ("vote_id", OnDuplicate::Keep),
        ("campaign_id", OnDuplicate::Keep),
        ("voter_id", OnDuplicate::Keep),
        ("option_no", OnDuplicate::Keep),
        ("channel_no", OnDuplicate::Keep),
        ("tickets", OnDuplicate::Keep),
        ("seq", OnDuplicate::Keep),
        ("day", OnDuplicate::Keep),
        ("use_limit", OnDuplicate::Keep),
        ("draws", OnDuplicate::Keep),
        ("reason", OnDuplicate::Keep),
        ("forfeited", OnDuplicate::Keep),
        ("settled_at", OnDuplicate::Keep),
    ],
};

pub(crate) async fn settle(
    connection: &mut Conn,
    campaign: CampaignId,
    votes: &[CampaignVote],
    now: DateTime<Utc>,
) -> Result<SettledCampaignBatch, StoreError> {
    let mut last_seqs: BTreeMap<VoterId, (&Voter, Seq)> = BTreeMap::new();
    for vote in votes {
        let last = last_seqs
            .entry(vote.voter.voter_id())
            .or_insert((&vote.voter, vote.seq));
        last.1 = last.1.max(vote.seq);
    }
    lock_voters(connection, campaign, &last_seqs).await?;
    let (mut voters, voter_marks) = read_voters(connection, campaign, &last_seqs).await?;

    let ids = key_values(votes.iter().map(|vote| vote.vote_id));
    let mut rows = Rows {
        terms: terms(connection, campaign).await?,
        known: known(connection, &ids).await?,
        lots: read_lots(connection, campaign, votes).await?,
        uses: read_uses(connection, campaign, votes).await?,
        marks: Marks {
            votes: vote_marks(connection, campaign, &ids).await?,
            voters: voter_marks,
        },
    };
    let settlement = merge(&mut rows, votes.iter().cloned());

    insert_ledger(connection, &settlement.entries, now).await?;
    let outcomes = settlement
        .entries
        .iter()
        .map(|entry| (entry.vote.vote_id, entry.outcome))
        .collect();
    let change = Change::of_settling(settlement);
    change.write(connection, campaign, &rows).await?;
    touch(&mut voters, &rows, votes);
    Ok(SettledCampaignBatch {
        outcomes,
        voters: voters.into_iter().collect(),
    })
}

/// The campaign's terms. One that is drained takes no votes whenever they were cast: its
/// window is empty.
async fn terms(connection: &mut Conn, campaign: CampaignId) -> Result<Terms, StoreError> {
    let Some(head) = super::campaigns::head(connection, campaign).await? else {
        return Err(StoreError::Refused(format!("no campaign {campaign}")));
    };
    let mut terms = head.terms;
    if head.progress >= Progress::Drained {
        terms.ends_at = terms.starts_at;
    }
    Ok(terms)
}

/// The voters' rows, whose versions are those after this transaction, and their marks.
async fn read_voters(
    connection: &mut Conn,
    campaign: CampaignId,
    voters: &BTreeMap<VoterId, (&Voter, Seq)>,
) -> Result<
    (
        BTreeMap<VoterId, Settled<Touched>>,
        HashMap<VoterId, Vec<VoterMark>>,
    ),
    StoreError,
> {
    type Columns = (Key, i64, i64, Option<i64>, Option<i64>, Option<bool>);
    let mut now = BTreeMap::new();
    let mut marks: HashMap<VoterId, Vec<VoterMark>> = HashMap::new();
    let keys = key_values(voters.keys().copied());
    for voters in key_in("campaign_voters.voter_id", &keys) {
        let found: Vec<Columns> = campaign_voters::table
            .left_join(
                campaign_voter_marks::table.on(campaign_voter_marks::voter_id
                    .eq(campaign_voters::voter_id)
                    .and(campaign_voter_marks::campaign_id.eq(campaign_voters::campaign_id))),
            )
            .filter(campaign_voters::campaign_id.eq(Key::from(campaign)))
            .filter(voters)
            .select((
                campaign_voters::voter_id,
                campaign_voters::version,
                campaign_voters::last_seq,
                campaign_voter_marks::up_to_seq.nullable(),
                campaign_voter_marks::position.nullable(),
                campaign_voter_marks::forfeit.nullable(),
            ))
            .load(connection)
            .await?;
        for (voter, version, last_seq, up_to, position, forfeit) in found {
            now.insert(voter.into(), untouched(version, last_seq));
            if let (Some(up_to), Some(position), Some(forfeit)) = (up_to, position, forfeit) {
                let mark = VoterMark {
                    up_to: Seq(up_to),
                    mark: Mark { position, forfeit },
                };
                marks.entry(voter.into()).or_default().push(mark);
            }
        }
    }
    Ok((now, marks))
}

/// Which of `ids` the ledger knows.
pub(crate) async fn known(
    connection: &mut Conn,
    ids: &[[Value; 1]],
) -> Result<HashSet<VoteId>, StoreError> {
    let mut known = HashSet::new();
    for ids in key_in("vote_id", ids) {
        let found: Vec<Key> = campaign_votes::table
            .filter(ids)
            .select(campaign_votes::vote_id)
            .load(connection)
            .await?;
        known.extend(found.into_iter().map(VoteId::from));
    }
    Ok(known)
}

async fn vote_marks(
    connection: &mut Conn,
    campaign: CampaignId,
    ids: &[[Value; 1]],
) -> Result<HashMap<VoteId, Mark>, StoreError> {
    let mut marks = HashMap::new();
    for ids in key_in("vote_id", ids) {
        let found: Vec<(Key, i64, bool)> = campaign_vote_marks::table
            .filter(ids)
            .filter(campaign_vote_marks::campaign_id.eq(Key::from(campaign)))
            .select((
                campaign_vote_marks::vote_id,
                campaign_vote_marks::position,
                campaign_vote_marks::forfeit,
            ))
            .load(connection)
            .await?;
        marks.extend(
            found
                .into_iter()
                .map(|(vote, position, forfeit)| (vote.into(), Mark { position, forfeit })),
        );
    }
    Ok(marks)
}

/// Enters `entries` into the ledger.
pub(crate) async fn insert_ledger(
    connection: &mut Conn,
    entries: &[LedgerEntry],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_unstable_by_key(|entry| entry.vote.vote_id);
    let rows: Vec<_> = entries
        .into_iter()
        .map(|entry| {
            let vote = &entry.vote;
            [
                Value::Key(vote.vote_id.into()),
                Value::Key(vote.campaign.into()),
                Value::Key(vote.voter.voter_id().into()),
                Value::Int(vote.ballot.option.0.into()),
                Value::Int(vote.ballot.channel.0.into()),
                Value::Int(vote.ballot.tickets.into()),
                Value::Int(vote.seq.0),
                Value::Day(vote.day),
                Value::MaybeInt(vote.limit.map(i64::from)),
                Value::Bytes(draws_bytes(&vote.draws)),
                Value::Text(entry.outcome.reason()),
                Value::Int(entry.forfeited.into()),
                Value::At(now.into()),
            ]
        })
        .collect();
    write(connection, &LEDGER, &rows).await
}
