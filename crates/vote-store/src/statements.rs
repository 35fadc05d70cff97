//! The texts of what boards and fans are read with, in words that every backend knows.
//! `ORDER BY NULL` tells MariaDB not to sort groups that nobody asked to have sorted.

use vote_domain::campaign::ChannelNo;

/// What tallies are summed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// `campaign_tallies`, by hour.
    Hours,
    /// `campaign_days`, by day.
    Days,
}

/// Bound: campaign, then the channel if there is one.
pub(crate) fn totals(channel: Option<ChannelNo>) -> &'static str {
    match channel {
        None => {
            "SELECT option_no AS no, CAST(SUM(tickets) AS SIGNED) AS tickets \
             FROM campaign_totals WHERE campaign_id = ? GROUP BY option_no ORDER BY NULL"
        }
        Some(_) => {
            "SELECT option_no AS no, tickets \
             FROM campaign_totals WHERE campaign_id = ? AND channel_no = ?"
        }
    }
}

/// Bound: campaign, the first unit, the one behind the last, then the channel if there is
/// one.
pub(crate) fn totals_within(span: Span, channel: Option<ChannelNo>) -> &'static str {
    match (span, channel) {
        (Span::Hours, None) => {
            "SELECT option_no AS no, CAST(SUM(tickets) AS SIGNED) AS tickets \
             FROM campaign_tallies WHERE campaign_id = ? AND hour_no >= ? AND hour_no < ? \
             GROUP BY option_no ORDER BY NULL"
        }
        (Span::Hours, Some(_)) => {
            "SELECT option_no AS no, CAST(SUM(tickets) AS SIGNED) AS tickets \
             FROM campaign_tallies WHERE campaign_id = ? AND hour_no >= ? AND hour_no < ? \
             AND channel_no = ? GROUP BY option_no ORDER BY NULL"
        }
        (Span::Days, None) => {
            "SELECT option_no AS no, CAST(SUM(tickets) AS SIGNED) AS tickets \
             FROM campaign_days WHERE campaign_id = ? AND day_no >= ? AND day_no < ? \
             GROUP BY option_no ORDER BY NULL"
        }
        (Span::Days, Some(_)) => {
            "SELECT option_no AS no, CAST(SUM(tickets) AS SIGNED) AS tickets \
             FROM campaign_days WHERE campaign_id = ? AND day_no >= ? AND day_no < ? \
             AND channel_no = ? GROUP BY option_no ORDER BY NULL"
        }
    }
}

/// Bound: campaign, option, the first hour, the one behind the last, then the channel if
/// there is one.
pub(crate) fn hours(channel: Option<ChannelNo>) -> &'static str {
    match channel {
        None => {
            "SELECT hour_no AS no, CAST(SUM(tickets) AS SIGNED) AS tickets \
             FROM campaign_tallies \
             WHERE campaign_id = ? AND option_no = ? AND hour_no >= ? AND hour_no < ? \
             GROUP BY hour_no ORDER BY hour_no"
        }
        Some(_) => {
            "SELECT hour_no AS no, CAST(SUM(tickets) AS SIGNED) AS tickets \
             FROM campaign_tallies \
             WHERE campaign_id = ? AND option_no = ? AND hour_no >= ? AND hour_no < ? \
             AND channel_no = ? GROUP BY hour_no ORDER BY hour_no"
        }
    }
}

/// Bound: campaign, option, tickets, voter, how many at most.
pub(crate) const FANS_WITH_AS_MANY: &str = "SELECT voter_id, tickets FROM campaign_fans \
     WHERE campaign_id = ? AND option_no = ? AND tickets = ? AND voter_id < ? \
     ORDER BY voter_id DESC LIMIT ?";

/// Bound: campaign, option, tickets, how many at most.
pub(crate) const FANS_WITH_FEWER: &str = "SELECT voter_id, tickets FROM campaign_fans \
     WHERE campaign_id = ? AND option_no = ? AND tickets > 0 AND tickets < ? \
     ORDER BY tickets DESC, voter_id DESC LIMIT ?";

/// Bound: campaign, option, tickets, the most to be counted. The order is nobody's need; it
/// leads to the index that has those who count side by side.
pub(crate) const FANS_AHEAD: &str = "SELECT COUNT(*) AS n FROM (SELECT tickets \
     FROM campaign_fans WHERE campaign_id = ? AND option_no = ? AND tickets > ? \
     ORDER BY tickets DESC LIMIT ?) AS ahead";

/// Every text, for tests that have it explained.
#[cfg(feature = "testing")]
pub(crate) fn all() -> Vec<&'static str> {
    let channels = [None, Some(ChannelNo(0))];
    let mut all: Vec<_> = channels.into_iter().map(totals).collect();
    for span in [Span::Hours, Span::Days] {
        all.extend(channels.map(|channel| totals_within(span, channel)));
    }
    all.extend(channels.map(hours));
    all.extend([FANS_WITH_AS_MANY, FANS_WITH_FEWER, FANS_AHEAD]);
    all
}
