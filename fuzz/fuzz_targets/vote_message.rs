//! What a worker takes from the queue: a message, and the votes in it.
//!
//! No bytes make it panic; and a vote that is read means the same once written again.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use vote_messages::vote::{AnyVote, Decoded, decode, encode, frame, unframe};

fuzz_target!(|data: &[u8]| {
    let message = Bytes::copy_from_slice(data);
    if let Ok(votes) = unframe(message.clone()) {
        let again = unframe(frame(&votes)).expect("what we framed is a message");
        assert_eq!(again, votes);
        votes.into_iter().for_each(read);
    }
    read(message);
});

fn read(vote: Bytes) {
    let Ok(decoded) = decode(vote) else { return };
    let Decoded { vote, trace_parent } = &decoded;
    let bytes = match vote {
        AnyVote::Review(vote) => encode(vote, trace_parent),
        AnyVote::Campaign(vote) => encode(vote, trace_parent),
    };
    assert_eq!(decode(bytes).as_ref(), Ok(&decoded));
}
