//! Keeping what cannot be settled.

use tokio_util::sync::CancellationToken;
use vote_queue::BallotBox;
use vote_store::dead_letters::{LetterKind, NewDeadLetter};

use crate::collect::{Arrived, Unreadable};
use crate::retry::Backoff;
use crate::worker::Worker;

impl Worker {
    /// Keeps `letter`, found in `ballot_box`, for as long as it takes; `false` if told to
    /// stop before that.
    pub(crate) async fn keep(
        &self,
        ballot_box: &BallotBox,
        letter: NewDeadLetter,
        stop: &CancellationToken,
    ) -> bool {
        let mut backoff = Backoff::new(&self.ids);
        while let Err(error) = self
            .store
            .keep_dead_letters(std::slice::from_ref(&letter), self.clock.now())
            .await
        {
            self.trouble.held_up(ballot_box, &error);
            let wait = tokio::time::sleep(backoff.next());
            if stop.run_until_cancelled(wait).await.is_none() {
                return false;
            }
        }
        self.trouble.recovered(ballot_box);
        tracing::error!(
            ballot_box = letter.ballot_box,
            reason = letter.reason,
            detail = letter.detail,
            "dead letter kept"
        );
        let (name, reason) = (letter.ballot_box, letter.reason);
        metrics::counter!("tally_dead_letters_total", "box" => name, "reason" => reason)
            .increment(1);
        true
    }
}

/// The letter for what no vote of `ballot_box` can be made of.
pub(crate) fn letter(ballot_box: &BallotBox, unreadable: &Unreadable) -> NewDeadLetter {
    NewDeadLetter {
        ballot_box: ballot_box.name().to_owned(),
        kind: unreadable.kind,
        bytes: unreadable.bytes.to_vec(),
        reason: unreadable.reason,
        detail: unreadable.detail.clone(),
    }
}

/// The letter for a vote that cannot be settled.
pub(crate) fn refused<V>(
    ballot_box: &BallotBox,
    vote: &Arrived<V>,
    detail: String,
) -> NewDeadLetter {
    NewDeadLetter {
        ballot_box: ballot_box.name().to_owned(),
        kind: LetterKind::Vote,
        bytes: vote.bytes.to_vec(),
        reason: "refused",
        detail,
    }
}
