//! What campaign calls answer, in the words of the API.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use http_kit::API_BASE;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::campaign::{
    CampaignVote, ChannelNo, Entry, Facts, Holding, Kind, OptionNo, Source, Wallet,
};
use vote_domain::{GrantId, VoteId};

use super::statement::Statement;

/// A vote that was accepted: durable, and soon counted.
#[derive(Serialize, ToSchema)]
pub(super) struct CampaignAcceptedBody {
    pub(super) vote_id: Uuid,
    /// Always `accepted`.
    #[schema(example = "accepted")]
    pub(super) state: &'static str,
    /// Tickets left.
    pub(super) balance: u64,
}

/// Where a vote can be asked after.
pub(super) fn location(vote_id: VoteId) -> String {
    format!("{API_BASE}/votes/{vote_id}")
}

/// What a voter holds.
#[derive(Serialize, ToSchema)]
pub(super) struct WalletBody {
    /// Tickets that can be spent, votes in flight subtracted.
    balance: u64,
    /// Where they are, in the order they are spent.
    lots: Vec<LotBody>,
}

/// Tickets granted together.
#[derive(Serialize, ToSchema)]
pub(super) struct LotBody {
    lot_id: Uuid,
    /// `free_daily` or `grant`.
    #[schema(example = "free_daily")]
    source: &'static str,
    /// How many there were.
    tickets: u32,
    /// How many are left.
    remaining: u32,
    granted_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl From<&Holding> for LotBody {
    fn from(held: &Holding) -> Self {
        Self {
            lot_id: held.lot_id.0,
            source: held.lot.source.as_str(),
            tickets: held.lot.tickets,
            remaining: held.remaining,
            granted_at: held.lot.granted_at,
            expires_at: held.expires_at,
        }
    }
}

impl From<Wallet> for WalletBody {
    fn from(wallet: Wallet) -> Self {
        Self {
            balance: wallet.balance,
            lots: wallet.lots.iter().map(LotBody::from).collect(),
        }
    }
}

/// A grant that is in SQL.
#[derive(Serialize, ToSchema)]
pub(super) struct GrantedBody {
    pub(super) grant_id: Uuid,
}

/// A line of a voter's statement.
#[derive(Serialize, ToSchema)]
pub(super) struct EntryBody {
    at: DateTime<Utc>,
    /// `grant`, `vote`, `refund` or `expiry`.
    #[schema(example = "vote")]
    kind: &'static str,
    /// How many came; went, if below 0.
    tickets: i64,
    /// What the voter had afterwards.
    balance: i64,
    /// The lot that was granted or expired.
    lot_id: Option<Uuid>,
    /// Where the lot comes from.
    source: Option<&'static str>,
    /// The vote that spent the tickets, or gave them back.
    vote_id: Option<Uuid>,
    /// What it was for.
    option: Option<String>,
    /// Where it was cast.
    channel: Option<String>,
    /// Why the tickets were granted; or why they came back: why the vote was rejected, or
    /// `voided`.
    reason: Option<String>,
}

/// A page of a voter's statement, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct LedgerBody {
    pub(super) items: Vec<EntryBody>,
    /// What the voter has now.
    pub(super) balance: i64,
    /// Asks for the next page; null on the last one.
    pub(super) next_cursor: Option<String>,
}

/// Writes the lines of one statement.
pub(super) struct EntryWriter<'s> {
    votes: HashMap<VoteId, &'s CampaignVote>,
    options: HashMap<OptionNo, &'s str>,
    grant_reasons: &'s HashMap<GrantId, String>,
    facts: &'s Facts,
}

impl<'s> EntryWriter<'s> {
    pub(super) fn new(statement: &'s Statement, facts: &'s Facts) -> Self {
        let votes = statement.votes.iter().map(|posted| &posted.vote);
        let options = facts.options.iter();
        Self {
            votes: votes.map(|vote| (vote.vote_id, vote)).collect(),
            options: options.map(|(key, no)| (*no, key.as_str())).collect(),
            grant_reasons: &statement.grant_reasons,
            facts,
        }
    }

    fn channel(&self, channel: ChannelNo) -> Option<String> {
        let at = usize::try_from(channel.0).ok()?;
        Some(self.facts.channels.get(at)?.key.clone())
    }

    pub(super) fn body(&self, entry: &Entry) -> EntryBody {
        let mut body = EntryBody {
            at: entry.at,
            kind: "",
            tickets: entry.tickets,
            balance: entry.balance,
            lot_id: None,
            source: None,
            vote_id: None,
            option: None,
            channel: None,
            reason: None,
        };
        let vote = match entry.kind {
            Kind::Granted { lot, source } => {
                body.kind = "grant";
                body.lot_id = Some(lot.0);
                body.source = Some(source.as_str());
                if let Source::Grant(grant) = source {
                    body.reason = self.grant_reasons.get(&grant).cloned();
                }
                return body;
            }
            Kind::Expired { lot } => {
                body.kind = "expiry";
                body.lot_id = Some(lot.0);
                return body;
            }
            Kind::Spent { vote } => {
                body.kind = "vote";
                vote
            }
            Kind::Returned { vote, reason } => {
                body.kind = "refund";
                let reason = reason.map_or("voided", vote_domain::RejectReason::as_str);
                body.reason = Some(reason.to_owned());
                vote
            }
        };
        body.vote_id = Some(vote.0);
        if let Some(vote) = self.votes.get(&vote) {
            let option = self.options.get(&vote.ballot.option);
            body.option = option.map(|key| (*key).to_owned());
            body.channel = self.channel(vote.ballot.channel);
        }
        body
    }
}
