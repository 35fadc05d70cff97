//! What may be changed of a campaign, and when.

use chrono::{DateTime, TimeDelta, Utc};

use super::{ChannelDraft, Draft, ExpiryDraft, Fault, OptionDraft, Plan, Progress, Stage};
use crate::CampaignId;

/// How long before its start a campaign is fixed: longer than a gateway may admit on
/// facts it read before.
pub const FIXED_BEFORE_START: TimeDelta = TimeDelta::seconds(10);

/// How long before its start such a change must be in SQL at the latest: longer than a
/// gateway may go by what it read before, too. That is at most 2 s that facts are kept
/// (`gateway.facts_max_age_ms`), 1 s to read them, and 5 s from a request's first look at them to
/// its vote's admission (`gateway.accept_timeout_ms`).
const COMMITTED_BEFORE_START: TimeDelta = TimeDelta::seconds(9);

/// What to change; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// See [`Draft::name`].
    pub name: Option<String>,
    /// See [`Draft::starts_at`].
    pub starts_at: Option<DateTime<Utc>>,
    /// See [`Draft::ends_at`].
    pub ends_at: Option<DateTime<Utc>>,
    /// See [`Draft::time_zone`].
    pub time_zone: Option<String>,
    /// See [`Draft::free_daily_tickets`].
    pub free_daily_tickets: Option<i64>,
    /// See [`Draft::expiry`].
    pub expiry: Option<ExpiryDraft>,
    /// See [`Draft::tickets_per_vote_max`].
    pub tickets_per_vote_max: Option<i64>,
    /// All of its channels.
    pub channels: Option<Vec<ChannelDraft>>,
    /// All of its options.
    pub options: Option<Vec<OptionDraft>>,
}

/// Why a campaign was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditRefusal {
    /// It is over.
    Over(Stage),
    /// It runs, or is about to, and these fields are fixed.
    Fixed(Vec<&'static str>),
    /// It would not be sound.
    Faults(Vec<Fault>),
}

impl Edit {
    /// What `plan` becomes at `now`; the same plan where nothing changes.
    ///
    /// # Errors
    /// [`EditRefusal`]
    pub fn apply(
        &self,
        plan: &Plan,
        progress: Progress,
        now: DateTime<Utc>,
    ) -> Result<Plan, EditRefusal> {
        let terms = plan.terms(CampaignId(uuid::Uuid::nil()));
        let stage = terms.stage(progress, now);
        let is_fixed = match stage {
            Stage::Scheduled => now + FIXED_BEFORE_START >= plan.starts_at,
            Stage::Open => true,
            Stage::Closing | Stage::Drained | Stage::Final => {
                return Err(EditRefusal::Over(stage));
            }
        };
        let new = self.merged(plan).check(now).map_err(EditRefusal::Faults)?;
        if is_fixed {
            let fields = fixed_fields(plan, &new);
            if !fields.is_empty() {
                return Err(EditRefusal::Fixed(fields));
            }
            if new.ends_at < plan.ends_at {
                return Err(EditRefusal::Faults(vec![Fault {
                    field: "ends_at".to_owned(),
                    code: "earlier_end",
                    detail: "The end may move later only.".to_owned(),
                }]));
            }
        }
        Ok(new)
    }

    /// By when `old` must have become `new`: later, votes may have been admitted by what
    /// `old` says. None where that does not matter.
    #[must_use]
    pub fn commit_by(old: &Plan, new: &Plan) -> Option<DateTime<Utc>> {
        let matters = !fixed_fields(old, new).is_empty();
        matters.then(|| old.starts_at - COMMITTED_BEFORE_START)
    }

    fn merged(&self, plan: &Plan) -> Draft {
        let mut draft = Draft::from(plan);
        let edit = self.clone();
        merge(&mut draft.name, edit.name);
        merge(&mut draft.starts_at, edit.starts_at);
        merge(&mut draft.ends_at, edit.ends_at);
        merge(&mut draft.time_zone, edit.time_zone);
        merge(&mut draft.free_daily_tickets, edit.free_daily_tickets);
        merge(&mut draft.expiry, edit.expiry);
        merge(&mut draft.tickets_per_vote_max, edit.tickets_per_vote_max);
        merge(&mut draft.channels, edit.channels);
        merge(&mut draft.options, edit.options);
        draft
    }
}

fn merge<T>(field: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *field = new;
    }
}

/// Which of the fields that are fixed once a campaign runs differ.
fn fixed_fields(old: &Plan, new: &Plan) -> Vec<&'static str> {
    [
        ("starts_at", old.starts_at != new.starts_at),
        ("time_zone", old.zone != new.zone),
        (
            "free_daily_tickets",
            old.free_daily_tickets != new.free_daily_tickets,
        ),
        ("ticket_expiry", old.expiry != new.expiry),
        (
            "max_tickets_per_vote",
            old.tickets_per_vote_max != new.tickets_per_vote_max,
        ),
        ("channels", old.channels != new.channels),
        ("options", old.options != new.options),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::draft::tests::{at, draft, option};
    use super::*;

    fn plan() -> Plan {
        draft().check(at(0)).unwrap()
    }

    fn apply(edit: &Edit, progress: Progress, hours: i64) -> Result<Plan, EditRefusal> {
        edit.apply(&plan(), progress, at(hours))
    }

    fn of_everything() -> Edit {
        Edit {
            name: Some("New".to_owned()),
            starts_at: Some(at(2)),
            ends_at: Some(at(20)),
            time_zone: Some("UTC".to_owned()),
            free_daily_tickets: Some(0),
            expiry: Some(ExpiryDraft::CampaignEnd),
            tickets_per_vote_max: Some(1),
            channels: Some(draft().channels[..1].to_vec()),
            options: Some(vec![option("z")]),
        }
    }

    #[test]
    fn before_it_opens_everything_changes() {
        let new = apply(&of_everything(), Progress::Running, 0).unwrap();
        assert_eq!((new.starts_at, new.ends_at), (at(2), at(20)));
        assert_eq!((new.options.len(), new.channels.len()), (1, 1));
        assert_eq!(new.options[0].key, "z");
        assert_eq!(apply(&Edit::default(), Progress::Running, 0), Ok(plan()));
    }

    #[test]
    fn what_is_changed_is_checked_together_with_what_is_not() {
        let edit = Edit {
            ends_at: Some(at(1)),
            ..Edit::default()
        };
        let Err(EditRefusal::Faults(faults)) = apply(&edit, Progress::Running, 0) else {
            panic!("let pass");
        };
        assert_eq!(faults[0].code, "not_after_start");
    }

    #[test]
    fn once_open_or_just_before_only_the_name_and_a_later_end_change() {
        let just_before = at(1) - FIXED_BEFORE_START;
        for now in [just_before, at(1), at(24)] {
            let edit = Edit {
                name: Some("New".to_owned()),
                ends_at: Some(at(30)),
                // Given, but no change.
                time_zone: Some("Europe/Berlin".to_owned()),
                ..Edit::default()
            };
            let new = edit.apply(&plan(), Progress::Running, now).unwrap();
            assert_eq!((new.name.as_str(), new.ends_at), ("New", at(30)));
            let refused = of_everything().apply(&plan(), Progress::Running, now);
            if now < at(2) {
                let Err(EditRefusal::Fixed(fields)) = refused else {
                    panic!("{refused:?}");
                };
                assert_eq!(fields.len(), 7);
            }
            let earlier = Edit {
                ends_at: Some(at(25) - TimeDelta::microseconds(1)),
                ..Edit::default()
            };
            let refused = earlier.apply(&plan(), Progress::Running, now);
            let Err(EditRefusal::Faults(faults)) = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(faults[0].code, "earlier_end");
        }
        let in_time = just_before - TimeDelta::microseconds(1);
        let edit = of_everything();
        assert!(edit.apply(&plan(), Progress::Running, in_time).is_ok());
    }

    #[test]
    fn after_the_end_nothing_changes() {
        let edit = Edit {
            name: Some("New".to_owned()),
            ..Edit::default()
        };
        for (progress, hours, stage) in [
            (Progress::Running, 25, Stage::Closing),
            (Progress::Closing, 24, Stage::Closing),
            (Progress::Drained, 30, Stage::Drained),
            (Progress::Final, 30, Stage::Final),
        ] {
            assert_eq!(apply(&edit, progress, hours), Err(EditRefusal::Over(stage)));
        }
    }
}
