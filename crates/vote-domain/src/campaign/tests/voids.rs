//! Voids, one by one.

use chrono::TimeDelta;

use super::*;
use crate::Seq;
use crate::testing::campaigns::{Books, End, Void, Voided};

fn void_of(of: Voided, position: i64, forfeit: bool) -> Void {
    Void {
        of,
        voter: voter().voter_id(),
        mark: Mark { position, forfeit },
        at: facts().terms.starts_at + TimeDelta::hours(1),
    }
}

/// Votes of one voter who holds one lot of ten tickets, as they were admitted.
fn votes(ballots: &[Ballot]) -> (Books, Vec<CampaignVote>) {
    let facts = facts();
    let at = facts.terms.starts_at;
    let mut state = holding(&facts, &[10]);
    let votes = (1..)
        .zip(ballots)
        .map(|(n, ballot)| cast(&mut state, &facts, at, *ballot, n))
        .collect();
    let mut books = Books::new(facts.terms);
    books.grant(&grant(10, at, 1));
    (books, votes)
}

#[track_caller]
fn assert_same(a: &Books, b: &Books) {
    assert_eq!(a.ends(), b.ends());
    assert_eq!((a.spent(), a.used()), (b.spent(), b.used()));
    assert_eq!((&a.tallies, &a.fans), (&b.tallies, &b.fans));
}

#[test]
fn a_void_before_its_vote_arrives_is_as_one_after_it_settled() {
    let at = facts().terms.starts_at;
    for forfeit in [false, true] {
        let (mut before, votes) = votes(&[on(APP, 3), on(APP, 2)]);
        let mut after = before.clone();
        let void = void_of(Voided::Vote(votes[0].vote_id), 1, forfeit);

        before.void(&void);
        before.settle(&votes, at);
        after.settle(&votes, at);
        after.void(&void);

        assert_same(&before, &after);
        let end = if forfeit {
            End::Forfeited
        } else {
            End::Returned
        };
        assert_eq!(before.ends()[&votes[0].vote_id], end);
        let spent: Vec<_> = before.spent().into_values().collect();
        assert_eq!(spent, if forfeit { [5] } else { [2] });
        assert_eq!(before.used().into_values().collect::<Vec<_>>(), [2]);
        assert_eq!(before.tallies.values().copied().collect::<Vec<_>>(), [2]);

        // And again, and its vote again.
        let once = after.clone();
        after.void(&void);
        after.settle(&votes, at);
        assert_same(&after, &once);
    }
}

#[test]
fn a_void_of_a_voter_covers_settled_and_queued_votes_up_to_it_and_no_others() {
    let at = facts().terms.starts_at;
    let (mut books, votes) = votes(&[on(WEB, 1), on(WEB, 2), on(WEB, 3)]);
    let stranger = CampaignVote {
        vote_id: vote_id(9),
        voter: Voter::member(UserId(Uuid::from_u128(2))),
        ..votes[0].clone()
    };
    let mut foreign = grant(10, at, 1);
    foreign.voter = stranger.voter.voter_id();
    books.grant(&foreign);
    books.settle(&votes[..1], at);
    books.void(&void_of(Voided::UpTo(votes[1].seq), 1, false));
    books.settle(&[votes[1].clone(), votes[2].clone(), stranger], at);
    let ends: Vec<_> = books.ends().into_values().collect();
    use End::{Counted, Returned};
    assert_eq!(ends, [Returned, Returned, Counted, Counted]);
}

#[test]
fn of_several_voids_the_first_holds() {
    let at = facts().terms.starts_at;
    for first_forfeits in [false, true] {
        for vote_first in [false, true] {
            let (empty, votes) = votes(&[on(WEB, 3)]);
            let mut of = [
                Voided::UpTo(Seq(votes[0].seq.0 + 1)),
                Voided::Vote(votes[0].vote_id),
            ];
            if vote_first {
                of.reverse();
            }
            let voids = [
                void_of(of[0], 1, first_forfeits),
                void_of(of[1], 2, !first_forfeits),
            ];
            // The vote settles before, between and after them.
            for n_before in 0..=2 {
                let mut books = empty.clone();
                for void in &voids[..n_before] {
                    books.void(void);
                }
                books.settle(&votes, at);
                for void in &voids[n_before..] {
                    books.void(void);
                }
                let end = match first_forfeits {
                    true => End::Forfeited,
                    false => End::Returned,
                };
                assert_eq!(books.ends()[&votes[0].vote_id], end);
            }
        }
    }
}

#[test]
fn returned_tickets_are_spent_again_before_their_vote_arrives() {
    // The voter's state was lost, so that it does not hold the queued vote any more.
    let facts = facts();
    let at = facts.terms.starts_at;
    let (mut books, queued) = votes(&[on(WEB, 10)]);
    books.void(&void_of(Voided::Vote(queued[0].vote_id), 1, false));
    let mut state = holding(&facts, &[10]);
    let again = cast(&mut state, &facts, at, on(WEB, 10), 2);
    books.settle(&[again], at);
    books.settle(&queued, at);
    let ends: Vec<_> = books.ends().into_values().collect();
    assert_eq!(ends, [End::Returned, End::Counted]);
    assert_eq!(books.spent().into_values().collect::<Vec<_>>(), [10]);
}

#[test]
fn a_forfeited_vote_is_not_refused_by_the_limit_of_the_channel_that_it_does_not_use() {
    let at = facts().terms.starts_at;
    let (mut books, first) = votes(&[on(APP, 4)]);
    let mut second = votes(&[on(APP, 4)]).1;
    second[0].vote_id = vote_id(2);
    books.void(&void_of(Voided::Vote(first[0].vote_id), 1, true));
    books.settle(&second, at);
    books.settle(&first, at);
    let ends: Vec<_> = books.ends().into_values().collect();
    assert_eq!(ends, [End::Forfeited, End::Counted]);
    assert_eq!(books.spent().into_values().collect::<Vec<_>>(), [8]);
    assert_eq!(books.used().into_values().collect::<Vec<_>>(), [4]);
}
