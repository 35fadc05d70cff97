//! Local days: the date at a place, and when that date ends.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// The date in `zone` at `at`.
#[must_use]
pub fn local_day(zone: Tz, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// The first moment in `zone` that is after `day`. Days of 23 and 25 hours, and days
/// whose midnight is skipped or comes twice, end when the date there changes.
#[must_use]
pub fn end_of_day(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let next = day + Days::new(1);
    start_of_day(zone, next)
}

/// The first moment in `zone` that is on `day`.
#[must_use]
pub fn start_of_day(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    if let Some(first) = zone.from_local_datetime(&midnight).earliest() {
        return first.to_utc();
    }
    // Clocks skip this midnight. The day begins where the gap ends: the last moment
    // that reads as the day before, found to the second by halving.
    let (mut before, mut after) = (
        (midnight - chrono::TimeDelta::hours(30)).and_utc(),
        (midnight + chrono::TimeDelta::hours(30)).and_utc(),
    );
    while (after - before).num_seconds() > 1 {
        let middle = before + (after - before) / 2;
        let middle = DateTime::from_timestamp(middle.timestamp(), 0).unwrap_or(middle);
        if local_day(zone, middle) < day {
            before = middle;
        } else {
            after = middle;
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{Africa, America, Asia, Europe, Pacific};
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_spring_day_in_berlin_has_23_hours_and_an_autumn_day_25() {
        for (date, hours) in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)] {
            let date = day(date);
            let length = end_of_day(Europe::Berlin, date) - start_of_day(Europe::Berlin, date);
            assert_eq!(length.num_hours(), hours, "{date}");
        }
    }

    #[test]
    fn a_skipped_midnight_begins_where_the_gap_ends() {
        // Sao Paulo put clocks forward at midnight until 2018.
        let start = start_of_day(America::Sao_Paulo, day("2018-11-04"));
        assert_eq!(start, utc("2018-11-04T03:00:00Z"));
        // Cairo does so today.
        let start = start_of_day(Africa::Cairo, day("2026-04-24"));
        assert_eq!(start, utc("2026-04-23T22:00:00Z"));
    }

    #[test]
    fn a_day_that_a_zone_leaves_out_is_empty() {
        // Samoa went from 29 to 31 December 2011.
        let (start, end) = (
            start_of_day(Pacific::Apia, day("2011-12-30")),
            end_of_day(Pacific::Apia, day("2011-12-30")),
        );
        assert_eq!(start, end);
    }

    proptest! {
        #[test]
        fn every_moment_lies_within_its_local_day(
            at_s in 0_i64..4_000_000_000,
            zone in prop::sample::select(vec![
                Europe::Berlin, America::New_York, America::Sao_Paulo, Asia::Shanghai,
                Africa::Cairo, Pacific::Apia, Asia::Kathmandu,
            ]),
        ) {
            let at = DateTime::from_timestamp(at_s, 0).unwrap();
            let date = local_day(zone, at);
            prop_assert!(start_of_day(zone, date) <= at);
            prop_assert!(at < end_of_day(zone, date));
        }
    }
}
