//! Voter states are written by compare-and-set.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use vote_cache::{Cache, Keep, Read, StateKey, Token, Versioned, Write, Written};
use vote_domain::{Clock, Ids};

use crate::SHORT;

crate::contract! {
    a_voter_nobody_wrote_has_no_state
    a_state_is_written_only_over_the_write_that_was_read
    a_write_repeated_under_its_token_is_done_once
    of_many_writers_at_once_exactly_one_wins
    no_update_is_lost_among_writers_that_try_again
    a_state_kept_for_a_while_goes_and_one_kept_for_ever_stays
    states_of_other_voters_and_boxes_are_apart
    many_states_are_read_and_written_in_one_call
    any_bytes_come_back_as_they_were
    the_time_is_the_servers_and_does_not_go_back
}

fn key(voter: u32) -> StateKey {
    StateKey::new("votes.reviews", voter)
}

fn write(voter: u32, expected: Option<Token>, token: u8, bytes: &[u8]) -> Write {
    Write {
        key: key(voter),
        expected,
        new_token: Token([token; 16]),
        bytes: Bytes::copy_from_slice(bytes),
        keep: Keep::ForEver,
    }
}

async fn read(cache: &Cache, key: StateKey) -> Read {
    let mut reads = cache.read_states(&[key]).await.unwrap();
    assert_eq!(reads.len(), 1);
    reads.remove(0)
}

async fn put(cache: &Cache, write: Write) -> Written {
    let written = cache.write_states(vec![write]).await.unwrap();
    assert_eq!(written.len(), 1);
    written[0]
}

fn versioned(token: u8, bytes: &[u8]) -> Option<Versioned> {
    Some(Versioned {
        token: Token([token; 16]),
        bytes: Bytes::copy_from_slice(bytes),
    })
}

async fn a_voter_nobody_wrote_has_no_state(one: Cache, _: Cache) {
    assert_eq!(read(&one, key(1)).await.state, None);
    assert!(one.read_states(&[]).await.unwrap().is_empty());
    assert!(one.write_states(Vec::new()).await.unwrap().is_empty());
}

async fn a_state_is_written_only_over_the_write_that_was_read(one: Cache, two: Cache) {
    let (first, other) = (Token([1; 16]), Token([9; 16]));
    assert_eq!(
        put(&one, write(1, Some(other), 1, b"a")).await,
        Written::Conflict
    );
    assert_eq!(read(&two, key(1)).await.state, None);

    assert_eq!(put(&one, write(1, None, 1, b"a")).await, Written::Written);
    assert_eq!(read(&two, key(1)).await.state, versioned(1, b"a"));
    assert_eq!(put(&two, write(1, None, 2, b"b")).await, Written::Conflict);
    assert_eq!(
        put(&two, write(1, Some(other), 2, b"b")).await,
        Written::Conflict
    );
    assert_eq!(read(&one, key(1)).await.state, versioned(1, b"a"));

    assert_eq!(
        put(&two, write(1, Some(first), 2, b"b")).await,
        Written::Written
    );
    assert_eq!(
        put(&one, write(1, Some(first), 3, b"c")).await,
        Written::Conflict
    );
    assert_eq!(read(&one, key(1)).await.state, versioned(2, b"b"));
}

async fn a_write_repeated_under_its_token_is_done_once(one: Cache, two: Cache) {
    let again = || write(1, None, 1, b"a");
    assert_eq!(put(&one, again()).await, Written::Written);
    assert_eq!(put(&one, again()).await, Written::Written);
    assert_eq!(
        put(&two, write(1, Some(Token([1; 16])), 2, b"b")).await,
        Written::Written
    );
    assert_eq!(put(&one, again()).await, Written::Conflict);
    assert_eq!(read(&one, key(1)).await.state, versioned(2, b"b"));
}

async fn of_many_writers_at_once_exactly_one_wins(one: Cache, two: Cache) {
    let writers = (1..=32).map(|token| {
        let cache = if token % 2 == 0 {
            one.clone()
        } else {
            two.clone()
        };
        tokio::spawn(async move { (token, put(&cache, write(1, None, token, &[token])).await) })
    });
    let mut winners = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        let (token, written) = writer.await.unwrap();
        if written == Written::Written {
            winners.push(token);
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    let state = read(&one, key(1)).await.state;
    assert_eq!(state, versioned(winners[0], &[winners[0]]));
}

async fn no_update_is_lost_among_writers_that_try_again(one: Cache, two: Cache) {
    const WRITERS: u64 = 8;
    const UPDATES: u64 = 25;
    let writers = (0..WRITERS).map(|n| {
        let cache = if n % 2 == 0 { one.clone() } else { two.clone() };
        tokio::spawn(async move {
            let ids = Ids::seeded(n);
            for _ in 0..UPDATES {
                loop {
                    let state = read(&cache, key(1)).await.state;
                    let sum = state.as_ref().map_or(0, |state| {
                        u64::from_be_bytes(state.bytes.as_ref().try_into().unwrap())
                    });
                    let next = Write {
                        key: key(1),
                        expected: state.map(|state| state.token),
                        new_token: Token::draw(&ids),
                        bytes: Bytes::copy_from_slice(&(sum + 1).to_be_bytes()),
                        keep: Keep::ForEver,
                    };
                    if put(&cache, next).await == Written::Written {
                        break;
                    }
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let state = read(&one, key(1)).await.state.unwrap();
    assert_eq!(state.bytes.as_ref(), (WRITERS * UPDATES).to_be_bytes());
}

async fn a_state_kept_for_a_while_goes_and_one_kept_for_ever_stays(one: Cache, _: Cache) {
    let passing = |voter| Write {
        keep: Keep::For(SHORT),
        ..write(voter, None, 1, b"a")
    };
    let written = one
        .write_states(vec![passing(1), passing(2), write(3, None, 1, b"a")])
        .await
        .unwrap();
    assert_eq!(written, [Written::Written; 3]);
    // Kept for ever from now on, since votes are in flight again.
    let kept = write(2, Some(Token([1; 16])), 2, b"b");
    assert_eq!(put(&one, kept).await, Written::Written);
    tokio::time::sleep(SHORT + Duration::from_millis(100)).await;
    assert_eq!(read(&one, key(1)).await.state, None);
    assert_eq!(read(&one, key(2)).await.state, versioned(2, b"b"));
    assert_eq!(read(&one, key(3)).await.state, versioned(1, b"a"));
    // What went is not there to be expected.
    let late = write(1, Some(Token([1; 16])), 2, b"b");
    assert_eq!(put(&one, late).await, Written::Conflict);
}

async fn states_of_other_voters_and_boxes_are_apart(one: Cache, _: Cache) {
    put(&one, write(1, None, 1, b"a")).await;
    for other in [
        StateKey::new("votes.reviews", 2),
        StateKey::new("votes.campaign.1", 1),
    ] {
        assert_eq!(read(&one, other).await.state, None);
    }
}

async fn many_states_are_read_and_written_in_one_call(one: Cache, two: Cache) {
    let odd: Vec<_> = (0..400).filter(|n| n % 2 == 1).collect();
    let writes = odd.iter().map(|n| write(*n, None, 1, &n.to_be_bytes()));
    let written = one.write_states(writes.collect()).await.unwrap();
    assert!(written.iter().all(|written| *written == Written::Written));
    // One conflict among many writes is that one's alone.
    let writes = (0..400).map(|n| write(n, None, 2, b"new")).collect();
    let written = one.write_states(writes).await.unwrap();
    let keys: Vec<_> = (0..400).map(key).collect();
    let reads = two.read_states(&keys).await.unwrap();
    for (n, (written, read)) in (0_u32..).zip(written.iter().zip(reads)) {
        let (expected, state) = if n % 2 == 1 {
            (Written::Conflict, versioned(1, &n.to_be_bytes()))
        } else {
            (Written::Written, versioned(2, b"new"))
        };
        assert_eq!(*written, expected, "{n}");
        assert_eq!(read.state, state, "{n}");
    }
}

async fn any_bytes_come_back_as_they_were(one: Cache, two: Cache) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let large = every_byte.repeat(1_000);
    for (voter, bytes) in [(1, Vec::new()), (2, every_byte), (3, large)] {
        assert_eq!(
            put(&one, write(voter, None, 0, &bytes)).await,
            Written::Written
        );
        assert_eq!(read(&two, key(voter)).await.state, versioned(0, &bytes));
    }
}

async fn the_time_is_the_servers_and_does_not_go_back(one: Cache, two: Cache) {
    let here = Clock::system().now();
    let mut last = read(&one, key(1)).await.now;
    assert!((last - here).abs() < TimeDelta::minutes(1), "{last} {here}");
    for n in 0..50 {
        let cache = if n % 2 == 0 { &one } else { &two };
        let now = read(cache, key(n)).await.now;
        assert!(now >= last);
        last = now;
    }
    assert!(read(&one, key(1)).await.now > last - TimeDelta::microseconds(1));
}
