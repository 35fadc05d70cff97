//! Keeping what cannot be settled.

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use vote_queue::BallotBox;
use vote_store::dead_letters::{LetterKind, NewDeadLetter};

use crate::collect::{Arrived, Unreadable};
use crate::retry::Backoff;
use crate::worker::Worker;

/// No message of a gateway is longer: `gateway.batch_bytes_max` is 1 MiB at most, and frames
/// add a little to it. What may hold a vote that was answered `202` is kept whole or not at
/// all.
const OURS_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How much is kept of what is too long for SQL: enough to see what it was.
const HEAD_BYTES: usize = 4 * 1024;

/// How often a letter longer than any of ours must fail while a canary write succeeds before
/// it is taken to be too long. What SQL says of that is no help: some servers just hang up.
const TRIES: u32 = 3;

impl Worker {
    /// Keeps `letter`, found in `ballot_box`, for as long as it takes; `false` if told to
    /// stop before that. Of one that no gateway sent, and that is too long for SQL, only the
    /// beginning is kept: else it would hold up its box for ever.
    pub(crate) async fn keep(
        &self,
        ballot_box: &BallotBox,
        mut letter: NewDeadLetter,
        stop: &CancellationToken,
    ) -> bool {
        let Self { store, clock, .. } = self;
        let mut backoff = Backoff::new(&self.ids);
        let mut n_failures = 0;
        while let Err(error) = store
            .keep_dead_letters(std::slice::from_ref(&letter), clock.now())
            .await
        {
            self.trouble.held_up(ballot_box, &error);
            let may_be_ours = letter.bytes.len() <= OURS_BYTES_MAX;
            if !may_be_ours && store.write_canary("worker", clock.now()).await.is_ok() {
                n_failures += 1;
                if n_failures >= TRIES {
                    letter = shortened(letter);
                    let detail = &letter.detail;
                    tracing::error!(%ballot_box, %error, detail, "a dead letter is cut: bytes are lost");
                }
            }
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

/// The beginning of `letter`, and what tells it from others that begin alike: the digest of
/// the whole stands behind it, and in its detail.
fn shortened(letter: NewDeadLetter) -> NewDeadLetter {
    let digest = Sha256::digest(&letter.bytes);
    let detail = format!(
        "only the first {HEAD_BYTES} of {} bytes are kept, and the SHA-256 digest of all behind \
         them, {digest:x}: {}",
        letter.bytes.len(),
        letter.detail
    );
    let head = letter.bytes.iter().take(HEAD_BYTES);
    NewDeadLetter {
        bytes: head.chain(digest.as_slice()).copied().collect(),
        detail,
        ..letter
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

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(bytes: Vec<u8>) -> NewDeadLetter {
        NewDeadLetter {
            ballot_box: "votes.reviews".to_owned(),
            kind: LetterKind::Message,
            bytes,
            reason: "malformed",
            detail: "no votes".to_owned(),
        }
    }

    #[test]
    fn a_shortened_letter_says_what_the_whole_was() {
        let whole = vec![7; 3 * HEAD_BYTES];
        let short = shortened(letter(whole.clone()));
        assert_eq!(short.bytes.len(), HEAD_BYTES + 32);
        assert_eq!(short.bytes[..HEAD_BYTES], whole[..HEAD_BYTES]);
        let digest = format!("{:x}", Sha256::digest(&whole));
        assert!(short.detail.contains(&digest), "{}", short.detail);
        assert!(short.detail.contains("12288 bytes"), "{}", short.detail);
        assert!(short.detail.ends_with(": no votes"), "{}", short.detail);
    }

    #[test]
    fn letters_that_begin_alike_stay_two() {
        let (mut one, other) = (vec![7; 3 * HEAD_BYTES], vec![7; 3 * HEAD_BYTES]);
        one[2 * HEAD_BYTES] = 8;
        assert_ne!(shortened(letter(one)).bytes, shortened(letter(other)).bytes);
    }
}
