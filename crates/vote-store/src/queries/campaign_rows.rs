//! The rows of a campaign's voters, as settling, grants and voids lock and read them. Rows
//! are locked in one order everywhere: the campaign (voids and the close only), then voters
//! by key, then what belongs to them, fans, and the tallies last.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::campaign::{
    Ballot, CampaignVote, ChannelNo, Draw, Lot, OptionNo, Rows, Source, Touched,
};
use vote_domain::review::DayUse;
use vote_domain::voter_state::Settled;
use vote_domain::{CampaignId, GrantId, LotId, Outcome, Seq, VoteId, Voter, VoterId};

use super::Conn;
use crate::StoreError;
use crate::key::{Key, Moment};
use crate::rows::{OnDuplicate, Value, Write, key_in, key_values};
use crate::schema::{campaign_lots, campaign_uses, campaign_voters};

/// Creates the voters' rows, or locks those that are there.
const LOCK_VOTERS: Write = Write {
    table: "campaign_voters",
    upsert_key: "voter_id, campaign_id",
    columns: &[
        ("voter_id", OnDuplicate::Keep),
        ("campaign_id", OnDuplicate::Keep),
        ("voter_kind", OnDuplicate::Keep),
        ("voter_name", OnDuplicate::Keep),
        ("version", OnDuplicate::Increment),
        ("last_seq", OnDuplicate::Max),
    ],
};

pub(crate) async fn write<const N: usize>(
    connection: &mut Conn,
    write: &Write,
    rows: &[[Value; N]],
) -> Result<(), StoreError> {
    for statement in write.statements(rows) {
        statement.execute(connection).await?;
    }
    Ok(())
}

/// A number of the domain, as SQL has it.
fn number(number: i32) -> u32 {
    number.unsigned_abs()
}

/// Locks the voters' rows in the order of their keys, creating missing ones; each gets a
/// new version, and at least the sequence number given.
pub(crate) async fn lock_voters(
    connection: &mut Conn,
    campaign: CampaignId,
    voters: &BTreeMap<VoterId, (&Voter, Seq)>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = voters
        .iter()
        .map(|(voter_id, (voter, last_seq))| {
            [
                Value::Key((*voter_id).into()),
                Value::Key(campaign.into()),
                Value::Words(voter.kind().as_str().to_owned()),
                Value::Words(voter.id().to_owned()),
                Value::Int(1),
                Value::Int(last_seq.0),
            ]
        })
        .collect();
    write(connection, &LOCK_VOTERS, &rows).await
}

/// The voters' rows as they are, for their states to be told.
pub(crate) async fn voters_now(
    connection: &mut Conn,
    campaign: CampaignId,
    voters: impl IntoIterator<Item = VoterId>,
) -> Result<BTreeMap<VoterId, Settled<Touched>>, StoreError> {
    let mut now = BTreeMap::new();
    for voters in key_in("voter_id", &key_values(voters)) {
        let found: Vec<(Key, i64, i64)> = campaign_voters::table
            .filter(campaign_voters::campaign_id.eq(Key::from(campaign)))
            .filter(voters)
            .select((
                campaign_voters::voter_id,
                campaign_voters::version,
                campaign_voters::last_seq,
            ))
            .load(connection)
            .await?;
        now.extend(
            found
                .into_iter()
                .map(|(voter, version, last_seq)| (voter.into(), untouched(version, last_seq))),
        );
    }
    Ok(now)
}

/// What a voter's row says, and nothing else yet.
pub(crate) fn untouched(version: i64, last_seq: i64) -> Settled<Touched> {
    Settled {
        version: version.unsigned_abs(),
        last_seq: Seq(last_seq),
        touched: Touched::default(),
        votes: Vec::new(),
    }
}

/// Adds to each of `voters` their lots and uses in `rows`, and their ids among `votes`.
pub(crate) fn touch<'v>(
    voters: &mut BTreeMap<VoterId, Settled<Touched>>,
    rows: &Rows,
    votes: impl IntoIterator<Item = &'v CampaignVote>,
) {
    for ((voter, lot_id), lot) in &rows.lots {
        if let Some(settled) = voters.get_mut(voter) {
            settled.touched.lots.push((*lot_id, *lot));
        }
    }
    for ((voter, channel, day), used) in &rows.uses {
        if let Some(settled) = voters.get_mut(voter) {
            settled.touched.uses.push(((*channel, *day), *used));
        }
    }
    let mut seen = BTreeSet::new();
    for vote in votes {
        if let Some(settled) = voters.get_mut(&vote.voter.voter_id())
            && seen.insert(vote.vote_id.0)
        {
            settled.votes.push(vote.vote_id);
        }
    }
}

/// The voters' own names.
pub(crate) async fn names(
    connection: &mut Conn,
    campaign: CampaignId,
    voters: impl IntoIterator<Item = VoterId>,
) -> Result<HashMap<VoterId, Voter>, StoreError> {
    let mut names = HashMap::new();
    for voters in key_in("voter_id", &key_values(voters)) {
        let found: Vec<(Key, String, String)> = campaign_voters::table
            .filter(campaign_voters::campaign_id.eq(Key::from(campaign)))
            .filter(voters)
            .select((
                campaign_voters::voter_id,
                campaign_voters::voter_kind,
                campaign_voters::voter_name,
            ))
            .load(connection)
            .await?;
        for (voter, kind, name) in found {
            let named = kind.parse().and_then(|kind| Voter::new(kind, &name));
            let named =
                named.map_err(|error| StoreError::Refused(format!("campaign_voters: {error}")))?;
            names.insert(voter.into(), named);
        }
    }
    Ok(names)
}

/// Reads the lots that `votes` draw on.
pub(crate) async fn read_lots(
    connection: &mut Conn,
    campaign: CampaignId,
    votes: impl IntoIterator<Item = &CampaignVote>,
) -> Result<BTreeMap<(VoterId, LotId), Lot>, StoreError> {
    let drawn: BTreeSet<(VoterId, LotId)> = votes
        .into_iter()
        .flat_map(|vote| {
            let voter = vote.voter.voter_id();
            vote.draws.iter().map(move |draw| (voter, draw.lot))
        })
        .collect();
    lots(connection, campaign, drawn).await
}

/// A row of `campaign_lots`.
pub(crate) type LotColumns = (Key, Key, Option<NaiveDate>, Option<Key>, i32, i32, Moment);

/// The columns of a lot, in the order of [`LotColumns`].
pub(crate) const LOT: (
    campaign_lots::voter_id,
    campaign_lots::lot_id,
    campaign_lots::free_day,
    campaign_lots::grant_id,
    campaign_lots::tickets,
    campaign_lots::spent,
    campaign_lots::granted_at,
) = (
    campaign_lots::voter_id,
    campaign_lots::lot_id,
    campaign_lots::free_day,
    campaign_lots::grant_id,
    campaign_lots::tickets,
    campaign_lots::spent,
    campaign_lots::granted_at,
);

/// The lot in a row.
pub(crate) fn lot_of(row: LotColumns) -> Result<((VoterId, LotId), Lot), StoreError> {
    let (voter, lot_id, free_day, grant, tickets, spent, granted_at) = row;
    let source = match (free_day, grant) {
        (Some(day), None) => Source::FreeDaily(day),
        (None, Some(grant)) => Source::Grant(GrantId::from(grant)),
        _ => return Err(StoreError::Refused("campaign_lots: source".to_owned())),
    };
    let lot = Lot {
        source,
        tickets: number(tickets),
        spent: number(spent),
        granted_at: granted_at.into(),
    };
    Ok(((voter.into(), lot_id.into()), lot))
}

/// Reads those of the lots that are in SQL.
pub(crate) async fn lots(
    connection: &mut Conn,
    campaign: CampaignId,
    lots: impl IntoIterator<Item = (VoterId, LotId)>,
) -> Result<BTreeMap<(VoterId, LotId), Lot>, StoreError> {
    let keys: Vec<_> = lots
        .into_iter()
        .map(|(voter, lot)| {
            [
                Value::Key(voter.into()),
                Value::Key(campaign.into()),
                Value::Key(lot.into()),
            ]
        })
        .collect();
    let mut found = BTreeMap::new();
    for keys in key_in("voter_id, campaign_id, lot_id", &keys) {
        let rows: Vec<LotColumns> = campaign_lots::table
            .filter(keys)
            .select(LOT)
            .load(connection)
            .await?;
        for row in rows {
            let (key, lot) = lot_of(row)?;
            found.insert(key, lot);
        }
    }
    Ok(found)
}

/// Reads the use of the channels with a limit on the days of `votes`.
pub(crate) async fn read_uses(
    connection: &mut Conn,
    campaign: CampaignId,
    votes: impl IntoIterator<Item = &CampaignVote>,
) -> Result<BTreeMap<(VoterId, ChannelNo, NaiveDate), DayUse>, StoreError> {
    let keys: BTreeSet<(VoterId, ChannelNo, NaiveDate)> = votes
        .into_iter()
        .filter(|vote| vote.limit.is_some())
        .map(|vote| (vote.voter.voter_id(), vote.ballot.channel, vote.day))
        .collect();
    let keys: Vec<_> = keys
        .into_iter()
        .map(|(voter, channel, day)| {
            [
                Value::Key(voter.into()),
                Value::Key(campaign.into()),
                Value::Int(channel.0.into()),
                Value::Day(day),
            ]
        })
        .collect();
    let mut uses = BTreeMap::new();
    for keys in key_in("voter_id, campaign_id, channel_no, day", &keys) {
        let rows: Vec<(Key, i32, NaiveDate, i32, i32)> = campaign_uses::table
            .filter(keys)
            .select((
                campaign_uses::voter_id,
                campaign_uses::channel_no,
                campaign_uses::day,
                campaign_uses::used,
                campaign_uses::use_limit,
            ))
            .load(connection)
            .await?;
        uses.extend(rows.into_iter().map(|(voter, channel, day, used, limit)| {
            let key = (voter.into(), ChannelNo(number(channel)), day);
            (key, day_use(used, limit))
        }));
    }
    Ok(uses)
}

/// What SQL has of a day's use.
pub(crate) fn day_use(used: i32, limit: i32) -> DayUse {
    DayUse {
        used: number(used),
        limit: number(limit),
    }
}

/// How the ledger keeps draws: for each lot its id and the number of tickets, big-endian.
pub(crate) fn draws_bytes(draws: &[Draw]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(draws.len() * DRAW_BYTES);
    for draw in draws {
        bytes.extend(draw.lot.0.as_bytes());
        bytes.extend(draw.tickets.to_be_bytes());
    }
    bytes
}

const DRAW_BYTES: usize = 20;

/// The draws that the ledger keeps as `bytes`. Which lots are free ones is not kept.
fn draws_of(bytes: &[u8]) -> Result<Vec<Draw>, StoreError> {
    let unreadable = || StoreError::Refused("campaign_votes: draws".to_owned());
    let (draws, rest) = bytes.as_chunks::<DRAW_BYTES>();
    if !rest.is_empty() {
        return Err(unreadable());
    }
    draws
        .iter()
        .map(|draw| {
            let (lot, tickets) = draw.split_at(16);
            Ok(Draw {
                lot: LotId(uuid::Uuid::from_slice(lot).map_err(|_| unreadable())?),
                free_day: None,
                tickets: u32::from_be_bytes(tickets.try_into().map_err(|_| unreadable())?),
            })
        })
        .collect()
}

/// A row of the ledger, with all columns in their order.
#[derive(Queryable)]
pub(crate) struct VoteRow {
    pub(crate) vote_id: Key,
    pub(crate) campaign_id: Key,
    pub(crate) voter_id: Key,
    option_no: i32,
    channel_no: i32,
    tickets: i32,
    seq: i64,
    day: NaiveDate,
    use_limit: Option<i32>,
    draws: Vec<u8>,
    reason: Option<String>,
    pub(crate) forfeited: bool,
    settled_at: Moment,
}

impl VoteRow {
    /// What was asked.
    pub(crate) fn ballot(&self) -> Ballot {
        ballot_of(self.option_no, self.channel_no, self.tickets)
    }

    /// Its place among the voter's votes.
    pub(crate) fn seq(&self) -> Seq {
        Seq(self.seq)
    }

    /// When it settled.
    pub(crate) fn settled_at(&self) -> DateTime<Utc> {
        self.settled_at.into()
    }

    /// Its end, voids since then aside.
    pub(crate) fn outcome(&self) -> Result<Outcome, StoreError> {
        Outcome::of_reason(self.reason.as_deref())
            .map_err(|error| StoreError::Refused(format!("campaign_votes: {error}")))
    }

    /// The vote, cast by `voter`.
    pub(crate) fn into_vote(self, voter: Voter) -> Result<CampaignVote, StoreError> {
        Ok(CampaignVote {
            vote_id: VoteId::from(self.vote_id),
            campaign: self.campaign_id.into(),
            voter,
            ballot: self.ballot(),
            seq: self.seq(),
            day: self.day,
            limit: self.use_limit.map(number),
            draws: draws_of(&self.draws)?,
        })
    }
}

/// What was asked, as SQL has it.
pub(crate) fn ballot_of(option: i32, channel: i32, tickets: i32) -> Ballot {
    Ballot {
        option: OptionNo(number(option)),
        channel: ChannelNo(number(channel)),
        tickets: number(tickets),
    }
}
