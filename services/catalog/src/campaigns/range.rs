//! A range of hours, as a client asks for it.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use http_kit::Problem;
use vote_domain::campaign::Hour;

use super::head::Head;

const HOUR_S: i64 = 3_600;

/// The hours of `from..to` that `head`'s campaign has, an end that is missing being the
/// campaign's own; none where neither is given. An empty range is where nothing is left.
///
/// # Errors
/// 422 `invalid_range` unless both lie on whole hours of UTC, the first one earlier.
pub(crate) fn asked(
    from: Option<&str>,
    to: Option<&str>,
    head: &Head,
) -> Result<Option<Range<Hour>>, Problem> {
    if from.is_none() && to.is_none() {
        return Ok(None);
    }
    let from = from.map(|text| parse("from", text)).transpose()?;
    let to = to.map(|text| parse("to", text)).transpose()?;
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(invalid("from must be earlier than to."));
    }
    let window = window(head);
    let first = from.map_or(window.start, |from| from.max(window.start));
    let end = to.map_or(window.end, |to| to.min(window.end));
    Ok(Some(first..end.max(first)))
}

/// The hours that a campaign lies in.
pub(crate) fn window(head: &Head) -> Range<Hour> {
    let last = Hour::of(head.terms.ends_at - TimeDelta::microseconds(1));
    Hour::of(head.terms.starts_at)..Hour(last.0.saturating_add(1))
}

fn parse(name: &str, text: &str) -> Result<Hour, Problem> {
    let at: DateTime<Utc> = text.parse().map_err(|_| {
        invalid(format!(
            "{name} must be a time as RFC 3339 has it, such as 2026-05-01T18:00:00Z."
        ))
    })?;
    if at.timestamp().rem_euclid(HOUR_S) != 0 || at.timestamp_subsec_nanos() != 0 {
        return Err(invalid(format!("{name} must be a whole hour of UTC.")));
    }
    Ok(Hour::of(at))
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::invalid("invalid_range", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use vote_domain::CampaignId;
    use vote_domain::campaign::{Progress, Terms, TicketExpiry};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn head() -> Head {
        Head {
            name: String::new(),
            terms: Terms {
                campaign: CampaignId(Uuid::nil()),
                starts_at: at("2026-05-01T18:30:00Z"),
                ends_at: at("2026-05-02T20:00:00Z"),
                zone: chrono_tz::UTC,
                free_daily_tickets: 0,
                expiry: TicketExpiry::CampaignEnd,
                tickets_per_vote_max: 1,
                n_options: 1,
                n_channels: 1,
            },
            progress: Progress::Running,
            version: 1,
            created_at: at("2026-05-01T00:00:00Z"),
            updated_at: at("2026-05-01T00:00:00Z"),
        }
    }

    fn hours(from: &str, to: &str) -> Range<Hour> {
        Hour::of(at(from))..Hour::of(at(to))
    }

    #[test]
    fn a_range_is_cut_to_the_campaign() {
        let asked = |from: Option<&str>, to: Option<&str>| asked(from, to, &head()).unwrap();
        let whole = hours("2026-05-01T18:00:00Z", "2026-05-02T20:00:00Z");
        assert_eq!(asked(None, None), None);
        assert_eq!(window(&head()), whole);
        assert_eq!(
            asked(Some("0001-01-01T00:00:00Z"), None),
            Some(whole.clone())
        );
        assert_eq!(asked(None, Some("9999-01-01T00:00:00Z")), Some(whole));
        assert_eq!(
            asked(
                Some("2026-05-01T21:00:00+02:00"),
                Some("2026-05-02T00:00:00.000Z")
            ),
            Some(hours("2026-05-01T19:00:00Z", "2026-05-02T00:00:00Z"))
        );
        for (from, to) in [
            ("2026-05-03T00:00:00Z", "2026-05-04T00:00:00Z"),
            ("2026-04-01T00:00:00Z", "2026-05-01T18:00:00Z"),
        ] {
            assert!(asked(Some(from), Some(to)).unwrap().is_empty());
        }
    }

    #[test]
    fn what_is_no_range_of_whole_hours_is_refused() {
        for (from, to) in [
            ("2026-05-01T18:30:00Z", "2026-05-02T00:00:00Z"),
            ("2026-05-01T18:00:00Z", "2026-05-02T00:00:00.000001Z"),
            ("2026-05-01T18:00:00+05:30", "2026-05-02T00:00:00Z"),
            ("2026-05-02T00:00:00Z", "2026-05-02T00:00:00Z"),
            ("2026-05-02T00:00:00Z", "2026-05-01T00:00:00Z"),
            ("yesterday", "2026-05-01T00:00:00Z"),
            ("2026-05-01", "2026-05-02T00:00:00Z"),
            ("", "2026-05-02T00:00:00Z"),
            ("99999999999", "2026-05-02T00:00:00Z"),
        ] {
            let problem = asked(Some(from), Some(to), &head()).unwrap_err();
            assert_eq!(problem.code(), "invalid_range", "{from} {to}");
        }
    }
}
