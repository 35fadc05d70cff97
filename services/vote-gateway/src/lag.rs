//! How old a ballot box's oldest vote is, told from what the broker and the workers say.
//!
//! The broker says how many messages are ready, not since when. Workers note when the last
//! vote that settled was admitted. What waits was admitted after that, and after the box
//! was last seen empty; so the later of the two is how far settling has come, and what has
//! passed since is the age of the oldest vote, or a little more.

use chrono::{DateTime, TimeDelta, Utc};

/// What is known of a box, from one look to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lag {
    begun_at: DateTime<Utc>,
    empty_at: Option<DateTime<Utc>>,
    /// What workers had noted at the last look.
    noted: Option<DateTime<Utc>>,
    /// The same, once it has moved: what was noted before the first look may be of long
    /// ago, and the box empty since.
    moved_to: Option<DateTime<Utc>>,
}

impl Lag {
    /// Begins to look at a box. A backlog that is there seems younger than it is, until a
    /// worker settles some of it.
    pub(crate) fn begin(now: DateTime<Utc>) -> Self {
        Self {
            begun_at: now,
            empty_at: None,
            noted: None,
            moved_to: None,
        }
    }

    /// Looks at the box at `now`: `n_ready` messages wait, and the last vote that is known
    /// to have settled was admitted at `noted`. Answers the age of the oldest.
    ///
    /// Nothing ready counts as empty, though workers may hold some messages, and though a
    /// queue whose leader is away says so, too: the age is too low then, not too high.
    pub(crate) fn look(
        &mut self,
        now: DateTime<Utc>,
        n_ready: u32,
        noted: Option<DateTime<Utc>>,
    ) -> TimeDelta {
        if self.noted.is_some() && noted > self.noted {
            self.moved_to = noted;
        }
        self.noted = noted.or(self.noted);
        if n_ready == 0 {
            self.empty_at = Some(now);
            return TimeDelta::zero();
        }
        let settled_before = self.empty_at.max(self.moved_to).unwrap_or(self.begun_at);
        (now - settled_before).max(TimeDelta::zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That many seconds after some moment.
    fn at(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + s, 0).unwrap()
    }

    fn seconds(age: TimeDelta) -> i64 {
        age.num_seconds()
    }

    #[test]
    fn an_empty_box_has_no_age() {
        let mut lag = Lag::begin(at(0));
        assert_eq!(seconds(lag.look(at(0), 0, None)), 0);
        assert_eq!(seconds(lag.look(at(500), 0, Some(at(-500)))), 0);
    }

    #[test]
    fn while_nothing_settles_the_age_grows_from_when_the_box_was_last_empty() {
        let mut lag = Lag::begin(at(0));
        lag.look(at(100), 0, Some(at(99)));
        assert_eq!(seconds(lag.look(at(101), 7, Some(at(99)))), 1);
        assert_eq!(seconds(lag.look(at(400), 900, Some(at(99)))), 300);
        // And is gone with the last vote.
        assert_eq!(seconds(lag.look(at(401), 0, Some(at(400)))), 0);
    }

    #[test]
    fn while_votes_settle_the_age_is_that_of_the_last_one_that_did() {
        let mut lag = Lag::begin(at(0));
        lag.look(at(0), 0, Some(at(0)));
        for s in 1..100 {
            // Two seconds of votes for each second of settling.
            assert_eq!(seconds(lag.look(at(2 * s), 500, Some(at(s)))), s);
        }
        // Workers catch up.
        assert_eq!(seconds(lag.look(at(200), 500, Some(at(190)))), 10);
    }

    #[test]
    fn a_box_that_rested_for_long_is_not_old_at_its_first_vote() {
        let mut lag = Lag::begin(at(0));
        // The last vote settled a day ago, and the first look finds one that waits.
        assert_eq!(seconds(lag.look(at(1), 1, Some(at(-86_400)))), 1);
        assert_eq!(seconds(lag.look(at(2), 1, Some(at(-86_400)))), 2);
    }

    #[test]
    fn a_backlog_from_before_the_first_look_has_its_true_age_once_some_of_it_settles() {
        let mut lag = Lag::begin(at(0));
        assert_eq!(seconds(lag.look(at(1), 9_000, Some(at(-500)))), 1);
        assert_eq!(seconds(lag.look(at(2), 8_000, Some(at(-498)))), 500);
    }

    #[test]
    fn what_redis_forgot_changes_nothing() {
        let mut lag = Lag::begin(at(0));
        lag.look(at(0), 0, Some(at(0)));
        assert_eq!(seconds(lag.look(at(10), 5, None)), 10);
        assert_eq!(seconds(lag.look(at(11), 5, Some(at(9)))), 2);
    }
}
