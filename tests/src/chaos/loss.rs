//! What a loss of Redis explains: that a vote was admitted, and rejected later.

use chrono::{DateTime, TimeDelta, Utc};

/// Longest from the moment that a worker stamps on what it settles to the commit: it gives a
/// transaction up after 20 s, and may be frozen for some more.
const SETTLING_TAKES: TimeDelta = TimeDelta::seconds(30);

/// Whether a vote may have been rejected that settled at `settled_at`, in microseconds since
/// the Unix epoch: only if Redis had lost what it knew by then, for the first time at
/// `lost_at`.
///
/// When the vote was admitted says nothing: one that waited in its queue from before the loss
/// may find its place taken by one admitted after it.
pub(crate) fn explains(lost_at: Option<DateTime<Utc>>, settled_at: i64) -> bool {
    lost_at.is_some_and(|lost_at| settled_at >= (lost_at - SETTLING_TAKES).timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_explained_before_the_loss_or_without_one() {
        let lost_at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(1);
        let at = |seconds| (lost_at + TimeDelta::seconds(seconds)).timestamp_micros();
        assert!(explains(Some(lost_at), at(1)));
        assert!(explains(Some(lost_at), at(-20)), "its commit came later");
        assert!(!explains(Some(lost_at), at(-40)));
        assert!(!explains(None, at(1)));
    }
}
