//! What travels on the queue ([`vote`]) and what is kept of a voter ([`voter_state`]):
//! protobuf, generated from `proto-schemas/`, and the conversions to the domain's types.

mod field;
pub mod vote;
pub mod voter_state;

pub use field::Malformed;

mod proto {
    #![allow(missing_docs, unreachable_pub, clippy::all)]

    pub mod vote {
        include!(concat!(env!("OUT_DIR"), "/tally.vote.v1.rs"));
    }
    pub mod state {
        include!(concat!(env!("OUT_DIR"), "/tally.state.v1.rs"));
    }
}
