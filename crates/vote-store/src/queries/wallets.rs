//! What SQL says of a campaign's voters.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::campaign::{Base, ChannelNo};
use vote_domain::{CampaignId, VoteId, VoterId};

use super::Conn;
use super::campaign_rows::{LOT, LotColumns, day_use, lot_of};
use crate::StoreError;
use crate::key::{Key, Moment};
use crate::rows::{key_in, key_values};
use crate::schema::{campaign_lots, campaign_uses, campaign_voters};
use crate::wallets::CampaignBases;

pub(crate) async fn load_bases(
    connection: &mut Conn,
    campaign: CampaignId,
    voters: &[VoterId],
    votes: &[(VoterId, VoteId)],
    now: DateTime<Utc>,
) -> Result<CampaignBases, StoreError> {
    let mut loaded = CampaignBases {
        bases: voters
            .iter()
            .map(|voter| (*voter, Base::default()))
            .collect(),
        known: HashMap::new(),
    };
    let head = super::campaigns::head(connection, campaign).await?;
    let oldest = head.map(|head| Base::first_granted_at(&head.terms, now));
    // Whoever has no row of their own, which is locked or made first by all that writes for
    // a voter, has none anywhere.
    let mut present = BTreeSet::new();
    for voters in key_in("voter_id", &key_values(voters.iter().copied())) {
        let rows: Vec<(Key, i64, i64)> = campaign_voters::table
            .filter(campaign_voters::campaign_id.eq(Key::from(campaign)))
            .filter(voters)
            .select((
                campaign_voters::voter_id,
                campaign_voters::version,
                campaign_voters::last_seq,
            ))
            .load(connection)
            .await?;
        for (voter, version, last_seq) in rows {
            if let Some(base) = loaded.bases.get_mut(&voter.into()) {
                present.insert(VoterId::from(voter));
                base.version = version.unsigned_abs();
                base.last_seq = vote_domain::Seq(last_seq);
            }
        }
    }
    for voters in key_in("voter_id", &key_values(present.iter().copied())) {
        let uses: Vec<(Key, i32, NaiveDate, i32, i32)> = campaign_uses::table
            .filter(campaign_uses::campaign_id.eq(Key::from(campaign)))
            .filter(voters)
            .filter(campaign_uses::day.ge(Base::first_day(now)))
            .select((
                campaign_uses::voter_id,
                campaign_uses::channel_no,
                campaign_uses::day,
                campaign_uses::used,
                campaign_uses::use_limit,
            ))
            .load(connection)
            .await?;
        for (voter, channel, day, used, limit) in uses {
            if let Some(base) = loaded.bases.get_mut(&voter.into()) {
                let place = (ChannelNo(channel.unsigned_abs()), day);
                base.uses.insert(place, day_use(used, limit));
            }
        }
        let Some(oldest) = oldest.and_then(granted_since) else {
            continue;
        };
        let lots: Vec<LotColumns> = campaign_lots::table
            .filter(campaign_lots::campaign_id.eq(Key::from(campaign)))
            .filter(voters)
            .filter(campaign_lots::granted_at.ge(oldest))
            .filter(
                campaign_lots::free_day
                    .is_not_null()
                    .or(campaign_lots::spent.lt(campaign_lots::tickets)),
            )
            .select(LOT)
            .load(connection)
            .await?;
        for row in lots {
            let ((voter, lot_id), lot) = lot_of(row)?;
            if let Some(base) = loaded.bases.get_mut(&voter) {
                base.lots.insert(lot_id, lot);
            }
        }
    }
    let votes = votes.iter().filter(|(voter, _)| present.contains(voter));
    let votes: Vec<_> = votes.map(|(_, vote)| *vote).collect();
    let ballots = super::campaign_ledger::ballots(connection, &votes).await?;
    let known = ballots.into_iter().map(|(vote, _, ballot)| (vote, ballot));
    loaded.known.extend(known);
    Ok(loaded)
}

/// The moment since which lots were granted that are not expired, as SQL can have it;
/// none where all are expired.
pub(crate) fn granted_since(oldest: DateTime<Utc>) -> Option<Moment> {
    (oldest < DateTime::<Utc>::MAX_UTC).then(|| Moment(oldest.max(DateTime::UNIX_EPOCH)))
}
