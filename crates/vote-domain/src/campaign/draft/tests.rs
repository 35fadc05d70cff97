use super::*;
use proptest::prelude::*;

pub(crate) fn at(hours: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::hours(hours)
}

pub(crate) fn option(key: &str) -> OptionDraft {
    OptionDraft {
        key: key.to_owned(),
        name: format!(" Option {key} "),
        subject_kind: None,
        subject_id: None,
    }
}

pub(crate) fn draft() -> Draft {
    Draft {
        name: " Finale 🎤 ".to_owned(),
        starts_at: at(1),
        ends_at: at(25),
        time_zone: "Europe/Berlin".to_owned(),
        free_daily_tickets: 3,
        expiry: ExpiryDraft::Days(2),
        tickets_per_vote_max: 10,
        channels: vec![
            ChannelDraft {
                key: "web".to_owned(),
                name: "Web".to_owned(),
                daily_ticket_limit: Some(5),
                voter_kinds: None,
            },
            ChannelDraft {
                key: "Web".to_owned(),
                name: "Jury".to_owned(),
                daily_ticket_limit: None,
                voter_kinds: Some(vec!["jury".to_owned(), "member".to_owned()]),
            },
        ],
        options: vec![
            option("a"),
            OptionDraft {
                subject_kind: Some("show".to_owned()),
                subject_id: Some("7".to_owned()),
                ..option("b.1_-")
            },
        ],
    }
}

/// The fields and codes of what is wrong with the draft as `spoil` leaves it.
fn faults(spoil: impl FnOnce(&mut Draft)) -> Vec<(String, &'static str)> {
    let mut draft = draft();
    spoil(&mut draft);
    let faults = draft.check(at(0)).expect_err("a fault");
    for fault in &faults {
        assert!(fault.detail.ends_with('.'), "{fault:?}");
    }
    faults
        .into_iter()
        .map(|fault| (fault.field, fault.code))
        .collect()
}

fn one(field: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(field.to_owned(), code)]
}

#[test]
fn a_sound_draft_is_a_plan_and_a_plan_is_a_sound_draft() {
    let plan = draft().check(at(0)).unwrap();
    assert_eq!(plan.name, "Finale 🎤");
    assert_eq!(plan.options[0].name, "Option a");
    assert_eq!(plan.options[1].subject.as_ref().unwrap().kind, "show");
    assert_eq!(plan.expiry, TicketExpiry::Days { days: 2 });
    assert_eq!(Draft::from(&plan).check(at(0)), Ok(plan));
}

#[test]
fn a_window_ends_after_it_begins_in_the_future_and_within_a_year() {
    let not_after = one("ends_at", "not_after_start");
    assert_eq!(faults(|d| d.ends_at = d.starts_at), not_after);
    assert_eq!(faults(|d| d.ends_at = at(-1)), not_after);
    assert_eq!(
        faults(|d| (d.starts_at, d.ends_at) = (at(-2), at(0))),
        one("ends_at", "past")
    );
    assert_eq!(
        faults(|d| d.ends_at = d.starts_at + WINDOW_MAX + TimeDelta::microseconds(1)),
        one("ends_at", "too_long")
    );
    assert_eq!(
        faults(|d| {
            d.starts_at = at(1) + AHEAD_MAX;
            d.ends_at = d.starts_at + TimeDelta::hours(1);
        }),
        one("starts_at", "too_far")
    );
    let far = faults(|d| d.ends_at = DateTime::<Utc>::MAX_UTC);
    assert_eq!(far, one("ends_at", "too_long"));
    let mut running = draft();
    running.starts_at = at(-100);
    assert!(running.check(at(0)).is_ok());
}

#[test]
fn numbers_out_of_range_are_refused() {
    for number in [-1, 1_000_001, 1_000_000_000_000, i64::MIN, i64::MAX] {
        assert_eq!(
            faults(|d| d.free_daily_tickets = number),
            one("free_daily_tickets", "out_of_range")
        );
        assert_eq!(
            faults(|d| d.tickets_per_vote_max = number),
            one("max_tickets_per_vote", "out_of_range")
        );
        assert_eq!(
            faults(|d| d.expiry = ExpiryDraft::Days(number)),
            one("ticket_expiry.days", "out_of_range")
        );
    }
    assert_eq!(
        faults(|d| d.tickets_per_vote_max = 0),
        one("max_tickets_per_vote", "out_of_range")
    );
    for limit in [0, -5, 1_000_000_000_000] {
        assert_eq!(
            faults(|d| d.channels[1].daily_ticket_limit = Some(limit)),
            one("channels[1].daily_ticket_limit", "out_of_range")
        );
    }
}

#[test]
fn keys_are_plain_and_there_once() {
    for key in [
        "",
        ".a",
        "-a",
        "_a",
        "a b",
        "ä",
        "a/b",
        "a\n",
        &"k".repeat(65),
    ] {
        assert_eq!(
            faults(|d| d.options[0].key = key.to_owned()),
            one("options[0].key", "invalid_key"),
            "{key:?}"
        );
    }
    assert_eq!(
        faults(|d| d.options.push(option("a"))),
        one("options[2].key", "duplicate_key")
    );
    assert_eq!(
        faults(|d| d.channels[1].key = "web".to_owned()),
        one("channels[1].key", "duplicate_key")
    );
}

#[test]
fn lists_have_their_measure() {
    assert_eq!(
        faults(|d| d.options.clear()),
        one("options", "invalid_count")
    );
    assert_eq!(
        faults(|d| d.channels.clear()),
        one("channels", "invalid_count")
    );
    let options = |n: usize| (0..n).map(|n| option(&n.to_string())).collect();
    assert_eq!(
        faults(|d| d.options = options(5_001)),
        one("options", "invalid_count")
    );
    let mut most = draft();
    most.options = options(5_000);
    assert_eq!(most.check(at(0)).unwrap().options.len(), 5_000);
    assert_eq!(
        faults(|d| d.channels = vec![d.channels[0].clone(); 51]),
        one("channels", "invalid_count")
    );
}

#[test]
fn kinds_and_subjects_are_whole() {
    let kinds = |kinds: &[&str]| {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        faults(|d| d.channels[0].voter_kinds = Some(kinds))
    };
    assert_eq!(kinds(&[]), one("channels[0].voter_kinds", "invalid_count"));
    assert_eq!(
        kinds(&["jury", "Jury"]),
        one("channels[0].voter_kinds[1]", "invalid_voter_kind")
    );
    assert_eq!(
        kinds(&["jury", "jury"]),
        one("channels[0].voter_kinds[1]", "duplicate_voter_kind")
    );
    assert_eq!(
        faults(|d| d.options[1].subject_id = None),
        one("options[1].subject_id", "subject_incomplete")
    );
    assert_eq!(
        faults(|d| d.options[0].subject_id = Some("7".to_owned())),
        one("options[0].subject_kind", "subject_incomplete")
    );
    assert_eq!(
        faults(|d| d.options[1].subject_id = Some("x".repeat(129))),
        one("options[1].subject_id", "invalid_length")
    );
}

#[test]
fn all_faults_are_told_at_once_up_to_a_hundred() {
    let several = faults(|d| {
        d.name = " ".to_owned();
        d.time_zone = "Europe/Atlantis".to_owned();
        d.free_daily_tickets = -1;
        d.options[1].name = "a\u{0}b".to_owned();
    });
    assert_eq!(
        several,
        [
            ("name".to_owned(), "invalid_length"),
            ("time_zone".to_owned(), "unknown_zone"),
            ("free_daily_tickets".to_owned(), "out_of_range"),
            ("options[1].name".to_owned(), "control_character"),
        ]
    );
    let many = faults(|d| d.options = vec![option("a"); 5_000]);
    assert_eq!(many.len(), FAULTS_MAX);
}

proptest! {
    #[test]
    fn whatever_is_drafted_is_refused_or_a_plan_that_stands(
        name in ".*", key in "[a-z.]{0,3}", zone in "(UTC|Asia/Tokyo|x)",
        free in any::<i64>(), days in -2_i64..400, from in any::<i32>(), hours in -5_i64..9_000,
    ) {
        let mut draft = draft();
        draft.name = name;
        draft.options[0].key = key;
        draft.time_zone = zone;
        draft.free_daily_tickets = free;
        draft.expiry = ExpiryDraft::Days(days);
        draft.starts_at = at(i64::from(from));
        draft.ends_at = at(i64::from(from) + hours);
        match draft.check(at(0)) {
            Ok(plan) => prop_assert_eq!(Draft::from(&plan).check(at(0)), Ok(plan)),
            Err(faults) => prop_assert!(!faults.is_empty()),
        }
    }
}
