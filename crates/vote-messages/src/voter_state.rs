//! A voter's state, as it is kept beside SQL.

use bytes::Bytes;
use vote_domain::voter_state::{Base, InFlight, VoterState};

use crate::field::{self, Malformed};
use crate::proto::state as proto;
use crate::vote::{self, WireVote};

mod campaign;
mod review;

/// A base whose states can be kept.
pub trait WireBase: Base<Vote: WireVote> {
    /// Encodes `state`.
    fn encode(state: &VoterState<Self>) -> Bytes;

    /// Decodes a state.
    ///
    /// # Errors
    /// [`Malformed`]: nothing is known of the voter but what SQL says.
    fn decode(bytes: Bytes) -> Result<VoterState<Self>, Malformed>;
}

fn in_flight_messages<V>(in_flight: &[InFlight<V>]) -> Vec<proto::InFlight> {
    in_flight
        .iter()
        .map(|sent| proto::InFlight {
            vote: Bytes::copy_from_slice(&sent.message),
            gateway: field::id_bytes(sent.gateway),
            sent_at: sent.sent_at.timestamp_micros(),
            n_sends: sent.n_sends,
            unknown: sent.unknown,
        })
        .collect()
}

fn in_flight_of<V: WireVote>(
    messages: Vec<proto::InFlight>,
) -> Result<Vec<InFlight<V>>, Malformed> {
    messages
        .into_iter()
        .map(|sent| {
            let decoded =
                vote::decode(sent.vote.clone()).map_err(|error| Malformed(error.to_string()))?;
            let foreign = || Malformed("a vote of another product".to_owned());
            Ok(InFlight {
                vote: V::of(decoded.vote).ok_or_else(foreign)?,
                message: sent.vote.to_vec(),
                gateway: field::id("gateway", &sent.gateway)?,
                sent_at: field::time(sent.sent_at)?,
                n_sends: sent.n_sends,
                unknown: sent.unknown,
            })
        })
        .collect()
}
