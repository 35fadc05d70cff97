//! A voter's state, of either product, as a gateway takes it from Redis.
//!
//! No bytes make it panic; and a state that is read means the same once written again.

#![no_main]

use std::fmt::Debug;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use vote_domain::voter_state::VoterState;
use vote_domain::{campaign, review};
use vote_messages::voter_state::WireBase;

fuzz_target!(|data: &[u8]| {
    read::<review::Base>(data);
    read::<campaign::Base>(data);
});

fn read<B: WireBase>(data: &[u8])
where
    VoterState<B>: Debug + PartialEq,
{
    if let Ok(state) = B::decode(Bytes::copy_from_slice(data)) {
        let again = B::decode(B::encode(&state)).expect("what we wrote is a state");
        assert_eq!(again, state);
    }
}
