//! From what somebody asks a campaign to be ([`Draft`]) to what it is ([`Plan`]): checked
//! as a whole, every fault told at once.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{Channel, TICKETS_MAX, Terms, TicketExpiry};
use crate::{CampaignId, VoterKind};

/// The most options of a campaign.
pub const OPTIONS_MAX: usize = 5_000;

/// The most channels of a campaign.
pub const CHANNELS_MAX: usize = 50;

/// The longest campaign.
pub const WINDOW_MAX: TimeDelta = TimeDelta::days(366);

/// The furthest ahead that a campaign may begin.
pub const AHEAD_MAX: TimeDelta = TimeDelta::days(3_660);

/// The most days that tickets may last.
pub const EXPIRY_DAYS_MAX: u16 = 366;

/// The highest daily limit of a channel, in tickets.
pub const DAILY_LIMIT_MAX: u32 = 1_000_000_000;

/// The most faults that are told of one draft.
pub const FAULTS_MAX: usize = 100;

const NAME_CHARACTERS_MAX: usize = 200;
const KEY_BYTES_MAX: usize = 64;
const KINDS_MAX: usize = 50;
const SUBJECT_KIND_CHARACTERS_MAX: usize = 64;
const SUBJECT_ID_CHARACTERS_MAX: usize = 128;

/// What somebody asks a campaign to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What people call it.
    pub name: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it is over.
    pub ends_at: DateTime<Utc>,
    /// The name of its zone.
    pub time_zone: String,
    /// Tickets that every voter gets on each local day.
    pub free_daily_tickets: i64,
    /// How long tickets last.
    pub expiry: ExpiryDraft,
    /// The most tickets in one vote.
    pub tickets_per_vote_max: i64,
    /// Its channels.
    pub channels: Vec<ChannelDraft>,
    /// Its options.
    pub options: Vec<OptionDraft>,
}

/// How long tickets are to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiryDraft {
    /// To the end of the local day.
    EndOfDay,
    /// For so many local days.
    Days(i64),
    /// As long as the campaign.
    CampaignEnd,
}

/// What somebody asks a channel to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelDraft {
    /// Its name in the API.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// The most tickets a voter spends on it on one local day.
    pub daily_ticket_limit: Option<i64>,
    /// Whose channel it is; everybody's if `None`.
    pub voter_kinds: Option<Vec<String>>,
}

/// What somebody asks an option to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionDraft {
    /// Its name in the API.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// What kind of thing it stands for.
    pub subject_kind: Option<String>,
    /// Which one.
    pub subject_id: Option<String>,
}

/// A sound campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What people call it.
    pub name: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it is over.
    pub ends_at: DateTime<Utc>,
    /// Where its days begin and end.
    pub zone: Tz,
    /// Tickets that every voter gets on each local day.
    pub free_daily_tickets: u32,
    /// How long tickets last.
    pub expiry: TicketExpiry,
    /// The most tickets in one vote.
    pub tickets_per_vote_max: u32,
    /// Its channels, in their order.
    pub channels: Vec<Channel>,
    /// Its options, in their order.
    pub options: Vec<CampaignOption>,
}

/// Something that can be voted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignOption {
    /// Its name in the API.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// What it stands for.
    pub subject: Option<Subject>,
}

/// What an option stands for: a user, a show, a couple.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What kind of thing.
    pub kind: String,
    /// Which one.
    pub id: String,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, as the API names it: `options[3].key`.
    pub field: String,
    /// What is wrong, for machines; it never changes.
    pub code: &'static str,
    /// What is wrong, for people.
    pub detail: String,
}

impl Plan {
    /// What it lays down, as the campaign called `campaign`.
    #[must_use]
    pub fn terms(&self, campaign: CampaignId) -> Terms {
        Terms {
            campaign,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            zone: self.zone,
            free_daily_tickets: self.free_daily_tickets,
            expiry: self.expiry,
            tickets_per_vote_max: self.tickets_per_vote_max,
            n_options: u32::try_from(self.options.len()).unwrap_or(u32::MAX),
            n_channels: u32::try_from(self.channels.len()).unwrap_or(u32::MAX),
        }
    }
}

impl From<&Plan> for Draft {
    fn from(plan: &Plan) -> Self {
        Self {
            name: plan.name.clone(),
            starts_at: plan.starts_at,
            ends_at: plan.ends_at,
            time_zone: plan.zone.name().to_owned(),
            free_daily_tickets: plan.free_daily_tickets.into(),
            expiry: match plan.expiry {
                TicketExpiry::EndOfDay => ExpiryDraft::EndOfDay,
                TicketExpiry::Days { days } => ExpiryDraft::Days(days.into()),
                TicketExpiry::CampaignEnd => ExpiryDraft::CampaignEnd,
            },
            tickets_per_vote_max: plan.tickets_per_vote_max.into(),
            channels: plan.channels.iter().map(ChannelDraft::from).collect(),
            options: plan.options.iter().map(OptionDraft::from).collect(),
        }
    }
}

impl From<&Channel> for ChannelDraft {
    fn from(channel: &Channel) -> Self {
        let kinds = channel.voter_kinds.as_ref();
        Self {
            key: channel.key.clone(),
            name: channel.name.clone(),
            daily_ticket_limit: channel.daily_ticket_limit.map(i64::from),
            voter_kinds: kinds.map(|kinds| kinds.iter().map(ToString::to_string).collect()),
        }
    }
}

impl From<&CampaignOption> for OptionDraft {
    fn from(option: &CampaignOption) -> Self {
        let subject = option.subject.as_ref();
        Self {
            key: option.key.clone(),
            name: option.name.clone(),
            subject_kind: subject.map(|subject| subject.kind.clone()),
            subject_id: subject.map(|subject| subject.id.clone()),
        }
    }
}

impl Draft {
    /// The campaign it asks for at `now`. Times are cut to the microsecond, names trimmed.
    /// A start that is past is sound: the campaign opens at once.
    ///
    /// # Errors
    /// Every fault, up to [`FAULTS_MAX`]; there is at least one.
    pub fn check(&self, now: DateTime<Utc>) -> Result<Plan, Vec<Fault>> {
        let mut faults = Faults::default();
        let (starts_at, ends_at) = (micros(self.starts_at), micros(self.ends_at));
        faults.window(starts_at, ends_at, now);
        let name = faults.text("name", &self.name, NAME_CHARACTERS_MAX);
        let zone = self.time_zone.parse::<Tz>();
        if zone.is_err() {
            let detail = "time_zone must name an IANA time zone, such as Europe/Berlin.";
            faults.add("time_zone", "unknown_zone", detail);
        }
        let free_daily_tickets = faults.number(
            "free_daily_tickets",
            self.free_daily_tickets,
            0..=TICKETS_MAX,
        );
        let expiry = match self.expiry {
            ExpiryDraft::EndOfDay => TicketExpiry::EndOfDay,
            ExpiryDraft::CampaignEnd => TicketExpiry::CampaignEnd,
            ExpiryDraft::Days(days) => {
                let most = u32::from(EXPIRY_DAYS_MAX);
                let days = faults.number("ticket_expiry.days", days, 1..=most);
                TicketExpiry::Days {
                    days: u16::try_from(days).unwrap_or(EXPIRY_DAYS_MAX),
                }
            }
        };
        let tickets_per_vote_max = faults.number(
            "max_tickets_per_vote",
            self.tickets_per_vote_max,
            1..=TICKETS_MAX,
        );
        let channels = faults.channels(&self.channels);
        let options = faults.options(&self.options);
        match zone {
            Ok(zone) if faults.0.is_empty() => Ok(Plan {
                name,
                starts_at,
                ends_at,
                zone,
                free_daily_tickets,
                expiry,
                tickets_per_vote_max,
                channels,
                options,
            }),
            _ => Err(faults.0),
        }
    }
}

/// Cut to what SQL keeps. A leap second counts as the first of the next minute.
fn micros(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// The faults so far. What is checked gives a value also when it is at fault, so that
/// what comes after is checked too; that value goes nowhere.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, field: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(Fault {
                field: field.into(),
                code,
                detail: detail.into(),
            });
        }
    }

    fn window(&mut self, starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, now: DateTime<Utc>) {
        if ends_at <= starts_at {
            let detail = "ends_at must be later than starts_at.";
            self.add("ends_at", "not_after_start", detail);
            return;
        }
        if ends_at - starts_at > WINDOW_MAX {
            let days = WINDOW_MAX.num_days();
            let detail = format!("A campaign may last at most {days} days.");
            self.add("ends_at", "too_long", detail);
        }
        if ends_at <= now {
            self.add("ends_at", "past", "ends_at must be in the future.");
        }
        if starts_at - now > AHEAD_MAX {
            let days = AHEAD_MAX.num_days();
            let detail = format!("starts_at may be at most {days} days ahead.");
            self.add("starts_at", "too_far", detail);
        }
    }

    fn number(&mut self, field: &str, number: i64, sound: std::ops::RangeInclusive<u32>) -> u32 {
        match u32::try_from(number) {
            Ok(number) if sound.contains(&number) => number,
            _ => {
                let (least, most) = (sound.start(), sound.end());
                let name = field.rsplit('.').next().unwrap_or(field);
                let detail = format!("{name} must be {least} to {most}.");
                self.add(field, "out_of_range", detail);
                *most
            }
        }
    }

    /// A text of one line, trimmed.
    fn text(&mut self, field: &str, text: &str, characters_max: usize) -> String {
        let text = text.trim();
        let n_characters = text.chars().count();
        if !(1..=characters_max).contains(&n_characters) {
            let detail = format!("It must have 1 to {characters_max} characters.");
            self.add(field, "invalid_length", detail);
        } else if text.chars().any(char::is_control) {
            let detail = "It must not have control characters.";
            self.add(field, "control_character", detail);
        }
        text.to_owned()
    }

    /// A key that none of `before` is.
    fn key<'k>(&mut self, field: &str, key: &'k str, before: &mut HashSet<&'k str>) -> String {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let begins = key
            .as_bytes()
            .first()
            .is_some_and(u8::is_ascii_alphanumeric);
        if !begins || key.len() > KEY_BYTES_MAX || !key.bytes().all(inner) {
            let detail = format!(
                "A key has 1 to {KEY_BYTES_MAX} of A-Z, a-z, 0-9, '.', '_' and '-', and begins \
                 with a letter or digit."
            );
            self.add(field, "invalid_key", detail);
        } else if !before.insert(key) {
            let detail = format!("The key {key} is there already.");
            self.add(field, "duplicate_key", detail);
        }
        key.to_owned()
    }

    fn count(&mut self, field: &str, n: usize, most: usize) -> usize {
        if n == 0 || n > most {
            let detail = format!("There must be 1 to {most} {field}.");
            self.add(field, "invalid_count", detail);
        }
        // What is too much is not looked at.
        if n > most { 0 } else { n }
    }

    fn channels(&mut self, drafts: &[ChannelDraft]) -> Vec<Channel> {
        let n = self.count("channels", drafts.len(), CHANNELS_MAX);
        let mut keys = HashSet::new();
        let mut channels = Vec::with_capacity(n);
        for (at, draft) in drafts.iter().take(n).enumerate() {
            let field = |name: &str| format!("channels[{at}].{name}");
            channels.push(Channel {
                key: self.key(&field("key"), &draft.key, &mut keys),
                name: self.text(&field("name"), &draft.name, NAME_CHARACTERS_MAX),
                daily_ticket_limit: draft.daily_ticket_limit.map(|limit| {
                    self.number(&field("daily_ticket_limit"), limit, 1..=DAILY_LIMIT_MAX)
                }),
                voter_kinds: draft
                    .voter_kinds
                    .as_ref()
                    .map(|kinds| self.voter_kinds(&field("voter_kinds"), kinds)),
            });
        }
        channels
    }

    fn voter_kinds(&mut self, field: &str, texts: &[String]) -> Vec<VoterKind> {
        if !(1..=KINDS_MAX).contains(&texts.len()) {
            let detail = format!("There must be 1 to {KINDS_MAX} kinds, or no voter_kinds at all.");
            self.add(field, "invalid_count", detail);
            return Vec::new();
        }
        let mut kinds = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            let field = format!("{field}[{at}]");
            match text.parse::<VoterKind>() {
                Ok(kind) if kinds.contains(&kind) => {
                    let detail = format!("The kind {kind} is there already.");
                    self.add(field, "duplicate_voter_kind", detail);
                }
                Ok(kind) => kinds.push(kind),
                Err(error) => self.add(field, "invalid_voter_kind", sentence(&error)),
            }
        }
        kinds
    }

    fn options(&mut self, drafts: &[OptionDraft]) -> Vec<CampaignOption> {
        let n = self.count("options", drafts.len(), OPTIONS_MAX);
        let mut keys = HashSet::with_capacity(n);
        let mut options = Vec::with_capacity(n);
        for (at, draft) in drafts.iter().take(n).enumerate() {
            let field = |name: &str| format!("options[{at}].{name}");
            options.push(CampaignOption {
                key: self.key(&field("key"), &draft.key, &mut keys),
                name: self.text(&field("name"), &draft.name, NAME_CHARACTERS_MAX),
                subject: match (&draft.subject_kind, &draft.subject_id) {
                    (None, None) => None,
                    (Some(kind), Some(id)) => Some(Subject {
                        kind: self.text(&field("subject_kind"), kind, SUBJECT_KIND_CHARACTERS_MAX),
                        id: self.text(&field("subject_id"), id, SUBJECT_ID_CHARACTERS_MAX),
                    }),
                    (kind, _) => {
                        let missing = match kind {
                            Some(_) => "subject_id",
                            None => "subject_kind",
                        };
                        let detail = "subject_kind and subject_id go together.";
                        self.add(field(missing), "subject_incomplete", detail);
                        None
                    }
                },
            });
        }
        options
    }
}

/// An error's text as a sentence.
fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut rest = text.chars();
    let first = rest.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(rest).chain(['.']).collect()
}

#[cfg(test)]
pub(super) mod tests;
