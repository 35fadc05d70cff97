//! A time zone in which a new day begins while the run goes on.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use vote_domain::time::{end_of_day, local_day};

/// The part of a run in which midnight should fall.
const WINDOW: (f64, f64) = (0.15, 0.85);

/// A zone whose midnight falls into the run of `voting` that begins at `now`, and when;
/// `None` while it is midnight nowhere, as for most of each half hour.
pub(crate) fn find(now: DateTime<Utc>, voting: Duration) -> Option<(Tz, DateTime<Utc>)> {
    let (first, last) = (
        now + voting.mul_f64(WINDOW.0),
        now + voting.mul_f64(WINDOW.1),
    );
    TZ_VARIANTS
        .iter()
        .map(|zone| (*zone, end_of_day(*zone, local_day(*zone, now))))
        .find(|(_, midnight)| (first..last).contains(midnight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_midnight_around_each_full_hour_and_not_at_any_time() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let quarter = Duration::from_secs(15 * 60);
        let (_, midnight) = find(at("2026-11-22T10:52:00Z"), quarter).unwrap();
        assert_eq!(midnight, at("2026-11-22T11:00:00Z"));
        assert_eq!(find(at("2026-11-22T07:01:00Z"), quarter), None);
    }
}
