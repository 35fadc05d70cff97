//! What lies where: the one list of keys. All begin with the prefix of the settings.
//!
//! | key | value | lives |
//! | --- | --- | --- |
//! | `<prefix>:v:<box>:<voter>` | token (16 bytes), then the voter's state | as the writer says |
//! | `<prefix>:c:<id>` | version (8 bytes, big-endian), then the counters | as the writer says |
//! | `<prefix>:e:<name>` | `V` and the value, `M` for missing, or `L` and a lease (16 bytes) | a jittered time |
//! | `<prefix>:g:<gateway>` | `1` | a few heartbeats |
//! | `<prefix>:n:<name>` | whose claim it is (16 bytes), such as of a request's nonce | as the claimer says |
//! | `<prefix>:epoch` | a UUID (16 bytes); in a Redis Cluster `<prefix>:epoch:{<tag>}` in each master | for ever |
//! | `<prefix>:s:<box>` | when the last vote that settled was admitted, in microseconds (8 bytes, big-endian) | a day |
//!
//! Each call of a script or command names one key, so a Redis Cluster may hold them.

use std::sync::Arc;

use uuid::Uuid;
use vote_domain::ReviewId;

use crate::StateKey;

/// The entry of a review: the catalog keeps it, and the worker forgets it when it rewards
/// the author.
#[must_use]
pub fn review_entry(review: ReviewId) -> String {
    format!("review:{review}")
}

/// Writes keys below a prefix.
#[derive(Clone, Debug)]
pub(crate) struct Keys(Arc<str>);

impl Keys {
    pub(crate) fn new(prefix: &str) -> Self {
        Self(prefix.into())
    }

    pub(crate) fn state(&self, key: &StateKey) -> String {
        format!("{}:v:{}:{}", self.0, key.ballot_box, key.voter)
    }

    pub(crate) fn counter(&self, id: Uuid) -> String {
        format!("{}:c:{id}", self.0)
    }

    pub(crate) fn entry(&self, name: &str) -> String {
        format!("{}:e:{name}", self.0)
    }

    pub(crate) fn gateway(&self, gateway: Uuid) -> String {
        format!("{}:g:{gateway}", self.0)
    }

    pub(crate) fn claim(&self, name: &str) -> String {
        format!("{}:n:{name}", self.0)
    }

    pub(crate) fn settled(&self, ballot_box: &str) -> String {
        format!("{}:s:{ballot_box}", self.0)
    }

    pub(crate) fn epoch(&self) -> String {
        format!("{}:epoch", self.0)
    }
}
