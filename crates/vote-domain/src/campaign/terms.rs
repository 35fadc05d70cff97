//! What a campaign lays down: when it runs, how tickets come and go, who may vote where.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{ChannelNo, Lot, OptionNo, Source};
use crate::id::named;
use crate::time::{end_of_day, local_day, start_of_day};
use crate::{CampaignId, LotId, VoterId, VoterKind};

/// The most tickets in one grant, one vote, or one free lot.
pub const TICKETS_MAX: u32 = 1_000_000;

/// How long after its end a campaign is closed: longer than a gateway may admit on facts
/// it read before.
pub const CLOSE_AFTER: TimeDelta = TimeDelta::seconds(3);

/// How long tickets last. Tickets granted before the start last as if granted at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum TicketExpiry {
    /// To the end of the local day they were granted on.
    EndOfDay,
    /// To the end of the last of this many local days, the one they were granted on
    /// being the first.
    Days {
        /// At least 1.
        days: u16,
    },
    /// As long as the campaign.
    CampaignEnd,
}

/// When a campaign runs and what its tickets are; fixed once it is open, but for the end,
/// which may move later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The campaign.
    pub campaign: CampaignId,
    /// The first moment at which votes are admitted.
    pub starts_at: DateTime<Utc>,
    /// The first moment at which they are not any more.
    pub ends_at: DateTime<Utc>,
    /// Where its days begin and end.
    pub zone: Tz,
    /// Tickets that every voter gets on each local day of the campaign.
    pub free_daily_tickets: u32,
    /// How long tickets last.
    pub expiry: TicketExpiry,
    /// The most tickets in one vote.
    pub tickets_per_vote_max: u32,
    /// How many options there are.
    pub n_options: u32,
    /// How many channels there are.
    pub n_channels: u32,
}

/// How far the closing of a campaign has come, as SQL keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Nobody closes it yet.
    Running,
    /// A worker brings in the last votes.
    Closing,
    /// Every vote is in the ledger; it never moves again.
    Drained,
    /// The result is frozen.
    Final,
}

/// What a campaign looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before its start.
    Scheduled,
    /// Votes are admitted.
    Open,
    /// It is over; the last votes are being counted.
    Closing,
    /// Every vote is counted.
    Drained,
    /// The result is frozen.
    Final,
}

impl Stage {
    /// The name in the API, in logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Drained => "drained",
            Self::Final => "final",
        }
    }
}

impl Terms {
    /// The stage at `now` of a campaign whose closing has come to `progress`.
    #[must_use]
    pub fn stage(&self, progress: Progress, now: DateTime<Utc>) -> Stage {
        match progress {
            Progress::Running if now < self.starts_at => Stage::Scheduled,
            Progress::Running if now < self.ends_at => Stage::Open,
            Progress::Running | Progress::Closing => Stage::Closing,
            Progress::Drained => Stage::Drained,
            Progress::Final => Stage::Final,
        }
    }

    /// Whether a vote stamped `at` falls within the campaign.
    #[must_use]
    pub fn admits_at(&self, at: DateTime<Utc>) -> bool {
        self.starts_at <= at && at < self.ends_at
    }

    /// The campaign's local day of `at`.
    #[must_use]
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        local_day(self.zone, at)
    }

    /// The moment at which tickets granted at `granted_at` are there no more; never after
    /// the campaign's end.
    #[must_use]
    pub fn expires_at(&self, granted_at: DateTime<Utc>) -> DateTime<Utc> {
        let from = granted_at.max(self.starts_at);
        let expires = match self.expiry {
            TicketExpiry::CampaignEnd => self.ends_at,
            TicketExpiry::EndOfDay => end_of_day(self.zone, self.day(from)),
            TicketExpiry::Days { days } => {
                let more = Days::new(u64::from(days.saturating_sub(1)));
                end_of_day(self.zone, self.day(from) + more)
            }
        };
        expires.min(self.ends_at)
    }

    /// Tickets granted before this moment are expired at `now`.
    #[must_use]
    pub fn oldest_unexpired(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let first_day = match self.expiry {
            _ if now >= self.ends_at => return DateTime::<Utc>::MAX_UTC,
            TicketExpiry::CampaignEnd => return DateTime::<Utc>::MIN_UTC,
            TicketExpiry::EndOfDay => self.day(now),
            TicketExpiry::Days { days } => {
                self.day(now) - Days::new(u64::from(days.saturating_sub(1)))
            }
        };
        let first = start_of_day(self.zone, first_day);
        // Tickets granted before the start last as if granted at it.
        if first <= self.starts_at {
            DateTime::<Utc>::MIN_UTC
        } else {
            first
        }
    }

    /// The free lot of `day`, untouched, if the campaign has one on that day.
    #[must_use]
    pub fn free_lot(&self, day: NaiveDate) -> Option<Lot> {
        let granted_at = start_of_day(self.zone, day).max(self.starts_at);
        let has_day = day >= self.day(self.starts_at) && granted_at < self.ends_at;
        (has_day && self.free_daily_tickets > 0).then_some(Lot {
            source: Source::FreeDaily(day),
            tickets: self.free_daily_tickets,
            spent: 0,
            granted_at,
        })
    }

    /// The local days of the campaign up to `now`: each gives a free lot, visited or not.
    pub fn free_days(&self, now: DateTime<Utc>) -> impl Iterator<Item = NaiveDate> + use<> {
        let first = self.day(self.starts_at);
        let last = self.day(now);
        let begun = now >= self.starts_at && self.free_daily_tickets > 0;
        let ends_at = self.ends_at;
        let zone = self.zone;
        first
            .iter_days()
            .take_while(move |day| begun && *day <= last && start_of_day(zone, *day) < ends_at)
    }

    /// The id of `voter`'s free lot of `day`: the same three always give the same, so
    /// that no lot can be missed or paid twice.
    #[must_use]
    pub fn free_lot_id(&self, voter: VoterId, day: NaiveDate) -> LotId {
        let mut bytes = Vec::with_capacity(36);
        bytes.extend(self.campaign.0.as_bytes());
        bytes.extend(voter.0.as_bytes());
        bytes.extend(day.to_epoch_days().to_be_bytes());
        LotId(named("free lot", &bytes))
    }
}

/// A way votes come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its name in the API.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// The most tickets a voter spends on it on one local day.
    pub daily_ticket_limit: Option<u32>,
    /// Whose channel it is; everybody's if `None`.
    pub voter_kinds: Option<Vec<VoterKind>>,
}

impl Channel {
    /// Whether voters of `kind` may use it.
    #[must_use]
    pub fn is_open_to(&self, kind: &VoterKind) -> bool {
        self.voter_kinds
            .as_ref()
            .is_none_or(|kinds| kinds.contains(kind))
    }
}

/// What admission must know of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The terms.
    pub terms: Terms,
    /// How far its closing has come.
    pub progress: Progress,
    /// Its channels, in their order.
    pub channels: Vec<Channel>,
    /// Its options by key.
    pub options: HashMap<String, OptionNo>,
}

impl Facts {
    /// The channel called `key`.
    #[must_use]
    pub fn channel(&self, key: &str) -> Option<ChannelNo> {
        let at = self
            .channels
            .iter()
            .position(|channel| channel.key == key)?;
        u32::try_from(at).ok().map(ChannelNo)
    }
}
