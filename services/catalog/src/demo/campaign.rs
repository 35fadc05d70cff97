//! The demo's campaign: the best of its restaurants, open for weeks.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use demo_content::places::PLACES;
use vote_domain::campaign::{
    Ballot, CampaignOption, Channel, ChannelNo, OptionNo, Plan, Subject, TicketExpiry,
};
use vote_domain::id::named;
use vote_domain::{CampaignId, Voter};

use super::{restaurant_id, user_id};

/// Which campaign it is.
#[must_use]
pub fn campaign_id() -> CampaignId {
    CampaignId(named("demo campaign", b"best kitchen"))
}

/// The campaign as of `now`: begun a week ago, over in three, with free tickets for all.
#[must_use]
pub fn campaign(now: DateTime<Utc>) -> Plan {
    let today = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let channel = |key: &str, name: &str, daily_ticket_limit| Channel {
        key: key.to_owned(),
        name: name.to_owned(),
        daily_ticket_limit,
        voter_kinds: None,
    };
    let options = PLACES.iter().map(|place| CampaignOption {
        key: key(place.name),
        name: place.name.to_owned(),
        subject: Some(Subject {
            kind: "restaurant".to_owned(),
            id: restaurant_id(place.name).to_string(),
        }),
    });
    Plan {
        name: "Best kitchen in town".to_owned(),
        starts_at: today - TimeDelta::days(7),
        ends_at: today + Days::new(21),
        zone: chrono_tz::UTC,
        free_daily_tickets: 10,
        expiry: TicketExpiry::Days { days: 3 },
        tickets_per_vote_max: 10,
        channels: vec![
            channel("web", "Web", None),
            channel("table", "At the table", Some(5)),
        ],
        options: options.collect(),
    }
}

/// Who gives tickets to which option by which channel, both by their places in the plan.
const VOTES: &[(&str, u32, u32, u32)] = &[
    ("amira", 0, 0, 10),
    ("amira", 1, 1, 4),
    ("bjorn", 4, 0, 8),
    ("chidi", 0, 0, 7),
    ("chidi", 3, 1, 5),
    ("dolores", 3, 0, 10),
    ("dolores", 3, 0, 6),
    ("emeka", 5, 0, 9),
    ("emeka", 1, 0, 3),
    ("fumiko", 1, 0, 10),
    ("fumiko", 1, 1, 5),
    ("greta", 2, 0, 6),
    ("hassan", 0, 1, 5),
    ("hassan", 5, 0, 2),
];

/// The votes that go with the campaign: fewer than each member has free tickets.
pub fn campaign_votes() -> impl Iterator<Item = (Voter, Ballot)> {
    VOTES.iter().map(|&(voter, option, channel, tickets)| {
        let ballot = Ballot {
            option: OptionNo(option),
            channel: ChannelNo(channel),
            tickets,
        };
        (Voter::member(user_id(voter)), ballot)
    })
}

/// A name in letters that keys are made of.
fn key(name: &str) -> String {
    let plain = name.to_lowercase().replace('í', "i").replace('é', "e");
    let words = plain.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    use demo_content::people;
    use vote_domain::campaign::{Draft, Progress, Stage};

    #[test]
    fn it_is_sound_and_open() {
        let now = DateTime::from_timestamp(1_800_000_123, 0).unwrap();
        let plan = campaign(now);
        assert_eq!(Draft::from(&plan).check(now), Ok(plan.clone()));
        let stage = plan.terms(campaign_id()).stage(Progress::Running, now);
        assert_eq!(stage, Stage::Open);
        assert_eq!(plan.options[3].key, "taqueria-el-faro");
    }

    #[test]
    fn its_votes_are_within_what_members_have_and_channels_take() {
        let plan = campaign(DateTime::from_timestamp(1_800_000_123, 0).unwrap());
        let mut spent = HashMap::new();
        for &(voter, option, channel, tickets) in VOTES {
            assert!(people::NAMES.contains(&voter) && voter != people::USER_NAME);
            assert!((option as usize) < plan.options.len(), "{voter}");
            let limit = plan.channels[channel as usize].daily_ticket_limit;
            assert!(limit.is_none_or(|limit| tickets <= limit), "{voter}");
            assert!(tickets <= plan.tickets_per_vote_max, "{voter}");
            *spent.entry(voter).or_insert(0) += tickets;
        }
        // Free tickets of three days are good at any time.
        assert!(
            spent
                .values()
                .all(|&tickets| tickets <= 3 * plan.free_daily_tickets)
        );
    }
}
