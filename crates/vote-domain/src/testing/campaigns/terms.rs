//! Random campaigns.

use chrono::{Days, NaiveDate, TimeDelta};
use chrono_tz::{Africa, America, Asia, Europe, Tz};
use proptest::prelude::*;
use uuid::Uuid;

use crate::campaign::{Channel, Facts, OptionNo, Progress, Terms, TicketExpiry};
use crate::time::start_of_day;
use crate::{CampaignId, UserId, Voter, VoterKind};

/// Places, and days about which something happens to their clocks.
const PLACES: [(Tz, (i32, u32, u32)); 10] = [
    (Europe::Berlin, (2026, 3, 29)),
    (Europe::Berlin, (2026, 10, 25)),
    (Europe::Berlin, (2026, 6, 1)),
    // Midnight is skipped.
    (America::Santiago, (2026, 9, 6)),
    (Africa::Cairo, (2026, 4, 24)),
    // The hour before midnight comes twice.
    (America::Santiago, (2026, 4, 5)),
    (Africa::Cairo, (2026, 10, 30)),
    // The hour after midnight comes twice.
    (America::Havana, (2026, 11, 1)),
    (Asia::Kathmandu, (2026, 12, 31)),
    (Tz::UTC, (2028, 2, 29)),
];

/// Random campaigns called `id`, open to kinds of [`voters`]: some last minutes, others
/// more than a week, most of them over a day on which clocks change.
pub fn facts(id: CampaignId) -> impl Strategy<Value = Facts> {
    let window = (
        prop::sample::select(PLACES.to_vec()),
        0_u64..4,
        prop_oneof![1 => Just(0), 3 => 0_i64..86_400_000],
        prop_oneof![
            1 => (1_i64..3_600_000).prop_map(Length::Milliseconds),
            5 => (1_i64..800_000_000).prop_map(Length::Milliseconds),
            2 => (1_u64..8).prop_map(Length::Days),
        ],
    );
    let expiry = prop_oneof![
        2 => Just(TicketExpiry::EndOfDay),
        2 => (1_u16..4).prop_map(|days| TicketExpiry::Days { days }),
        1 => Just(TicketExpiry::CampaignEnd),
    ];
    let limit = prop_oneof![1 => Just(None), 2 => (1_u32..9).prop_map(Some)];
    let channels = prop::collection::vec((limit, 0_u8..6), 1..4);
    let counts = (0_u32..6, 1_u32..7, prop_oneof![1_u32..6, Just(100)]);
    (window, expiry, channels, counts).prop_map(move |(window, expiry, channels, counts)| {
        let ((zone, (year, month, day)), days_before, after_midnight_ms, length) = window;
        let (free_daily_tickets, n_options, tickets_per_vote_max) = counts;
        let first =
            NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default() - Days::new(days_before);
        let starts_at = start_of_day(zone, first) + TimeDelta::milliseconds(after_midnight_ms);
        let ends_at = match length {
            Length::Milliseconds(ms) => starts_at + TimeDelta::milliseconds(ms),
            Length::Days(days) => start_of_day(zone, first + Days::new(days + 1)),
        };
        let channels: Vec<Channel> = (0..)
            .zip(channels)
            .map(|(n, (daily_ticket_limit, open_to))| channel(n, daily_ticket_limit, open_to))
            .collect();
        Facts {
            terms: Terms {
                campaign: id,
                starts_at,
                ends_at,
                zone,
                free_daily_tickets,
                expiry,
                tickets_per_vote_max,
                n_options,
                n_channels: u32::try_from(channels.len()).unwrap_or(u32::MAX),
            },
            progress: Progress::Running,
            channels,
            options: (0..n_options)
                .map(|n| (format!("option-{n}"), OptionNo(n)))
                .collect(),
        }
    })
}

#[derive(Clone, Copy, Debug)]
enum Length {
    Milliseconds(i64),
    Days(u64),
}

/// Most channels are everybody's.
fn channel(n: u32, daily_ticket_limit: Option<u32>, open_to: u8) -> Channel {
    let voter_kinds = match open_to {
        0 => Some(vec![VoterKind::member()]),
        1 => Some(vec![jury()]),
        2 => Some(vec![VoterKind::member(), jury()]),
        _ => None,
    };
    Channel {
        key: format!("channel-{n}"),
        name: format!("Channel {n}"),
        daily_ticket_limit,
        voter_kinds,
    }
}

fn jury() -> VoterKind {
    "jury".parse().unwrap_or_else(|_| VoterKind::member())
}

/// `n` voters: members, and every third one of a partner's `jury`. Those of one `space`
/// are others than those of another.
#[must_use]
pub fn voters(space: u64, n: usize) -> Vec<Voter> {
    (0..n)
        .map(|n| {
            let member = Voter::member(UserId(Uuid::from_u64_pair(space, (1 << 32) | n as u64)));
            match n % 3 {
                2 => Voter::new(jury(), &format!("{space}-{n}")).unwrap_or(member),
                _ => member,
            }
        })
        .collect()
}
